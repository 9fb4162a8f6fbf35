/* Finds a decoded certificate by the digest of its octets; the table is util/lru's. */
#include "config.h"

#include "pki/certificate_memory.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/certificate.h"
#include "util/error.h"
#include "util/lru.h"

struct certificate_memory {
	struct lru *lru; /* X509 */
};

static void
certificate_clear_cb(void *value)
{
	X509_free(value);
}

struct certificate_memory *
certificate_memory_new(size_t max)
{
	struct certificate_memory *memory = memory_new(sizeof *memory);

	memory->lru = lru_new(max, certificate_clear_cb);
	return memory;
}

void
certificate_memory_free(struct certificate_memory *memory)
{
	if (memory == NULL)
		return;
	lru_free(memory->lru);
	free(memory);
}

static void
certificate_use_cb(void *value, void *arg)
{
	X509 **out = arg;

	*out = value;
	(void)X509_up_ref(*out);
}

/* Octets of the first value, with its head; 0 when it does not end within them. */
static size_t
first_size(struct view der)
{
	const unsigned char *p = der.data;
	long                 length;
	int                  tag;
	int                  class;

	if (der.size == 0 || der.size > LONG_MAX ||
	    (ASN1_get_object(&p, &length, &tag, &class, (long)der.size) & 0x80) != 0) {
		ERR_clear_error();
		return 0;
	}
	return (size_t)(p - der.data) + (size_t)length;
}

int
certificate_memory_decode_first(struct certificate_memory *memory, struct view der, X509 **out,
    size_t *used, struct error *err)
{
	size_t  size = first_size(der);
	uint8_t key[LRU_KEY_SIZE];

	if (size == 0 || EVP_Digest(der.data, size, key, NULL, EVP_sha256(), NULL) != 1)
		return certificate_decode_first(der, out, used, err); /* which says what is wrong */
	if (lru_find(memory->lru, key, certificate_use_cb, out)) {
		*used = size;
		return 0;
	}
	if (certificate_decode_first(der, out, used, err) != 0)
		return -1;
	if (*used == size && X509_up_ref(*out) == 1)
		lru_put(memory->lru, key, *out);
	return 0;
}

int
certificate_memory_decode(struct certificate_memory *memory, struct view der, X509 **out,
    struct error *err)
{
	size_t used;

	if (certificate_memory_decode_first(memory, der, out, &used, err) != 0)
		return -1;
	if (used == der.size)
		return 0;
	X509_free(*out);
	*out = NULL;
	return error_set(err, ERROR_MALFORMED, "%zu octets after a certificate", der.size - used);
}
