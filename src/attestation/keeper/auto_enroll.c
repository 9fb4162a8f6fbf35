/*
 * Owns the list of serial numbers, as last read. Enrolls an EK only when the caller
 * says that possession of its key was proven.
 */
#include "config.h"

#include "attestation/keeper/auto_enroll.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/serial_list.h"
#include "attestation/settings.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/removed.h"
#include "store/inventory/similar.h"
#include "store/inventory/waiting.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/own_command.h"
#include "util/shared.h"

/* Enough for more than a million serial numbers. */
#define LIST_MAX ((size_t)64 * 1024 * 1024)

/* The list at one reading; `list` is NULL when it could not be read. */
struct list_version {
	struct serial_list *list;
	struct error        fault; /* why not */
};

struct auto_enroll {
	struct enroll_rule rule;
	const char        *path;
	bool               similar_allowed;
	struct file_mark   mark; /* of the last reading, successful or not */
	struct shared     *list; /* struct list_version */
};

static void
list_version_free(void *arg)
{
	struct list_version *version = arg;

	serial_list_free(version->list);
	free(version);
}

static int
list_read(const char *path, struct serial_list **out, struct error *err)
{
	AUTO_BYTES text = {0};

	if (file_read(path, LIST_MAX, &text, err) != 0 ||
	    serial_list_parse(bytes_view(&text), out, err) != 0)
		return error_wrap(err, "auto_enroll_serials %s", path);
	return 0;
}

int
auto_enroll_refresh(struct auto_enroll *enroll, bool force, struct error *err)
{
	struct list_version *version;
	struct file_mark     mark;
	int                  rc;

	if (enroll == NULL)
		return 0;
	/* The mark is taken before the reading, so that a change in between causes another reading. */
	file_mark_take(enroll->path, &mark);
	if (!force && memcmp(&mark, &enroll->mark, sizeof mark) == 0)
		return 0;
	enroll->mark = mark;
	version = memory_new(sizeof *version);
	if ((rc = list_read(enroll->path, &version->list, err)) != 0)
		version->fault = *err;
	shared_replace(enroll->list, version);
	return rc;
}

int
auto_enroll_new(const struct attestation_settings *settings, struct auto_enroll **out, struct error *err)
{
	struct auto_enroll *enroll;

	*out = NULL;
	if (settings->auto_enroll_serials == NULL)
		return 0;
	enroll = memory_new(sizeof *enroll);
	enroll->rule = (struct enroll_rule){
	    .vendors = &settings->auto_enroll_vendors,
	    .roots = &settings->auto_enroll_roots,
	    .name = settings->auto_enroll_name,
	};
	enroll->path = settings->auto_enroll_serials;
	enroll->similar_allowed = settings->similar_allowed;
	enroll->list = shared_new(list_version_free);
	if (auto_enroll_refresh(enroll, true, err) != 0) {
		auto_enroll_free(enroll);
		return -1;
	}
	*out = enroll;
	return 0;
}

void
auto_enroll_free(struct auto_enroll *enroll)
{
	if (enroll == NULL)
		return;
	shared_free(enroll->list);
	free(enroll);
}

enum enroll_verdict
auto_enroll_decide(struct auto_enroll *enroll, struct enroll_facts *facts,
    char name[IDENTIFIER_MAX + 1], char reason[ENROLL_REASON_SIZE])
{
	struct shared_version     *held = shared_acquire(enroll->list);
	const struct list_version *version = held->value; /* auto_enroll_new has put one there */
	enum enroll_verdict        verdict;

	facts->listed = version->list != NULL && serial_list_has(version->list, facts->serial);
	facts->list_fault = version->list == NULL ? version->fault.detail : NULL;
	verdict = enroll_rule_decide(&enroll->rule, facts, name, reason);
	facts->list_fault = NULL; /* it belongs to the version */
	shared_release(enroll->list, held);
	return verdict;
}

/* True for any act other than its own requests. */
static bool
known_cb(const struct audit_entry *entry, void *arg)
{
	bool *known = arg;

	*known = strcmp(entry->action, audit_action_word(AUDIT_WAIT)) != 0 &&
	    strcmp(entry->outcome, "refused") != 0;
	return !*known;
}

static bool
issued_cb(const struct store_certificate *certificate, void *arg)
{
	(void)certificate;
	*(bool *)arg = true;
	return false;
}

/* Refuses self-enrolment, and names the administrator's remedy. */
static int
auto_enroll_refuse(const struct ek_hash *ek, const char *why, struct error *err)
{
	char hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(ek, hash);
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s may not enrol itself: %s; an administrator can run: %s enroll %s", hash, why,
	    own_command("attest-ca"), hash);
}

static int
check_history(struct store *store, const struct ek_hash *ek, struct error *err)
{
	const struct audit_filter filter = {.ek_hash = ek->bytes};
	struct store_waiting      waiting;
	struct store_removed      removed;
	bool                      known = false;

	if (store_waiting_find(store, ek->bytes, &waiting, err) == 0) {
		if (waiting.denied)
			return auto_enroll_refuse(ek, "it was denied", err);
	} else if (err->kind != ERROR_NOT_FOUND) {
		return -1;
	}
	/* Retention never removes this record; the other checks are for stores that were tampered
	 * with. */
	if (store_removed_find(store, ek->bytes, &removed, err) == 0)
		return auto_enroll_refuse(ek, "it was enrolled before and was removed", err);
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	if (store_certificate_list(store, ek->bytes, issued_cb, &known, err) != 0 ||
	    (!known && store_audit_list(store, &filter, known_cb, &known, err) != 0))
		return -1;
	return known ? auto_enroll_refuse(ek, "it was enrolled before and was removed", err) : 0;
}

/* Both hashes are only for the log: the client must not learn which EK has the name. */
static int
name_refuse(const struct ek_hash *ek, const char *name, const struct ek_hash *owner,
    struct error *err)
{
	char hash[EK_HASH_TEXT_SIZE];
	char old[EK_HASH_TEXT_SIZE];
	char reason[512];

	ek_hash_format(ek, hash);
	ek_hash_format(owner, old);
	(void)snprintf(reason, sizeof reason,
	    "the name %s belongs to device %s; for its new mainboard run: %s replace %s %s", name, old,
	    own_command("attest-ca"), old, hash);
	LOG(INFO, {"event", "auto-enroll"}, {"ek", hash}, {"reason", reason});
	return error_set(err, ERROR_NOT_ENROLLED, "EK %s " AUTO_ENROLL_NAME_TAKEN " %s replace DEVICE %s", hash,
	    own_command("attest-ca"), hash);
}

/* "the name web looks like Web of device 2ea8…" */
static void
similar_log(const uint8_t *ek_hash, const char *name, const struct store_similar *other,
    enum log_level level)
{
	struct ek_hash ek;
	struct ek_hash owner;
	char           hash[EK_HASH_TEXT_SIZE];
	char           old[EK_HASH_TEXT_SIZE];
	char           reason[2 * IDENTIFIER_MAX + 128];

	memcpy(ek.bytes, ek_hash, sizeof ek.bytes);
	memcpy(owner.bytes, other->ek_hash, sizeof owner.bytes);
	ek_hash_format(&ek, hash);
	ek_hash_format(&owner, old);
	(void)snprintf(reason, sizeof reason, "the name %s looks like %s of device %s", name,
	    other->name, old);
	log_write(level, (const struct log_field[]){
	                     {"event", "auto-enroll"}, {"ek", hash}, {"reason", reason}, {NULL, NULL}});
}

static void
similar_warn_cb(const char *name, const struct store_similar *other, void *arg)
{
	const struct ek_hash *ek = arg;

	similar_log(ek->bytes, name, other, LOG_LEVEL_WARNING);
}

/* As for a name in use, the client does not learn which device it is. */
static int
name_check_similar(const struct auto_enroll *enroll, struct store *store, const struct ek_hash *ek,
    const char *name, struct error *err)
{
	struct store_similar other;

	if (enroll->similar_allowed)
		return 0;
	if (store_similar_find(store, name, ek->bytes, &other, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	similar_log(ek->bytes, name, &other, LOG_LEVEL_INFO);
	return auto_enroll_refuse(ek, "the name that it would get looks like another device's", err);
}

int
auto_enroll_check_store(const struct auto_enroll *enroll, struct store *store,
    const struct ek_hash *ek, const char *name, bool *taken, struct error *err)
{
	struct ek_hash owner;

	*taken = false;
	if (check_history(store, ek, err) != 0)
		return -1;
	*taken = store_device_named(store, name, owner.bytes, err) == 0;
	if (!*taken && err->kind != ERROR_NOT_FOUND)
		return -1;
	return *taken ? name_refuse(ek, name, &owner, err)
	              : name_check_similar(enroll, store, ek, name, err);
}

/* Checks whether it was enrolled meanwhile. */
static int
check_enrolled(struct store *store, const struct ek_hash *ek, struct error *err)
{
	struct store_device device = {0};

	if (store_device_find(store, ek->bytes, &device, err) != 0)
		return err->kind == ERROR_NOT_ENROLLED ? 0 : -1;
	store_device_clear(&device);
	return error_set(err, ERROR_CONFLICT, "the EK was enrolled meanwhile");
}

/* Enrolls it, under a name that the settings allow. */
static int
enroll_named(const struct auto_enroll *enroll, struct store *store, const struct ek_hash *ek,
    const struct store_device *device, int64_t now, struct error *err)
{
	struct ek_hash own = *ek;
	int            rc;

	if (enroll->similar_allowed)
		store_similar_allow(store, similar_warn_cb, &own);
	rc = store_device_enroll(store, device, now, err);
	store_similar_allow(store, NULL, NULL);
	if (rc != 0 && err->kind == ERROR_CONFLICT)
		return auto_enroll_refuse(ek, "its name cannot be given", err);
	return rc;
}

int
auto_enroll_run(const struct auto_enroll *enroll, struct store *store, const struct ek_hash *ek,
    const char *name, int64_t now, int64_t *revision, struct error *err)
{
	AUTO_FREE char     *copy = memory_strdup(name);
	char                note[] = "enrolled itself by rule";
	struct store_device device = {.names = &copy, .name_count = 1, .note = note};
	bool                taken;

	memcpy(device.ek_hash, ek->bytes, sizeof device.ek_hash);
	if (check_enrolled(store, ek, err) != 0 ||
	    auto_enroll_check_store(enroll, store, ek, name, &taken, err) != 0 ||
	    enroll_named(enroll, store, ek, &device, now, err) != 0)
		return -1;
	device = (struct store_device){0};
	if (store_device_find(store, ek->bytes, &device, err) != 0)
		return -1;
	*revision = device.revision;
	store_device_clear(&device);
	return 0;
}
