/*
 * config_docs.h - documents of the control plane, of a server or of a directory: DIR/rules/no-toys.json and so on.
 *
 * DIR/.revisions says which revision of the server each file was made from, and a hash of what that was ("rules/no-toys 7
 * 9f86d081884c7d65"), so that neither what somebody else has changed there meanwhile nor what was changed here is overwritten.
 * A line without a hash is of an older program. Thread: main.
 */
#ifndef AISLE_CMD_CONFIG_DOCS_H
#define AISLE_CMD_CONFIG_DOCS_H

#include "schemas/control.h"

#define CONFIG_PATH_MAX 96

struct config_doc {
	enum control_kind kind;
	char id[CONTROL_ID_MAX + 1];
	int64_t revision; /* of a directory: that it was made from; -1: none */
	struct str text;  /* compact, own memory; n = 0: a revision without a file */
	uint64_t noted;   /* config_doc_hash of what was pulled or pushed; 0: not known */
	bool shipped;
};

/* By kind, then id. All-zero at first. */
struct config_docs {
	size_t n, room;
	struct config_doc *v;
};

void config_docs_fini(struct config_docs *docs);
struct config_doc *config_docs_find(const struct config_docs *docs, enum control_kind kind, const char *id);
uint64_t config_doc_hash(const struct config_doc *doc);
/* "rules/no-toys" */
void config_doc_name(const struct config_doc *doc, char ret[CONFIG_PATH_MAX]);

/* All that a server has; shipped ones too when asked for. */
int config_docs_ask(const char *server, bool shipped, struct config_docs *ret, struct error *e) MUST_CHECK;
/* The object's revision in an answer to PUT or DELETE; -1: there is none. */
int64_t config_answer_revision(struct str body);

/* A directory without files is empty, one that is not there an error. Each document is checked. */
int config_docs_load(const char *dir, struct config_docs *ret, struct error *e) MUST_CHECK;
int config_dir_make(const char *dir, struct error *e) MUST_CHECK;
/* The document's file, its text set out in lines; without text it is removed. */
int config_doc_save(const char *dir, const struct config_doc *doc, struct error *e) MUST_CHECK;
/* .revisions, of those that have one, with the hashes that are noted. */
int config_docs_note(const char *dir, const struct config_docs *docs, struct error *e) MUST_CHECK;

#endif
