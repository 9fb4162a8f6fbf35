/* Checks the store: intact, with the right schema, its audit trail unbroken. Writes nothing. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "admin/check/report.h"
#include "admin/store.h"
#include "command/command.h"
#include "command/progress.h"
#include "pki/certificate.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/similar.h"
#include "store/inventory/trust.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/own_command.h"

/* Tolerated difference between clocks. */
#define CHECK_CLOCK_SLACK ((int64_t)5 * 60)

static void
check_store_whole(struct store *store, struct check_report *report)
{
	struct error err;
	bool         abandoned;

	if (store_check_schema(store, &err) != 0 || store_check_integrity(store, &err) != 0 ||
	    store_batch_abandoned(store, &abandoned, &err) != 0)
		check_add_error(report, "store", &err, NULL);
	else if (abandoned)
		check_add(report, "store", CHECK_WARNING,
		    "a killed import has left hidden devices; attestd clears them "
		    "away, as does the next import");
	else
		check_add(report, "store", CHECK_OK, "intact, with the right tables");
}

static bool
check_newest_cb(const struct audit_entry *entry, void *arg)
{
	int64_t *newest = arg;

	*newest = entry->at > *newest ? entry->at : *newest;
	return true;
}

static void
check_store_record(const struct command_call *call, struct store *store, struct check_report *report)
{
	struct audit_filter filter = {.since = call->now + CHECK_CLOCK_SLACK};
	struct error        err;
	uint8_t             head[32];
	int64_t             count;
	int64_t             newest = 0;
	char                hash[2 * sizeof head + 1];
	char                when[CLOCK_TEXT_SIZE];

	if (store_audit_verify(store, NULL, &count, head, &err) != 0) {
		check_add_error(report, "audit", &err,
		    "find out who writes to the state directory, and compare with a backup");
		return;
	}
	hex_encode(head, sizeof head, hash);
	if (count == 0)
		check_add(report, "audit", CHECK_OK, "no entry yet");
	else
		check_add(report, "audit", CHECK_OK, "%" PRId64 " %s, the last with hash %s", count,
		    count == 1 ? "entry holds" : "entries hold", hash);
	if (store_audit_list(store, &filter, check_newest_cb, &newest, &err) != 0) {
		check_add_error(report, "audit", &err, NULL);
	} else if (newest != 0) {
		clock_format(newest, when);
		check_add(report, "clock", CHECK_ERROR,
		    "the audit trail has an entry of %s, in the future: the clock is wrong, or was; set it "
		    "right",
		    when);
	}
}

/* Of the certificates of TPM vendors, those that have expired. */
struct check_trust {
	int64_t now;
	size_t  count;
	size_t  roots;
	size_t  expired;
	size_t  roots_expired;
};

static bool
check_trust_cb(const struct store_trusted *trusted, void *arg)
{
	struct check_trust *trust = arg;
	X509               *certificate = NULL;
	struct error        ignored;
	bool                expired = true; /* one that cannot be read vouches for nothing either */

	if (certificate_decode((struct view){trusted->certificate, trusted->certificate_size},
	        &certificate, &ignored) == 0)
		expired = certificate_not_after(certificate) <= trust->now;
	X509_free(certificate);
	trust->count++;
	trust->roots += trusted->root ? 1 : 0;
	trust->expired += expired ? 1 : 0;
	trust->roots_expired += expired && trusted->root ? 1 : 0;
	return true;
}

/* An expired CA still vouches for TPMs that it certified before: no error, but nothing newer. */
static void
check_store_trust(const struct command_call *call, struct store *store, struct check_report *report)
{
	struct check_trust trust = {.now = call->now};
	struct error       err;

	if (store_trust_list(store, check_trust_cb, &trust, &err) != 0)
		check_add_error(report, "trust", &err, NULL);
	else if (trust.roots != 0 && trust.roots_expired == trust.roots)
		check_add(report, "trust", CHECK_WARNING,
		    "every root of the %zu imported certificates has expired: no TPM that is certified now "
		    "is known; import what the vendors have now, with \"%s trust import\"", trust.count,
		    own_command("attest-ca"));
	else if (trust.count != 0)
		check_add(report, "trust", CHECK_OK, "%zu imported certificates, %zu of them expired",
		    trust.count, trust.expired);
}

/* Pairs of names that are shown; all are counted. */
#define CHECK_PAIRS 3

struct check_names {
	size_t count;
	char   pairs[400]; /* the first */
};

static bool
check_names_cb(const char *one, const char *other, void *arg)
{
	struct check_names *names = arg;
	size_t              used = strlen(names->pairs);

	if (names->count++ < CHECK_PAIRS)
		(void)snprintf(names->pairs + used, sizeof names->pairs - used, "%s\"%.64s\" and \"%.64s\"",
		    used != 0 ? ", " : "", one, other);
	return true;
}

/* An older version has let them in, or an administrator. */
static void
check_store_names(struct store *store, struct check_report *report)
{
	struct check_names names = {.count = 0};
	struct error       err;

	if (store_similar_list(store, check_names_cb, &names, &err) != 0)
		check_add_error(report, "names", &err, NULL);
	else if (names.count != 0)
		check_add(report, "names", CHECK_WARNING,
		    "names of different devices look alike (%s%s): one may be mistaken for the "
		    "other; rename one of each with \"%s set DEVICE --name NAME\"",
		    names.pairs, names.count > CHECK_PAIRS ? ", and more" : "", own_command("attest-ca"));
}

/* What takes less is not worth a line that comes and goes. */
#define CHECK_QUIET_MS 1000

/* A part of the check, and its line on a terminal. */
struct check_part {
	const char     *label;
	int64_t         begun;
	struct progress progress; /* {0}: not shown yet */
};

static void
check_step_cb(void *arg)
{
	struct check_part *part = arg;

	if (part->progress.label == NULL) {
		if (clock_monotonic_ms() - part->begun < CHECK_QUIET_MS)
			return;
		progress_begin(&part->progress, stderr, part->label, 0);
		part->progress.begun = part->begun;
	}
	progress_step(&part->progress, 0);
}

/* Goes over to another part, whose time is counted anew. */
static void
check_part_begin(struct check_part *part, const char *label)
{
	progress_end(&part->progress);
	*part = (struct check_part){.label = label, .begun = clock_monotonic_ms()};
}

/* With ten million devices this takes minutes. */
static void
check_store_parts(const struct command_call *call, struct store *store, struct check_report *report)
{
	struct check_part part = {0};

	check_part_begin(&part, "checking the store");
	store_watch(store, check_step_cb, &part);
	check_store_whole(store, report);
	check_part_begin(&part, "checking the audit trail");
	check_store_record(call, store, report);
	check_store_trust(call, store, report);
	check_part_begin(&part, "comparing names");
	check_store_names(store, report);
	store_watch(store, NULL, NULL);
	progress_end(&part.progress);
}

void
check_store(const struct command_call *call, struct check_report *report)
{
	struct store *store = NULL;
	struct error  err;

	if (admin_store_open(call, &store, &err) != 0) {
		check_add_error(report, "store", &err, NULL);
		return;
	}
	check_store_parts(call, store, report);
	store_close(store);
}
