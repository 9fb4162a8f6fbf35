/* Tells the end of a PEM file from a broken one; asks nobody for a passphrase. */
#include "config.h"

#include "pki/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "util/bytes.h"

BIO *
pem_open(const struct bytes *pem)
{
	/* An empty file is no error of OpenSSL's. */
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

	if (ERR_GET_LIB(code) != ERR_LIB_PEM || ERR_GET_REASON(code) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}
