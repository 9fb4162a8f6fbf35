/*
 * Owns the operator's trust as it was last read. Whoever verifies holds on to one
 * reading of it from beginning to end.
 */
#include "config.h"

#include "acme/roots.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "pki/revocation.h"
#include "pki/trust.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

struct roots {
	struct roots_files     files;
	struct bytes           marks; /* struct file_mark, file by file */
	pthread_mutex_t        mutex; /* guards what follows */
	struct roots_snapshot *current; /* NULL: cannot be read */
	struct error           broken;
};

static void
snapshot_free(struct roots_snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	trust_free(snapshot->trust);
	trust_free(snapshot->any_name);
	revocation_free(snapshot->revocation);
	free(snapshot);
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
	mark_append(marks, files->roots);
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
snapshot_read(const struct roots_files *files, struct roots_snapshot **out, struct error *err)
{
	struct roots_snapshot *snapshot = memory_new(sizeof *snapshot);
	int                    rc;

	snapshot->require_crl = files->require_crl;
	snapshot->trust = trust_new();
	snapshot->any_name = trust_new();
	snapshot->users = 1;
	if ((rc = trust_add_file(snapshot->trust, files->roots, err)) != 0)
		error_wrap(err, "the attestation roots");
	for (size_t i = 0; rc == 0 && i < files->any_name->count; i++) {
		if ((rc = trust_add_file(snapshot->any_name, files->any_name->texts[i], err)) != 0)
			error_wrap(err, "any_name_roots");
	}
	if (rc == 0)
		rc = snapshot_read_crls(files, snapshot, err);
	if (rc != 0)
		snapshot_free(snapshot);
	else
		*out = snapshot;
	return rc;
}

int
roots_new(const struct roots_files *files, struct roots **out, struct error *err)
{
	struct roots *roots = memory_new(sizeof *roots);

	roots->files = *files;
	(void)pthread_mutex_init(&roots->mutex, NULL);
	marks_take(files, &roots->marks);
	if (snapshot_read(files, &roots->current, err) != 0) {
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
	snapshot_free(roots->current);
	bytes_clear(&roots->marks);
	(void)pthread_mutex_destroy(&roots->mutex);
	free(roots);
}

/* Puts a reading, or its failure, in place of the last. */
static void
roots_replace(struct roots *roots, struct roots_snapshot *fresh, const struct error *broken)
{
	struct roots_snapshot *old;

	(void)pthread_mutex_lock(&roots->mutex);
	old = roots->current;
	roots->current = fresh;
	if (broken != NULL)
		roots->broken = *broken;
	(void)pthread_mutex_unlock(&roots->mutex);
	if (old != NULL)
		roots_release(roots, old);
}

/* Says that the files were read again: from now on they count. */
static void
roots_log(const struct roots_snapshot *snapshot)
{
	char roots[24];
	char crls[24];

	(void)snprintf(roots, sizeof roots, "%zu", trust_count(snapshot->trust));
	(void)snprintf(crls, sizeof crls, "%zu",
	    snapshot->revocation != NULL ? revocation_count(snapshot->revocation) : 0);
	LOG(INFO, {"event", "attestation-roots"}, {"roots", roots}, {"crls", crls});
}

int
roots_refresh(struct roots *roots, struct error *err)
{
	struct roots_snapshot *fresh = NULL;
	struct bytes           marks = {0};

	marks_take(&roots->files, &marks);
	if (view_equal(bytes_view(&marks), bytes_view(&roots->marks))) {
		bytes_clear(&marks);
		return 0;
	}
	bytes_clear(&roots->marks);
	roots->marks = marks;
	if (snapshot_read(&roots->files, &fresh, err) != 0) {
		if (!roots->files.tolerate_stale)
			roots_replace(roots, NULL, err);
		return -1;
	}
	roots_log(fresh);
	roots_replace(roots, fresh, NULL);
	return 0;
}

struct roots_snapshot *
roots_acquire(struct roots *roots, struct error *err)
{
	struct roots_snapshot *snapshot;

	(void)pthread_mutex_lock(&roots->mutex);
	if ((snapshot = roots->current) != NULL)
		snapshot->users++;
	else
		error_set(err, ERROR_BAD_ATTESTATION_STATEMENT,
		    "no attestation is accepted until the operator mends this: %s", roots->broken.detail);
	(void)pthread_mutex_unlock(&roots->mutex);
	return snapshot;
}

void
roots_release(struct roots *roots, struct roots_snapshot *snapshot)
{
	bool last;

	(void)pthread_mutex_lock(&roots->mutex);
	last = --snapshot->users == 0;
	(void)pthread_mutex_unlock(&roots->mutex);
	if (last)
		snapshot_free(snapshot);
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
