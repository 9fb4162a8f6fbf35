/*
 * attest-ca audit: prints the audit trail, follows it, and verifies it. Changes
 * nothing.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/duration.h"
#include "util/error.h"
#include "util/hex.h"

struct audit {
	int64_t     since; /* 0: from the beginning */
	const char *device;
	bool        follow;
	bool        verify;
	const char *expect;
};

static const struct command_option audit_rows[] = {
    {OPTION(TIME, "since", "TIME", struct audit, since,
        "only entries since then: a time, or a duration before now")},
    {OPTION(TEXT, "device", "DEVICE", struct audit, device, "only what concerns this device")},
    {OPTION(FLAG, "follow", NULL, struct audit, follow,
         "follow the audit trail, until interrupted"),
        .letter = 'f'},
    {OPTION(FLAG, "verify", NULL, struct audit, verify,
        "recompute the chain of hashes and report whether it is intact")},
    {OPTION(TEXT, "expect", "HASH", struct audit, expect,
        "with --verify: a last hash that was noted earlier")},
    {0},
};

static command_check audit_check;
static command_run admin_audit;

const struct command admin_audit_command = {
    .name = "audit",
    .summary = "show the audit trail, or verify it",
    .size = sizeof(struct audit),
    .options = {{audit_rows, 0}},
    .check = audit_check,
    .run = admin_audit,
};

/* On a terminal the whole hash would fill the line; every command accepts a prefix. */
#define AUDIT_DIGITS 16

/* Where names begin on a terminal: behind time, action, outcome and the hash's beginning. */
#define AUDIT_NAMES_COLUMN (22 + 14 + 9 + AUDIT_DIGITS + 2)

/*
 * Entries read at once. They fit in the output buffer, so that a slow reader of our
 * output does not keep a read transaction open in the store.
 */
#define AUDIT_CHUNK  ((size_t)500)
#define AUDIT_BUFFER ((size_t)4 * 1024 * 1024)

/* Poll interval of --follow. */
#define AUDIT_POLL_SECONDS 1

/* The form of the output. */
struct audit_answer {
	bool    json;
	bool    lines; /* JSON: one object per line instead of a list */
	int     digits;
	int64_t last; /* the last entry written */
	size_t  count;
	size_t  until; /* this count */
	const char    *name;    /* NULL: all that the filter selects */
	const uint8_t *ek_hash; /* with `name`: the device that has it now; NULL: none */
};

/* Whether the device had the name at the time of the act, or has it now. */
static bool
audit_is_named(const struct audit_entry *entry, const char *name, const uint8_t *ek_hash)
{
	size_t length = strlen(name);

	if (ek_hash != NULL && entry->ek_hash != NULL && memcmp(ek_hash, entry->ek_hash, STORE_HASH_SIZE) == 0)
		return true;
	for (const char *line = entry->names; line != NULL && *line != '\0';) {
		size_t size = strcspn(line, "\n");

		if (size == length && memcmp(line, name, length) == 0)
			return true;
		line += size + (line[size] == '\n');
	}
	return false;
}

static json_t *
audit_text_or_null(const char *text)
{
	return *text != '\0' ? print_json_text(text) : json_null();
}

/* An array of the names; null when the store kept none then. */
static json_t *
audit_names_json(const char *names)
{
	json_t *array = json_array();

	if (names == NULL) {
		json_decref(array);
		return json_null();
	}
	while (*names != '\0') {
		AUTO_FREE char *name = memory_strdup(names);

		name[strcspn(name, "\n")] = '\0';
		(void)json_array_append_new(array, print_json_text(name));
		names += strlen(name);
		names += *names == '\n';
	}
	return array;
}

static json_t *
audit_describe(const struct audit_entry *entry)
{
	AUTO_FREE char *actor = describe_actor(entry->actor);

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "id", (json_int_t)entry->id,
	    "time", print_json_time(entry->at),
	    "action", print_json_text(entry->action),
	    "outcome", print_json_text(entry->outcome),
	    "ek_hash",
	    entry->ek_hash != NULL ? describe_octets(entry->ek_hash, STORE_HASH_SIZE) : json_null(),
	    "names", audit_names_json(entry->names),
	    "actor", print_json_text(actor),
	    "peer", audit_text_or_null(entry->peer),
	    "request", audit_text_or_null(entry->request),
	    "detail", print_json_text(entry->detail),
	    "hash", describe_octets(entry->hash, sizeof entry->hash));
}

static void
audit_print_part(struct print_fold *fold, const char *before, const char *text)
{
	if (*text == '\0')
		return;
	print_folded(fold, before);
	print_folded(fold, text);
}

/* When, what, outcome, device and its names then; who, and the rest: on a terminal from the next
 * line on. */
static void
audit_print(const struct audit_entry *entry, int digits)
{
	AUTO_FREE char   *names = describe_recorded_names(entry->names != NULL ? entry->names : "");
	AUTO_FREE char   *actor = describe_actor(entry->actor);
	char              hash[STORE_HASH_TEXT_SIZE] = "-";
	char              when[CLOCK_TEXT_SIZE];
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = AUDIT_NAMES_COLUMN, .indent = 2};

	clock_format(entry->at, when);
	if (entry->ek_hash != NULL)
		store_hash_format(entry->ek_hash, hash);
	(void)printf("%s  ", when);
	print_cell(stdout, entry->action, sizeof "trust import" - 1);
	print_cell(stdout, entry->outcome, sizeof "refused" - 1);
	(void)printf("%-*.*s  ", digits, digits, hash);
	print_folded(&fold, *names != '\0' ? names : "-");
	(void)fputs(print_is_narrow() ? "\n  " : "  ", stdout);
	fold.column = fold.indent;
	fold.spaces = 0;
	print_folded(&fold, actor);
	audit_print_part(&fold, ", ", entry->peer);
	audit_print_part(&fold, ", request ", entry->request);
	audit_print_part(&fold, ": ", entry->detail);
	(void)putchar('\n');
}

static bool
audit_entry_cb(const struct audit_entry *entry, void *arg)
{
	struct audit_answer *answer = arg;

	answer->last = entry->id;
	if (answer->name != NULL && !audit_is_named(entry, answer->name, answer->ek_hash))
		return true;
	if (answer->lines)
		print_json_line(audit_describe(entry));
	else if (answer->json)
		print_json_item(audit_describe(entry), answer->count == 0);
	else
		audit_print(entry, answer->digits);
	return ++answer->count < answer->until;
}

/* The program reports a write error at the end. */
static int
audit_list(struct store *store, struct audit_filter *filter, struct audit_answer *answer,
    struct error *err)
{
	do {
		answer->until = answer->count + AUDIT_CHUNK;
		if (store_audit_list(store, filter, audit_entry_cb, answer, err) != 0)
			return -1;
		filter->after = answer->last;
	} while (fflush(stdout) == 0 && answer->count == answer->until);
	if (answer->json && !answer->lines)
		(void)printf(answer->count == 0 ? "[]\n" : "\n]\n");
	return 0;
}

static volatile sig_atomic_t audit_stopped;

static void
audit_stop_cb(int signal_number)
{
	(void)signal_number;
	audit_stopped = 1;
}

/* Blocks the signals except while waiting; *while_waiting is the mask for the wait. */
static void
audit_catch_signals(sigset_t *while_waiting)
{
	struct sigaction action = {.sa_handler = audit_stop_cb};
	sigset_t         stop;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &stop, while_waiting);
	(void)sigdelset(while_waiting, SIGINT);
	(void)sigdelset(while_waiting, SIGTERM);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* Waits for the poll interval; false when the reader has gone or a signal came. */
static bool
audit_wait(const sigset_t *while_waiting)
{
	static const struct timespec pause = {AUDIT_POLL_SECONDS, 0};
	struct pollfd                reader = {.fd = STDOUT_FILENO};

	/* Nothing is waited for but that it fails or hangs up. */
	return ppoll(&reader, 1, &pause, while_waiting) <= 0 && audit_stopped == 0;
}

/* Polls for entries after the last. */
static int
audit_follow(struct store *store, struct audit_filter *filter, struct audit_answer *answer,
    struct error *err)
{
	sigset_t while_waiting;

	audit_catch_signals(&while_waiting);
	do {
		if (audit_list(store, filter, answer, err) != 0)
			return -1;
		if (ferror(stdout) != 0)
			return 0;
	} while (audit_wait(&while_waiting));
	return 0;
}

static int
audit_read_hash(const char *text, uint8_t hash[32], struct error *err)
{
	if (strlen(text) != 64 || !hex_decode(text, hash, 32))
		return error_set(err, ERROR_MALFORMED,
		    "--expect is a hash of 64 hexadecimal digits, as audit --verify says it");
	return 0;
}

static int
audit_verify(struct store *store, const struct command_call *call, const uint8_t *expect,
    struct error *err)
{
	uint8_t head[32];
	char    text[2 * sizeof head + 1];
	int64_t count;

	if (store_audit_verify(store, expect, &count, head, err) != 0)
		return -1;
	hex_encode(head, sizeof head, text);
	if (call->json)
		print_json(json_pack("{s:I, s:s}", "entries", (json_int_t)count, "head", text));
	else
		(void)printf("%" PRId64 " audit %s; the last hash is %s\n", count,
		    count == 1 ? "entry holds" : "entries hold", text);
	return 0;
}

struct audit_search {
	const char *name;
	bool        found;
};

static bool
audit_search_cb(const struct audit_entry *entry, void *arg)
{
	struct audit_search *search = arg;

	search->found = audit_is_named(entry, search->name, NULL);
	return !search->found;
}

/* A name that no device has: one had it once, or it is refused with *err as it is. */
static int
audit_read_former(struct store *store, const char *name, struct audit_answer *answer,
    struct error *err)
{
	const struct audit_filter all = {.after = 0};
	struct audit_search       search = {.name = name};
	struct error              ignored;

	if (store_audit_list(store, &all, audit_search_cb, &search, &ignored) != 0 || !search.found)
		return error_wrap(err, "no entry has that name; name a removed device by its whole hash");
	answer->name = name;
	return 0;
}

static bool
audit_has_name(const struct store_device *device, const char *name)
{
	for (size_t i = 0; i < device->name_count; i++)
		if (strcmp(device->names[i], name) == 0)
			return true;
	return false;
}

/*
 * Entries of a device are found by its hash, also when it was removed. Those by a name are the
 * entries of all devices that had the name at the time, and of the one that has it.
 */
static int
audit_read_device(struct store *store, const char *text, uint8_t hash[STORE_HASH_SIZE],
    struct audit_filter *filter, struct audit_answer *answer, struct error *err)
{
	struct store_device device;

	filter->ek_hash = hash;
	if (store_hash_parse(text, hash))
		return 0;
	if (store_device_resolve(store, text, &device, err) != 0) {
		filter->ek_hash = NULL;
		return err->kind == ERROR_NOT_ENROLLED ? audit_read_former(store, text, answer, err) : -1;
	}
	memcpy(hash, device.ek_hash, STORE_HASH_SIZE);
	if (audit_has_name(&device, text)) {
		filter->ek_hash = NULL;
		answer->name = text;
		answer->ek_hash = hash;
	}
	store_device_clear(&device);
	return 0;
}

static int
audit_show(struct store *store, const struct command_call *call, struct audit_filter *filter,
    struct error *err)
{
	const struct audit *audit = call->options;
	uint8_t             hash[STORE_HASH_SIZE];
	struct audit_answer answer = {
	    .json = call->json,
	    .lines = call->json && audit->follow,
	    .digits = isatty(STDOUT_FILENO) == 1 ? AUDIT_DIGITS : STORE_HASH_TEXT_SIZE - 1,
	};

	(void)setvbuf(stdout, NULL, _IOFBF, AUDIT_BUFFER);
	if (audit->device != NULL &&
	    audit_read_device(store, audit->device, hash, filter, &answer, err) != 0)
		return -1;
	return audit->follow ? audit_follow(store, filter, &answer, err)
	                     : audit_list(store, filter, &answer, err);
}

static int
audit_check(const struct command_call *call, struct error *err)
{
	const struct audit *audit = call->options;
	const char         *other = audit->since != 0  ? "since"
	            : audit->device != NULL ? "device"
	            : audit->follow         ? "follow"
	                                    : NULL;
	uint8_t             ignored[32];

	if (audit->expect != NULL && !audit->verify)
		return error_set(err, ERROR_MALFORMED, "--expect goes with --verify");
	if (audit->verify && other != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "--verify is for the whole record: it does not go with --%s", other);
	return audit->expect != NULL ? audit_read_hash(audit->expect, ignored, err) : 0;
}

static int
admin_audit(const struct command_call *call, struct error *err)
{
	const struct audit *audit = call->options;
	struct audit_filter filter = {.since = audit->since};
	struct store       *store = NULL;
	uint8_t             expect[32];
	int                 rc;

	if (audit->expect != NULL)
		(void)audit_read_hash(audit->expect, expect, err); /* as audit_check has found it to be */
	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = audit->verify ? audit_verify(store, call, audit->expect != NULL ? expect : NULL, err)
	                   : audit_show(store, call, &filter, err);
	store_close(store);
	return rc;
}
