/* offsets: log name, NUL, partition -> position */
#include "views/offsets.h"
#include "schemas/json_out.h"
#include "views/fold.h"
#include "views/keys.h"
#include "views/view.h"

#include <stdio.h>

#define LOG_NAME_MAX 144

static struct str offsets_key(const char *log_name, int32_t partition, unsigned char *buf)
{
	size_t n = strlen(log_name);

	/* a long file name keeps its end, which tells files apart */
	if (n > LOG_NAME_MAX) {
		log_name += n - LOG_NAME_MAX;
		n = LOG_NAME_MAX;
	}
	memcpy(buf, log_name, n);
	buf[n] = '\0';
	put_be32(buf + n + 1, (uint32_t)partition);
	return (struct str){ (char *)buf, (uint32_t)n + 5 };
}

void offsets_put(struct fold *f, const char *log_name, int32_t partition, const struct position *pos)
{
	unsigned char buf[STORE_KEY_MAX];

	fold_put(f, TBL_OFFSETS, offsets_key(log_name, partition, buf), pos, sizeof(*pos));
}

int offsets_get(struct snap *sn, const char *log_name, int32_t partition, struct position *ret)
{
	unsigned char buf[STORE_KEY_MAX];
	struct str row;
	int rc = snap_get(sn, TBL_OFFSETS, offsets_key(log_name, partition, buf), &row);

	if (rc)
		return rc;
	if (row.n != sizeof(*ret))
		return ERR_STORE_CORRUPT;
	memcpy(ret, row.p, sizeof(*ret));
	return 0;
}

struct printing {
	struct json_out out;
	view_row each;
	void *arg;
};

static int print_row(void *arg, struct str key, struct str value)
{
	struct printing *p = arg;
	struct position pos;
	char hex[17];

	if (value.n != sizeof(pos) || key.n < 5)
		return ERR_STORE_CORRUPT;
	memcpy(&pos, value.p, sizeof(pos));
	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)pos.fingerprint);
	json_out_reset(&p->out);
	json_out_object(&p->out);
	json_out_key(&p->out, "topic");
	json_out_str(&p->out, (struct str){ key.p, key.n - 5 });
	json_out_key(&p->out, "partition");
	json_out_int(&p->out, (int32_t)get_be32(key.p + key.n - 4));
	json_out_key(&p->out, "next");
	json_out_int(&p->out, pos.next);
	json_out_key(&p->out, "fingerprint");
	json_out_text(&p->out, hex);
	json_out_end_object(&p->out);
	return p->each(p->arg, (struct str){ p->out.p, (uint32_t)p->out.n });
}

static int offsets_rows(struct snap *sn, const struct view_filter *filter, view_row each, void *arg)
{
	struct printing p = { .each = each, .arg = arg };
	int rc;

	(void)filter;
	rc = snap_each(sn, TBL_OFFSETS, (struct str){ NULL, 0 }, print_row, &p);
	json_out_fini(&p.out);
	return rc;
}

const struct view view_offsets = {
	.name = "offsets",
	.version = 1,
	.meaning = "how far each partition of the log has been applied",
	.rows = offsets_rows,
};
