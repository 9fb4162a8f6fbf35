/*
 * Old audit entries and records of expired certificates. Decides when; what is old the
 * settings say, and the store does the rest.
 */
#include "config.h"

#include "attestation/keeper/retention.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/settings.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/store.h"
#include "store/writer.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* Rows that one transaction removes: requests wait for it some milliseconds. */
#define RETENTION_STEP ((size_t)1000)

/* The clock is believed when something was done so lately: else it may have been set wrong. */
#define RETENTION_TRUST_SECONDS ((int64_t)30 * 24 * 60 * 60)

/* A cut is an entry itself: not many of them. */
#define RETENTION_DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct retention {
	const struct attestation_settings *settings;
	struct store_writer   *writer;
	struct store_job       job;
	atomic_bool            busy;    /* the job is the writer's */
	bool                   more;    /* this and the next two are the writer's while it is */
	size_t                 entries; /* removed */
	size_t                 certificates;
	int64_t                next_ms;
};

/* Whether it is of somebody's act: what we do for the time itself says nothing of it. */
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
 * Not shorter than a CRL lives: the first CRL after a certificate expired names it once more
 * (RFC 5280 section 3.3).
 */
static int64_t
retention_of_certificates(const struct attestation_settings *settings)
{
	return settings->certificate_retention > settings->crl_lifetime ? settings->certificate_retention
	                                                                : settings->crl_lifetime;
}

/* In the writer's thread, inside its transaction. */
static int
retention_run_cb(struct store *store, void *arg, struct error *err)
{
	struct retention      *retention = arg;
	const struct attestation_settings *settings = retention->settings;
	int64_t                now = clock_now();
	bool                   good = retention->more; /* a step before has asked */

	retention->entries = 0;
	retention->certificates = 0;
	retention->more = false;
	if (!good && retention_check_clock(store, now, &good, err) != 0)
		return -1;
	if (!good) {
		LOG(INFO, {"event", "retention"}, {"consequence", "nothing is removed"},
		    {"reason", "nothing was done for 30 days, if the clock is right"});
		return 0;
	}
	store_actor_set(store, &(struct store_actor){.name = "attestd"});
	if (settings->audit_retention != 0 &&
	    store_audit_cut(store, now - settings->audit_retention, RETENTION_STEP, now,
	        &retention->entries, err) != 0)
		return -1;
	if (settings->certificate_retention != 0 &&
	    store_certificate_sweep(store, now - retention_of_certificates(settings), RETENTION_STEP,
	        &retention->certificates, err) != 0)
		return -1;
	retention->more =
	    retention->entries == RETENTION_STEP || retention->certificates == RETENTION_STEP;
	return 0;
}

static void
retention_log(const struct retention *retention)
{
	char entries[24];
	char certificates[24];

	if (retention->entries == 0 && retention->certificates == 0)
		return;
	(void)snprintf(entries, sizeof entries, "%zu", retention->entries);
	(void)snprintf(certificates, sizeof certificates, "%zu", retention->certificates);
	LOG(INFO, {"event", "retention"}, {"audit_entries", entries}, {"certificates", certificates});
}

/* In the writer's thread, after the commit. */
static void
retention_done_cb(void *arg, const struct error *err)
{
	struct retention *retention = arg;

	if (err != NULL) {
		LOG(ERROR, {"event", "retention"}, {"reason", err->detail});
		retention->more = false; /* not each second */
	} else {
		retention_log(retention);
	}
	atomic_store(&retention->busy, false);
}

struct retention *
retention_new(const struct attestation_settings *settings, struct store_writer *writer)
{
	struct retention *retention = memory_new(sizeof *retention);

	retention->settings = settings;
	retention->writer = writer;
	retention->job = (struct store_job){
	    .run = retention_run_cb, .done = retention_done_cb, .arg = retention};
	return retention;
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
	store_writer_submit(retention->writer, &retention->job);
}
