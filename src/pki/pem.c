/* Distinguishes the end of a PEM file from a broken block; never prompts for a passphrase. */
#include "config.h"

#include "pki/pem.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tpm/openssl_error.h"

BIO *
pem_open(const struct bytes *pem)
{
	/* For an empty file OpenSSL queues no error. */
	return BIO_new_mem_buf(pem->size > 0 ? (const void *)pem->data : "", (int)pem->size);
}

int
pem_no_passphrase_cb(char *buffer, int size, int writing, void *data)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)data;
	return -1;
}

bool
pem_is_at_end(void)
{
	unsigned long code = ERR_peek_last_error();

	if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE ||
	    ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE)
		return false;
	ERR_clear_error();
	return true;
}

int
pem_wrap(const char *name, struct view der, struct bytes *pem, struct error *err)
{
	BIO  *bio = BIO_new(BIO_s_mem());
	char *data;
	int   rc = 0;

	if (bio != NULL && der.size <= LONG_MAX &&
	    PEM_write_bio(bio, name, "", der.data, (long)der.size) > 0) {
		long size = BIO_get_mem_data(bio, &data);

		bytes_append(pem, data, (size_t)size);
	} else {
		rc = error_set_openssl(err, ERROR_INTERNAL, "encoding a %s as PEM", name);
	}
	BIO_free(bio);
	return rc;
}
