/* Owns the current CRL and its two forms; who is revoked the store says. */
#include "config.h"

#include "acme/keeper/crl_files.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "pki/ca.h"
#include "pki/pem.h"
#include "store/acme/acme.h"
#include "util/error.h"

struct crl_files {
	const struct ca *issuer;
	int64_t          lifetime;
	struct bytes     root_crl; /* DER */
	int64_t          generation; /* of the store when it was last looked at */
	struct bytes     revoked;    /* struct ca_revoked, one after the other */
	int64_t          signed_at;
	pthread_mutex_t  mutex; /* guards what follows */
	uint64_t         version; /* the number of the CRL */
	struct bytes     der;
	struct bytes     pem;
};

struct crl_files *
crl_files_new(const struct ca *issuer, int64_t lifetime, struct view root_crl)
{
	struct crl_files *crl = memory_new(sizeof *crl);

	crl->issuer = issuer;
	crl->lifetime = lifetime;
	crl->generation = -1;
	bytes_append(&crl->root_crl, root_crl.data, root_crl.size);
	(void)pthread_mutex_init(&crl->mutex, NULL);
	return crl;
}

void
crl_files_free(struct crl_files *crl)
{
	if (crl == NULL)
		return;
	bytes_clear(&crl->root_crl);
	bytes_clear(&crl->revoked);
	bytes_clear(&crl->der);
	bytes_clear(&crl->pem);
	(void)pthread_mutex_destroy(&crl->mutex);
	free(crl);
}

static bool
crl_collect_cb(const struct store_issued *issued, void *arg)
{
	struct ca_revoked entry;

	memset(&entry, 0, sizeof entry); /* padding too: lists are compared as octets */
	memcpy(entry.serial, issued->serial, issued->serial_size);
	entry.serial_size = issued->serial_size;
	entry.when = issued->revoked;
	entry.reason = issued->reason;
	bytes_append(arg, &entry, sizeof entry);
	return true;
}

/* Reads who is revoked; sets *changed when it is not who was. */
static int
crl_collect(struct crl_files *crl, struct store *store, int64_t now, bool *changed,
    struct error *err)
{
	struct bytes revoked = {0};
	int64_t      generation = 0;

	*changed = false;
	if (store_generation(store, &generation, err) != 0)
		return -1;
	if (generation == crl->generation)
		return 0;
	if (store_issued_list_revoked(store, now, crl_collect_cb, &revoked, err) != 0) {
		bytes_clear(&revoked);
		return -1;
	}
	crl->generation = generation;
	*changed = !view_equal(bytes_view(&revoked), bytes_view(&crl->revoked));
	bytes_clear(&crl->revoked);
	crl->revoked = revoked;
	return 0;
}

/* Both forms, or none. */
static int
crl_sign(struct crl_files *crl, uint64_t number, int64_t now, struct bytes *der,
    struct bytes *pem, struct error *err)
{
	if (ca_crl_create(crl->issuer, number,
	        (const struct ca_revoked *)(const void *)crl->revoked.data,
	        crl->revoked.size / sizeof(struct ca_revoked), now, crl->lifetime, der, err) != 0 ||
	    pem_wrap(PEM_STRING_X509_CRL, bytes_view(der), pem, err) != 0)
		return error_wrap(err, "signing the CRL");
	if (crl->root_crl.size != 0 &&
	    pem_wrap(PEM_STRING_X509_CRL, bytes_view(&crl->root_crl), pem, err) != 0)
		return error_wrap(err, "the CRL of the root");
	return 0;
}

int
crl_files_refresh(struct crl_files *crl, struct store *store, int64_t now, bool *fresh,
    struct error *err)
{
	struct bytes der = {0};
	struct bytes pem = {0};
	bool         changed = false;
	bool         due;
	uint64_t     number;

	*fresh = false;
	/* One from before a clock was set back begins in the future, and nobody accepts it. */
	due = crl->der.size == 0 || now < crl->signed_at ||
	    now >= crl->signed_at + crl->lifetime / 2;
	if (due)
		crl->generation = -1; /* what has expired leaves the list */
	if (crl_collect(crl, store, now, &changed, err) != 0)
		return error_wrap(err, "reading what is revoked");
	if (!changed && !due)
		return 0;
	/* The time is the number, so that it grows over restarts, unless that would not grow. */
	number = (uint64_t)now > crl->version ? (uint64_t)now : crl->version + 1;
	if (crl_sign(crl, number, now, &der, &pem, err) != 0) {
		crl->generation = -1; /* look again */
		bytes_clear(&crl->revoked);
		bytes_clear(&der);
		bytes_clear(&pem);
		return -1;
	}
	(void)pthread_mutex_lock(&crl->mutex);
	bytes_clear(&crl->der);
	bytes_clear(&crl->pem);
	crl->der = der;
	crl->pem = pem;
	crl->version = number;
	(void)pthread_mutex_unlock(&crl->mutex);
	crl->signed_at = now;
	*fresh = true;
	return 0;
}

uint64_t
crl_files_version(struct crl_files *crl)
{
	uint64_t version;

	(void)pthread_mutex_lock(&crl->mutex);
	version = crl->version;
	(void)pthread_mutex_unlock(&crl->mutex);
	return version;
}

void
crl_files_read(struct crl_files *crl, bool pem, struct bytes *out)
{
	const struct bytes *file = pem ? &crl->pem : &crl->der;

	(void)pthread_mutex_lock(&crl->mutex);
	bytes_append(out, file->data, file->size);
	(void)pthread_mutex_unlock(&crl->mutex);
}

void
crl_files_piece(struct crl_files *crl, bool pem, uint64_t *version, uint64_t offset,
    size_t max, uint64_t *size, struct bytes *out)
{
	const struct bytes *file = pem ? &crl->pem : &crl->der;
	size_t              left;

	(void)pthread_mutex_lock(&crl->mutex);
	if (*version != crl->version || offset > file->size)
		offset = 0;
	*version = crl->version;
	*size = file->size;
	left = file->size - (size_t)offset;
	if (file->size != 0)
		bytes_append(out, file->data + offset, left < max ? left : max);
	(void)pthread_mutex_unlock(&crl->mutex);
}
