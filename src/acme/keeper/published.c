/* Owns the two forms of the CRL that is served; the keeper of the CRL says what it is. */
#include "config.h"

#include "acme/keeper/published.h"

#include <pthread.h>
#include <stdlib.h>

#include <openssl/pem.h>

#include "pki/pem.h"
#include "util/error.h"

struct published {
	struct bytes    root_crl; /* DER */
	pthread_mutex_t mutex;    /* over what follows */
	uint64_t        version;
	struct bytes    der;
	struct bytes    pem;
};

struct published *
published_new(struct view root_crl)
{
	struct published *published = memory_new(sizeof *published);

	if (root_crl.size != 0)
		bytes_append(&published->root_crl, root_crl.data, root_crl.size);
	if (pthread_mutex_init(&published->mutex, NULL) != 0)
		abort();
	return published;
}

void
published_free(struct published *published)
{
	if (published == NULL)
		return;
	bytes_clear(&published->root_crl);
	bytes_clear(&published->der);
	bytes_clear(&published->pem);
	(void)pthread_mutex_destroy(&published->mutex);
	free(published);
}

static int
published_wrap(const struct published *published, struct view der, struct bytes *pem,
    struct error *err)
{
	if (pem_wrap(PEM_STRING_X509_CRL, der, pem, err) != 0)
		return -1;
	if (published->root_crl.size != 0 &&
	    pem_wrap(PEM_STRING_X509_CRL, bytes_view(&published->root_crl), pem, err) != 0)
		return error_wrap(err, "the CRL of the root");
	return 0;
}

int
published_set(struct published *published, uint64_t version, struct view der, struct error *err)
{
	struct bytes pem = {0};
	struct bytes copy = {0};

	if (published_wrap(published, der, &pem, err) != 0) {
		bytes_clear(&pem);
		return -1;
	}
	bytes_append(&copy, der.data, der.size);
	(void)pthread_mutex_lock(&published->mutex);
	bytes_clear(&published->der);
	bytes_clear(&published->pem);
	published->der = copy;
	published->pem = pem;
	published->version = version;
	(void)pthread_mutex_unlock(&published->mutex);
	return 0;
}

uint64_t
published_version(struct published *published)
{
	uint64_t version;

	(void)pthread_mutex_lock(&published->mutex);
	version = published->version;
	(void)pthread_mutex_unlock(&published->mutex);
	return version;
}

void
published_piece(struct published *published, bool pem, uint64_t *version, uint64_t offset,
    size_t max, uint64_t *size, struct bytes *out)
{
	const struct bytes *file = pem ? &published->pem : &published->der;
	size_t              left;

	(void)pthread_mutex_lock(&published->mutex);
	if (*version != published->version || offset > file->size)
		offset = 0;
	*version = published->version;
	*size = file->size;
	left = file->size - (size_t)offset;
	if (file->size != 0)
		bytes_append(out, file->data + offset, left < max ? left : max);
	(void)pthread_mutex_unlock(&published->mutex);
}
