/*
 * Owns a CRL and its file. The signer holds the lock from reading the present number
 * to replacing the file, and reads the revoked certificates after drawing a greater
 * number. So the file with the greatest number is the newest and most complete.
 */
#include "config.h"

#include "ca/crl.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/files.h"
#include "pki/ca.h"
#include "util/error.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/log.h"

/* More than two million entries. */
#define CRL_FILE_MAX ((size_t)128 << 20)

#define CRL_LIFETIME_DEFAULT ((int64_t)7 * 24 * 60 * 60)

/* How long to wait for the lock: another signer needs a second for a hundred thousand entries. A
 * daemon retries a second later. */
#define CRL_PATIENCE_MS 5000

struct crl_keeper {
	const struct crl_source *source;
	const struct ca *ca;
	int64_t          issuer;
	int64_t          lifetime;
	const struct folder *state;
	char            *file;        /* its name in it */
	char            *path;        /* for messages */
	struct stat      seen;        /* the file when last checked */
	bool             behind;      /* the file is older than this CRL, or missing */
	bool             disputed;    /* the file is another CRL of the same number */
	int64_t          revocations; /* the store's counter at the last comparison; -1: never */
	struct ca_crl    content;     /* number 0: none yet */
	struct bytes     der;
};

int
crl_lock(const struct folder *state, struct file_lock *lock, struct error *err)
{
	if (file_lock_open(state, STATE_CRL_LOCK, lock, err) != 0)
		return -1;
	if (file_lock_acquire(lock, CRL_PATIENCE_MS, err) != 0) {
		file_lock_close(lock);
		return -1;
	}
	return 0;
}

struct crl_keeper *
crl_keeper_new(const struct folder *state, const char *file, const struct crl_source *source,
    int64_t issuer, const struct ca *ca, int64_t lifetime)
{
	struct crl_keeper *crl = memory_new(sizeof *crl);

	crl->source = source;
	crl->ca = ca;
	crl->issuer = issuer;
	crl->lifetime = lifetime;
	crl->state = state;
	crl->file = memory_strdup(file);
	crl->path = file_join(state->path, file);
	crl->behind = true;
	crl->revocations = -1;
	return crl;
}

void
crl_keeper_free(struct crl_keeper *crl)
{
	if (crl == NULL)
		return;
	ca_crl_clear(&crl->content);
	bytes_clear(&crl->der);
	free(crl->file);
	free(crl->path);
	free(crl);
}

struct view
crl_keeper_der(const struct crl_keeper *crl)
{
	return bytes_view(&crl->der);
}

const struct ca_crl *
crl_keeper_content(const struct crl_keeper *crl)
{
	return &crl->content;
}

/* ---- the file ---- */

static bool
crl_file_is_seen(const struct crl_keeper *crl, const struct stat *now)
{
	const struct stat *seen = &crl->seen;

	return seen->st_ino == now->st_ino && seen->st_dev == now->st_dev &&
	    seen->st_size == now->st_size && seen->st_mtim.tv_sec == now->st_mtim.tv_sec &&
	    seen->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

static void
crl_take(struct crl_keeper *crl, struct ca_crl *content, struct bytes *der)
{
	ca_crl_clear(&crl->content);
	bytes_clear(&crl->der);
	crl->content = *content;
	crl->der = *der;
	*content = (struct ca_crl){0};
	*der = (struct bytes){0};
	crl->disputed = false;
	crl->revocations = -1; /* compare it with the store */
}

/* Two CRLs of one number, which RFC 5280 §5.2.3 forbids: neither may stay. */
static void
crl_dispute(struct crl_keeper *crl)
{
	char number[LOG_NUMBER_SIZE];

	LOG(ERROR, {"event", "crl"}, {"file", crl->path}, {"number", log_number(crl->content.number, number)},
	    {"consequence", "it is signed again"},
	    {"reason", "the file is another CRL of the same number"});
	crl->disputed = true;
}

/*
 * Loads the CRL of the file if it is newer than ours. A file that cannot be read, is not by
 * this CA or is older is only marked for replacement.
 */
static void
crl_look(struct crl_keeper *crl, bool *fresh)
{
	struct bytes  der = {0};
	struct ca_crl content = {0};
	struct error  ignored;
	struct stat   st;

	if (folder_look(crl->state, crl->file, &st) != 0) {
		crl->behind = true;
		return;
	}
	if (crl_file_is_seen(crl, &st))
		return;
	crl->behind = true;
	if (folder_read(crl->state, crl->file, CRL_FILE_MAX, &der, &ignored) == 0 &&
	    ca_crl_read(crl->ca->certificate, bytes_view(&der), &content, &ignored) == 0 &&
	    content.number < INT64_MAX && content.number >= crl->content.number) {
		crl->seen = st;
		if (content.number > crl->content.number) {
			*fresh = true;
			crl->behind = false;
			crl_take(crl, &content, &der);
		} else if (view_equal(bytes_view(&der), bytes_view(&crl->der))) {
			crl->behind = false;
		} else {
			crl_dispute(crl);
		}
	}
	ca_crl_clear(&content);
	bytes_clear(&der);
}

/*
 * The caller holds the lock, so the file afterwards is this one. The temporary name is
 * always the same, so a killed process leaves at most one file.
 */
static int
crl_replace(const struct crl_keeper *crl, struct error *err)
{
	size_t          size = strlen(crl->file) + sizeof ".new";
	AUTO_FREE char *temporary = memory_new(size);
	struct error    ignored;

	(void)snprintf(temporary, size, "%s.new", crl->file);
	(void)folder_remove(crl->state, temporary, &ignored);
	if (folder_create(crl->state, temporary, crl->der.data, crl->der.size, 0644, err) != 0)
		return -1;
	if (folder_rename(crl->state, temporary, crl->file, err) == 0)
		return folder_sync_of(crl->state, crl->file, err);
	(void)folder_remove(crl->state, temporary, &ignored);
	return -1;
}

static int
crl_write(struct crl_keeper *crl, struct error *err)
{
	if (crl_replace(crl, err) != 0)
		return -1;
	if (folder_look(crl->state, crl->file, &crl->seen) == 0)
		crl->behind = false;
	return 0;
}

/* ---- what is in it ---- */

void
crl_entry_append(struct bytes *revoked, struct view serial, int64_t when, int reason)
{
	/* Zeroed, padding included, because lists are compared as octets. */
	struct ca_revoked *entry =
	    (struct ca_revoked *)(void *)bytes_extend(revoked, sizeof(struct ca_revoked));

	for (; serial.size > 1 && *serial.data == 0; serial.data++) /* in the encoding of a CRL */
		serial.size--;
	memcpy(entry->serial, serial.data, serial.size);
	entry->serial_size = serial.size;
	entry->when = when;
	entry->reason = reason;
}

/*
 * True when the CRL does not match the store: its number is not the last one drawn, or the
 * store revokes a certificate that it lacks. Both lists are in the order of notAfter:
 * certificates that had not expired when the CRL was signed are at its end.
 */
static int
crl_compare(struct crl_keeper *crl, struct store *store, bool *differs, struct error *err)
{
	const struct bytes *named = &crl->content.revoked;
	AUTO_BYTES          revoked = {0};
	int64_t             revocations = 0;
	int64_t             number = 0;

	*differs = false;
	if (crl->source->revocations(store, &revocations, err) != 0)
		return -1;
	if (revocations == crl->revocations)
		return 0;
	if (crl->source->number_last(store, crl->issuer, &number, err) != 0 ||
	    crl->source->list(store, crl->issuer, crl->content.this_update, &revoked, err) != 0)
		return -1;
	*differs = crl->content.number != (uint64_t)number || revoked.size > named->size ||
	    (revoked.size != 0 &&
	        memcmp(named->data + (named->size - revoked.size), revoked.data, revoked.size) != 0);
	if (!*differs)
		crl->revocations = revocations;
	return 0;
}

static bool
crl_is_due(const struct crl_keeper *crl, int64_t now)
{
	const struct ca_crl *content = &crl->content;
	int64_t              life = content->next_update - content->this_update;

	if (crl->lifetime != 0 && crl->lifetime < life)
		life = crl->lifetime;
	/* A CRL from before a clock was set back begins in the future, and verifiers refuse it. */
	return content->number == 0 || now < content->this_update ||
	    now >= content->this_update + life / 2;
}

static int64_t
crl_lifetime(const struct crl_keeper *crl)
{
	if (crl->lifetime != 0)
		return crl->lifetime;
	return crl->content.number != 0 ? crl->content.next_update - crl->content.this_update
	                                : CRL_LIFETIME_DEFAULT;
}

/*
 * A certificate that expired since the last CRL is named once more, for verifiers that
 * do not read every CRL: RFC 5280 §3.3.
 */
static int64_t
crl_since(const struct crl_keeper *crl, int64_t now)
{
	return crl->content.number != 0 && crl->content.this_update < now ? crl->content.this_update
	                                                                 : now;
}

/* The caller holds the lock. */
static int
crl_make(struct crl_keeper *crl, struct store *store, int64_t now, struct error *err)
{
	int64_t       lifetime = crl_lifetime(crl);
	struct ca_crl content = {.this_update = now, .next_update = now + lifetime};
	struct bytes  der = {0};
	int64_t       number = 0;
	int           rc;

	rc = crl->source->number_next(store, crl->issuer, (int64_t)crl->content.number + 1, &number,
	    err);
	content.number = (uint64_t)number;
	if (rc == 0)
		rc = crl->source->list(store, crl->issuer, crl_since(crl, now), &content.revoked, err);
	if (rc == 0)
		rc = ca_crl_create(crl->ca, content.number,
		    (const struct ca_revoked *)(const void *)content.revoked.data,
		    content.revoked.size / sizeof(struct ca_revoked), now, lifetime, &der, err);
	if (rc == 0)
		crl_take(crl, &content, &der);
	ca_crl_clear(&content);
	bytes_clear(&der);
	return rc == 0 ? 0 : error_wrap(err, "signing the CRL");
}

/* True when there is something to do. */
static int
crl_needs(struct crl_keeper *crl, struct store *store, int64_t now, bool *needs, struct error *err)
{
	*needs = crl->disputed || crl_is_due(crl, now);
	if (*needs)
		return 0;
	if (crl_compare(crl, store, needs, err) != 0)
		return error_wrap(err, "reading what is revoked");
	return 0;
}

/* The modes of crl_publish. */
enum want { WANT_WRITTEN, WANT_SIGNED, WANT_SIGNED_ANYHOW };

/* Signs if required, and writes the file if it is out of date. */
static int
crl_publish(struct crl_keeper *crl, struct store *store, int64_t now, enum want want, bool *fresh,
    struct error *err)
{
	struct file_lock lock;
	bool              needs = want != WANT_WRITTEN;
	bool              other = false;
	int               rc = 0;

	if (crl_lock(crl->state, &lock, err) != 0)
		return -1;
	crl_look(crl, &other);
	if (other && want == WANT_SIGNED) /* another process was quicker; its CRL may suffice */
		rc = crl_needs(crl, store, now, &needs, err);
	*fresh = *fresh || other;
	if (rc == 0 && needs && (rc = crl_make(crl, store, now, err)) == 0)
		*fresh = true;
	if (rc == 0 && (needs || crl->behind)) {
		crl->behind = true;
		rc = crl_write(crl, err);
	}
	file_lock_close(&lock);
	return rc;
}

int
crl_keeper_refresh(struct crl_keeper *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err)
{
	bool needs = false;

	*fresh = false;
	crl_look(crl, fresh);
	if (crl_needs(crl, store, now, &needs, err) != 0)
		return -1;
	if (!needs && !crl->behind)
		return 0;
	return crl_publish(crl, store, now, needs ? WANT_SIGNED : WANT_WRITTEN, fresh, err);
}

int
crl_keeper_sign(struct crl_keeper *crl, struct store *store, int64_t now, struct error *err)
{
	bool fresh = false;

	return crl_publish(crl, store, now, WANT_SIGNED_ANYHOW, &fresh, err);
}
