/*
 * Owns the operator's trust, as last read. A verification uses one reading from
 * beginning to end.
 */
#include "config.h"

#include "acme/keeper/roots.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "acme/keeper/crl_mark.h"
#include "pki/certificate_memory.h"
#include "pki/chain_memory.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder_file.h"
#include "util/log.h"
#include "util/shared.h"

/* Certificates kept decoded: the AK certificates of orders in the making, and what issued them. Of each
 * order its chain, too, which is verified when the key is attested and again when the certificate is made. */
#define DECODED_MAX  256
#define VERIFIED_MAX 256

struct roots {
	struct roots_files files;
	struct bytes       marks;   /* struct file_mark, file by file */
	struct shared     *current; /* struct reading */
	uint64_t           generation;
	struct certificate_memory *decoded;
	struct chain_memory       *verified;
	size_t             kept;    /* number of its verified CRLs that the store has */
};

/* The result of reading the files: a snapshot, or the error. */
struct reading {
	struct roots_snapshot snapshot; /* first member: other files know only this */
	bool                  is_broken;
	struct error          why;
};

static void
reading_free(void *value)
{
	struct reading *reading = value;

	trust_free(reading->snapshot.trust);
	trust_free(reading->snapshot.any_name);
	revocation_free(reading->snapshot.revocation);
	free(reading);
}

static void
mark_append(struct bytes *marks, const char *path)
{
	struct file_mark mark;

	file_mark_take(path, &mark);
	bytes_append(marks, &mark, sizeof mark);
}

static void
marks_take(const struct roots_files *files, struct bytes *marks)
{
	struct file_mark mark;

	folder_mark_take(files->state, files->roots, &mark);
	bytes_append(marks, &mark, sizeof mark);
	for (size_t i = 0; i < files->crls->count; i++)
		mark_append(marks, files->crls->texts[i]);
	for (size_t i = 0; i < files->any_name->count; i++)
		mark_append(marks, files->any_name->texts[i]);
}

static int
snapshot_read_crls(const struct roots_files *files, struct roots_snapshot *snapshot,
    struct error *err)
{
	if (files->crls->count == 0)
		return 0;
	snapshot->revocation = revocation_new(files->tolerate_stale);
	for (size_t i = 0; i < files->crls->count; i++) {
		if (revocation_add_file(snapshot->revocation, files->crls->texts[i], err) == 0)
			continue;
		error_wrap(err, "the attestation CRL");
		if (!files->tolerate_stale)
			return -1;
		LOG(WARNING, {"event", "attestation-crl"}, {"reason", err->detail});
	}
	return 0;
}

static int
reading_make(const struct roots_files *files, struct reading **out, struct error *err)
{
	struct reading        *reading = memory_new(sizeof *reading);
	struct roots_snapshot *snapshot = &reading->snapshot;
	int                    rc;

	snapshot->require_crl = files->require_crl;
	snapshot->trust = trust_new();
	snapshot->any_name = trust_new();
	if ((rc = trust_add_in(snapshot->trust, files->state, files->roots, err)) != 0)
		error_wrap(err, "the attestation roots");
	for (size_t i = 0; rc == 0 && i < files->any_name->count; i++) {
		if ((rc = trust_add_file(snapshot->any_name, files->any_name->texts[i], err)) != 0)
			error_wrap(err, "any_name_roots");
	}
	if (rc == 0)
		rc = snapshot_read_crls(files, snapshot, err);
	if (rc != 0)
		reading_free(reading);
	else
		*out = reading;
	return rc;
}

static void
roots_take(struct roots *roots, struct reading *reading)
{
	reading->snapshot.decoded = roots->decoded;
	reading->snapshot.verified = roots->verified;
	shared_replace(roots->current, reading);
	roots->generation++;
	roots->kept = SIZE_MAX; /* new verified CRLs must be stored */
}

/* CONFLICT when an older CRL was put back. */
static int
roots_check_crls(const struct roots *roots, const struct roots_snapshot *snapshot,
    struct error *err)
{
	if (snapshot->revocation == NULL ||
	    crl_mark_check(roots->files.store, snapshot->revocation, err) == 0)
		return 0;
	return error_wrap(err, "the attestation CRL");
}

/* Stores the marks when more CRLs were verified, which attestations do. */
static int
roots_keep_crls(struct roots *roots, struct error *err)
{
	struct shared_version       *version = shared_acquire(roots->current);
	const struct roots_snapshot *snapshot = &((const struct reading *)version->value)->snapshot;
	size_t                       verified = 0;
	int                          rc = 0;

	if (snapshot->revocation != NULL)
		verified = revocation_verified(snapshot->revocation);
	if (snapshot->revocation != NULL && verified != roots->kept &&
	    (rc = crl_mark_keep(roots->files.store, snapshot->revocation, snapshot->trust, err)) == 0)
		roots->kept = revocation_verified(snapshot->revocation);
	shared_release(roots->current, version);
	return rc;
}

int
roots_new(const struct roots_files *files, struct roots **out, struct error *err)
{
	struct roots   *roots = memory_new(sizeof *roots);
	struct reading *reading = NULL;

	roots->files = *files;
	roots->current = shared_new(reading_free);
	roots->decoded = certificate_memory_new(DECODED_MAX);
	roots->verified = chain_memory_new(VERIFIED_MAX);
	marks_take(files, &roots->marks);
	if (reading_make(files, &reading, err) != 0) {
		roots_free(roots);
		return -1;
	}
	roots_take(roots, reading);
	if (roots_check_crls(roots, &reading->snapshot, err) != 0 ||
	    (!files->only_check && roots_keep_crls(roots, err) != 0)) {
		roots_free(roots);
		return -1;
	}
	*out = roots;
	return 0;
}

void
roots_free(struct roots *roots)
{
	if (roots == NULL)
		return;
	shared_free(roots->current);
	chain_memory_free(roots->verified);
	certificate_memory_free(roots->decoded);
	bytes_clear(&roots->marks);
	free(roots);
}

/* Trusts nothing from now on, for this reason. */
static void
roots_break(struct roots *roots, const struct error *why)
{
	struct reading *reading = memory_new(sizeof *reading);

	reading->is_broken = true;
	reading->why = *why;
	roots_take(roots, reading);
}

/* Publishes and logs a new reading. */
static void
roots_log(const struct roots_snapshot *snapshot)
{
	size_t count = snapshot->revocation != NULL ? revocation_count(snapshot->revocation) : 0;
	char   roots[LOG_NUMBER_SIZE];
	char   crls[LOG_NUMBER_SIZE];

	LOG(INFO, {"event", "attestation-roots"},
	    {"roots", log_number(trust_count(snapshot->trust), roots)},
	    {"crls", log_number(count, crls)});
}

/* Keeps the previous CRLs instead of older ones; false when there are none. */
static bool
roots_keep_earlier(struct roots *roots, struct roots_snapshot *fresh)
{
	struct shared_version       *version = shared_acquire(roots->current);
	const struct roots_snapshot *before = &((const struct reading *)version->value)->snapshot;
	bool                         kept = before->revocation != NULL;

	if (kept) {
		revocation_free(fresh->revocation);
		fresh->revocation = revocation_share(before->revocation);
	}
	shared_release(roots->current, version);
	return kept;
}

/* Publishes the reading, unless its CRLs are older than before. */
static int
roots_judge(struct roots *roots, struct reading *fresh, struct error *err)
{
	int rc = roots_check_crls(roots, &fresh->snapshot, err);

	if (rc == 0) {
		roots_log(&fresh->snapshot);
		roots_take(roots, fresh);
	} else if (err->kind != ERROR_CONFLICT) {
		bytes_clear(&roots->marks); /* the store failed: retry */
		reading_free(fresh);
	} else if (roots_keep_earlier(roots, &fresh->snapshot)) {
		roots_take(roots, fresh);
	} else {
		roots_break(roots, err);
		reading_free(fresh);
	}
	return rc;
}

static int
roots_read(struct roots *roots, struct error *err)
{
	struct reading *fresh = NULL;
	struct bytes    marks = {0};

	marks_take(&roots->files, &marks);
	if (view_equal(bytes_view(&marks), bytes_view(&roots->marks))) {
		bytes_clear(&marks);
		return 0;
	}
	bytes_clear(&roots->marks);
	roots->marks = marks;
	if (reading_make(&roots->files, &fresh, err) == 0)
		return roots_judge(roots, fresh, err);
	if (!roots->files.tolerate_stale)
		roots_break(roots, err);
	return -1;
}

int
roots_refresh(struct roots *roots, struct error *err)
{
	struct error one;
	int          rc;

	/* CRLs verified by attestations since then are stored before anything new is read. */
	rc = roots_keep_crls(roots, err);
	if (roots_read(roots, rc == 0 ? err : &one) != 0)
		rc = -1;
	if (roots_keep_crls(roots, rc == 0 ? err : &one) != 0)
		rc = -1;
	return rc;
}

struct shared_version *
roots_acquire(struct roots *roots, struct error *err)
{
	struct shared_version *version = shared_acquire(roots->current);
	const struct reading  *reading = version->value; /* never NULL */

	if (!reading->is_broken)
		return version;
	error_set(err, ERROR_BAD_ATTESTATION_STATEMENT,
	    "no attestation is accepted until the operator mends this: %s", reading->why.detail);
	shared_release(roots->current, version);
	return NULL;
}

uint64_t
roots_generation(const struct roots *roots)
{
	return roots->generation;
}

void
roots_release(struct roots *roots, struct shared_version *version)
{
	shared_release(roots->current, version);
}

bool
roots_allow_any_name(const struct roots_snapshot *snapshot, const X509 *root)
{
	const STACK_OF(X509) *roots = trust_stack(snapshot->any_name);

	for (int i = 0; i < sk_X509_num(roots); i++) {
		if (X509_cmp(sk_X509_value(roots, i), root) == 0)
			return true;
	}
	return false;
}
