/*
 * attest-ca seen: takes proofs of life from elsewhere, above all from "attest-acmed seen":
 * lines of an EK hash and a time. Enrolls nobody.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/evidence.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file_named.h"

static command_run admin_seen;

const struct command admin_seen_command = {
    .name = "seen",
    .summary = "record when devices were seen elsewhere: lines of \"HASH TIME\"",
    .operands = "FILE | -",
    .operands_min = 1,
    .operands_max = 1,
    .operands_named = true,
    .run = admin_seen,
};

#define SEEN_STDIN "-"

/* Lines of one transaction: others write in between. */
#define SEEN_BATCH 1000

/* The longest form of a hash, a blank, a time, and the end of the line. */
#define SEEN_LINE_MAX 160

/* Clocks of two hosts differ: a time ahead by no more counts as now. */
#define SEEN_AHEAD ((int64_t)5 * 60)

struct sight {
	uint8_t ek_hash[STORE_HASH_SIZE];
	int64_t when;
};

struct seen {
	const char *path;
	FILE       *in;
	int64_t     now;
	uint64_t    line;
	uint64_t    written; /* devices that have a later time than before */
	uint64_t    known;
	uint64_t    unknown; /* not enrolled */
	bool        ended;

	struct sight batch[SEEN_BATCH];
	size_t       count;
};

static int
seen_open(struct seen *seen, struct error *err)
{
	int fd;

	if (strcmp(seen->path, SEEN_STDIN) == 0) {
		seen->in = stdin;
		return 0;
	}
	fd = file_named_fd(seen->path);
	fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : open(seen->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (seen->in = fdopen(fd, "r")) == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", seen->path);
	return 0;
}

static int
seen_parse(struct seen *seen, char *text, uint8_t ek_hash[STORE_HASH_SIZE], int64_t *when,
    struct error *err)
{
	char *blank = strchr(text, ' ');

	if (blank != NULL)
		*blank = '\0';
	if (blank == NULL || !store_hash_parse(text, ek_hash) || !clock_parse(blank + 1, when))
		return error_set(err, ERROR_MALFORMED, "%s: line %" PRIu64 " is no \"HASH TIME\"", seen->path,
		    seen->line);
	if (*when > seen->now + SEEN_AHEAD)
		return error_set(err, ERROR_MALFORMED,
		    "%s: line %" PRIu64 " has a time in the future, %.40s; are both clocks right?", seen->path,
		    seen->line, blank + 1);
	if (*when > seen->now)
		*when = seen->now;
	return 0;
}

/* Reads a line: 1, or 0 at the end. */
static int
seen_read(struct seen *seen, uint8_t ek_hash[STORE_HASH_SIZE], int64_t *when, struct error *err)
{
	char   text[SEEN_LINE_MAX + 2];
	size_t length;

	if (fgets(text, sizeof text, seen->in) == NULL) {
		seen->ended = true;
		return ferror(seen->in) == 0 ? 0
		                             : error_set_errno(err, ERROR_INTERNAL, "reading %s", seen->path);
	}
	seen->line++;
	length = strcspn(text, "\n");
	/* A last line that is cut off is no line: its writer has died. */
	if (text[length] != '\n')
		return error_set(err, ERROR_MALFORMED, "%s: line %" PRIu64 " is too long, or cut off",
		    seen->path, seen->line);
	text[length] = '\0';
	return seen_parse(seen, text, ek_hash, when, err) == 0 ? 1 : -1;
}

/* Reads before there is a transaction: a slow pipe must not keep other writers waiting. */
static int
seen_fill(struct seen *seen, struct error *err)
{
	int rc = 1;

	seen->count = 0;
	while (seen->count < SEEN_BATCH && rc > 0) {
		struct sight *sight = &seen->batch[seen->count];

		rc = seen_read(seen, sight->ek_hash, &sight->when, err);
		seen->count += rc > 0 ? 1 : 0;
	}
	return rc < 0 ? -1 : 0;
}

static int
seen_batch_cb(struct store *store, void *arg, struct error *err)
{
	struct seen *seen = arg;
	bool         known;
	bool         later;

	for (size_t i = 0; i < seen->count; i++) {
		const struct sight *sight = &seen->batch[i];

		if (store_device_seen(store, sight->ek_hash, sight->when, &known, &later, err) != 0)
			return -1;
		seen->known += known ? 1 : 0;
		seen->unknown += known ? 0 : 1;
		seen->written += later ? 1 : 0;
	}
	return 0;
}

static int
seen_run(struct seen *seen, struct store *store, struct error *err)
{
	while (!seen->ended) {
		if (seen_fill(seen, err) != 0)
			return -1;
		if (seen->count != 0 && store_change(store, seen_batch_cb, seen, err) != 0)
			return -1;
	}
	return 0;
}

static void
seen_say(const struct command_call *call, const struct seen *seen)
{
	if (call->json)
		print_json(json_pack("{s:I, s:I, s:I}", "later", (json_int_t)seen->written, "known",
		    (json_int_t)seen->known, "unknown", (json_int_t)seen->unknown));
	else
		(void)printf("%" PRIu64 " of %" PRIu64 " devices were seen later than recorded; %" PRIu64
		             " %s not enrolled\n",
		    seen->written, seen->known, seen->unknown, seen->unknown == 1 ? "is" : "are");
}

static int
admin_seen(const struct command_call *call, struct error *err)
{
	AUTO_FREE struct seen *seen = memory_new(sizeof *seen);
	struct store          *store = NULL;
	int                    rc;

	seen->path = call->operands[0];
	seen->now = call->now;
	rc = seen_open(seen, err);
	if (rc == 0)
		rc = admin_store_open(call, &store, err);
	if (rc == 0)
		rc = seen_run(seen, store, err);
	store_close(store);
	if (seen->in != NULL && seen->in != stdin)
		(void)fclose(seen->in);
	if (rc == 0)
		seen_say(call, seen);
	return rc;
}
