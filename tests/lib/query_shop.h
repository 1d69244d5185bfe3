/*
 * query_shop.h - a shop that is asked for recommendations: events in one line, a request in one line, the list as text.
 *
 *     stall_open(&s, "answers.minSupport=1", NULL);
 *     shop_play(&s.shop, "u1 buy p1,p2 @0s; u2 buy p1,p2 @1s");
 *     stall_expect(&s, "also-bought; items=p1; count=3", "p2=1");
 *     stall_close(&s);
 *
 * A request: SCENARIO[; items=a,b][; user=u][; visitor=v][; session=s][; seen=a,b][; category=c][; window=1h|24h|7d]
 * [; language=en|de][; count=n][; query=q][; filter=F][; boost=B][; sort=o][; min=n][; diversity=d]
 * [; fill=none|filtered|any][; strict=true|false][; country=c][; region=r][; not=a,b][; not-purchased][; not-in-cart]
 * [; not-viewed][; before=a,b][; properties=a,b][; stale=ms][; validate][; explain]; `before`: what pages before it have
 * shown. Ranked lists are of the last stall_rank.
 */
#ifndef AISLE_TESTS_QUERY_SHOP_H
#define AISLE_TESTS_QUERY_SHOP_H

#include "config/settings.h"
#include "query/control_set.h"
#include "query/ranker.h"
#include "query/recommend.h"
#include "tests/lib/views_shop.h"
#include "views/idmap.h"
#include "views/status.h"

struct stall {
	struct shop shop;
	struct settings *settings;
	struct status *status;
	struct ranker *ranker;
	struct control_watch *control;
	struct answerer *answerer;
	struct clock_fake clock; /* at SHOP_START */
	struct answer answer;    /* the last one */
	struct idmap shown;      /* of the last request */
	struct error e;          /* of the last refusal */
};

/* Settings as "key=value", NULL at the end; young.bytesMax=N: with young levels, otherwise there are none. */
void stall_open(struct stall *s, ...);
void stall_close(struct stall *s);

/* A catalogue record; categories separated by '|', NULL: none; times TIME_ABSENT for none. */
void stall_item(struct stall *s, const char *item_id, const char *categories, int64_t from_ms, int64_t to_ms);
/* Catalogue records, JSON with ' for ", one a line. */
void stall_records(struct stall *s, const char *lines);
void stall_delete(struct stall *s, const char *item_id);
void stall_stock(struct stall *s, const char *item_id, int64_t quantity);
/* At a location; hours -1: unknown; regions separated by '|', NULL: none. */
void stall_stock_at(struct stall *s, const char *item_id, const char *location, int64_t quantity, int64_t hours,
		    const char *regions);
/* Put the document, JSON with ' for " but inside of "texts", of "rule/ID", "scenario/ID" ...; NULL: delete it. */
void stall_decide(struct stall *s, const char *key, const char *document);
/* A full refresh of the ranker. */
void stall_rank(struct stall *s);

/* 0 or what recommend() refused with. */
int stall_ask(struct stall *s, const char *request);
/* The list must be "id=score id=score" or, when `expected` has no '=', "id id". Scores have 6 digits. */
void stall_expect(struct stall *s, const char *request, const char *expected);
/* Refused with this code and field. */
void stall_refuses(struct stall *s, const char *request, int code, const char *field);

#endif
