/* source_files.h - the files source, for its two halves: the seam, and cutting a file into records. */
#ifndef AISLE_PROCESSOR_SOURCE_FILES_H
#define AISLE_PROCESSOR_SOURCE_FILES_H

#include "config/settings.h"
#include "processor/envelope.h"
#include "processor/files_input.h"
#include "schemas/record.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
/* small, so that fuzzing meets every boundary */
#define PIECE_MAX 1024u
#define CHUNK_BYTES 64u
#else
#define PIECE_MAX (64u << 20) /* bytes of one line or map; what is longer is cut off */
#define CHUNK_BYTES (4u << 20)
#endif

/* A line or map. */
struct piece {
	struct str bytes;
	int64_t number; /* from 0 */
	bool open;      /* the file ends in it: a line without its end, the beginning of a map */
};

/* Cuts one file into pieces. */
struct cutter {
	struct files_input *in;
	char *buf;
	size_t room, at, have;
	size_t scanned;  /* bytes after `at` known to hold no newline */
	uint64_t passed; /* bytes of the file (unpacked) before `at` */
	bool started, msgpack, eof, skip_line;
	bool broken; /* at `passed` there is no map, and where the next one begins nobody knows */
	int64_t next_number;
};

int cutter__open(struct cutter *c, const char *path, struct error *e) MUST_CHECK;
void cutter__close(struct cutter *c);
/* The next whole piece in memory, at the file's end the one that is open: true. Its bytes are valid until cutter__more. */
bool cutter__next(struct cutter *c, struct piece *ret);
/* Read on: 1, 0 when the file is at its end and nothing is left, or what files_input_read says. Frees all pieces. */
int cutter__more(struct cutter *c, struct error *e) MUST_CHECK;

#endif
