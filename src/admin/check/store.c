/* Checks the store: intact, with the right schema, its audit trail unbroken. Writes nothing. */
#include "config.h"

#include <inttypes.h>

#include "admin/check/report.h"
#include "admin/store.h"
#include "command/command.h"
#include "store/check.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"

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
		check_add(report, "audit", CHECK_OK, "%" PRId64 " entries hold, the last with hash %s",
		    count, hash);
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

void
check_store(const struct command_call *call, struct check_report *report)
{
	struct store *store = NULL;
	struct error  err;

	if (admin_store_open(call, &store, &err) != 0) {
		check_add_error(report, "store", &err, NULL);
		return;
	}
	check_store_whole(store, report);
	check_store_record(call, store, report);
	store_close(store);
}
