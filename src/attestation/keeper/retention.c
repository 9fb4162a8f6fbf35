/*
 * Removes old audit entries and records of expired certificates. Decides when; the
 * settings define the age, and the store removes them.
 */
#include "config.h"

#include "attestation/keeper/retention.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/operation.h"
#include "attestation/settings.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Rows removed per transaction, which delays requests by some milliseconds. */
#define RETENTION_STEP ((size_t)1000)

/* The clock is trusted only if there was an act this recently; otherwise it may be wrong. */
#define RETENTION_TRUST_SECONDS ((int64_t)30 * 24 * 60 * 60)

/* Interval of cuts: each cut adds an entry itself. */
#define RETENTION_DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* Ages of records to remove, in seconds; 0: they are kept for ever. */
struct ages {
	int64_t audit;
	int64_t certificates;
};

struct retention {
	struct ages          ages;
	struct store_writer *writer;
	atomic_bool          busy; /* a step is queued in the writer */
	bool                 more; /* used by the writer meanwhile */
	int64_t              next_ms;
};

/* A step: the removals of one transaction. */
struct cut {
	struct retention *retention;
	struct ages       ages;
	size_t            entries;
	size_t            certificates;
};

/* True for an act of a person or client: the daemon's own periodic acts do not confirm the
 * clock. */
static bool
act_cb(const struct audit_entry *entry, void *arg)
{
	bool *found = arg;

	*found = strcmp(entry->action, audit_action_word(AUDIT_ISSUER)) != 0 &&
	    strcmp(entry->action, audit_action_word(AUDIT_CUT)) != 0;
	return !*found;
}

int
retention_check_clock(struct store *store, int64_t now, bool *good, struct error *err)
{
	const struct audit_filter lately = {.since = now - RETENTION_TRUST_SECONDS};

	*good = false;
	return store_audit_list(store, &lately, act_cb, good, err);
}

/*
 * Not shorter than the lifetime of a CRL: the first CRL after a certificate expired names it
 * once more (RFC 5280 §3.3).
 */
static int64_t
retention_of_certificates(const struct attestation_settings *settings)
{
	if (settings->certificate_retention == 0)
		return 0;
	return settings->certificate_retention > settings->service.crl_lifetime
	    ? settings->certificate_retention
	    : settings->service.crl_lifetime;
}

static void
cut_note(struct call *call, const struct cut *cut)
{
	char entries[LOG_NUMBER_SIZE];
	char certificates[LOG_NUMBER_SIZE];

	if (cut->entries == 0 && cut->certificates == 0)
		return;
	call_note(call, "retention",
	    (const struct log_field[]){{"audit_entries", log_number(cut->entries, entries)},
	        {"certificates", log_number(cut->certificates, certificates)}, {NULL, NULL}});
}

/* Why nothing is removed. A CA at which nobody has done anything yet has nothing to remove. */
static int
retention_explain(struct store *store, struct error *err)
{
	const struct audit_filter all = {.since = 0};
	bool                      any = false;

	if (store_audit_list(store, &all, act_cb, &any, err) != 0)
		return -1;
	if (any)
		LOG(INFO, {"event", "retention"}, {"consequence", "nothing is removed"},
		    {"reason", "nothing was done for 30 days, if the clock is right"});
	return 0;
}

static int
cut_change(struct call *call, struct store *store, struct error *err)
{
	struct cut        *cut = call->state;
	struct retention  *retention = cut->retention;
	const struct ages *ages = &cut->ages;
	int64_t            now = clock_now();
	bool               good = retention->more; /* a previous step has checked */

	retention->more = false;
	if (!good && retention_check_clock(store, now, &good, err) != 0)
		return -1;
	if (!good)
		return retention_explain(store, err);
	if (ages->audit != 0 &&
	    store_audit_cut(store, now - ages->audit, RETENTION_STEP, now, &cut->entries, err) != 0)
		return -1;
	if (ages->certificates != 0 &&
	    store_certificate_sweep(store, now - ages->certificates, RETENTION_STEP,
	        &cut->certificates, err) != 0)
		return -1;
	retention->more = cut->entries == RETENTION_STEP || cut->certificates == RETENTION_STEP;
	cut_note(call, cut);
	return 0;
}

/* The last use of `retention` in this step: the next may begin. */
static int
cut_told(struct call *call, int rc, struct error *err)
{
	struct retention *retention = ((struct cut *)call->state)->retention;

	(void)err;
	if (rc != 0)
		retention->more = false; /* not every second */
	atomic_store(&retention->busy, false);
	return rc;
}

static const struct call_operation cut_operation = {
    .name = "retention",
    .state_size = sizeof(struct cut),
    .change = cut_change,
    .told = cut_told,
};

struct retention *
retention_new(const struct attestation_settings *settings, struct store_writer *writer)
{
	struct retention *retention = memory_new(sizeof *retention);

	retention_limit(retention, settings);
	retention->writer = writer;
	return retention;
}

void
retention_limit(struct retention *retention, const struct attestation_settings *settings)
{
	struct ages ages = {settings->audit_retention, retention_of_certificates(settings)};

	if (ages.audit == retention->ages.audit && ages.certificates == retention->ages.certificates)
		return;
	retention->ages = ages;
	retention->next_ms = INT64_MIN;
}

void
retention_free(struct retention *retention)
{
	free(retention);
}

void
retention_tick(struct retention *retention, int64_t now_ms)
{
	if (atomic_load(&retention->busy))
		return;
	if (!retention->more) {
		if (now_ms < retention->next_ms)
			return;
		retention->next_ms = now_ms + RETENTION_DAY_MS;
	}
	atomic_store(&retention->busy, true);
	call_submit(&attestation_operation_service, retention->writer, &cut_operation, NULL,
	    &(struct cut){.retention = retention, .ages = retention->ages});
}
