/*
 * For tests: makes a credential with the code of attestd and writes it as
 * tpm2_activatecredential wants it.
 *
 *   make_credential [--template] EK NAME SECRET OUT
 *
 * EK holds the EK's TPM2B_PUBLIC, NAME the object's Name, SECRET the value. With
 * --template, nameAlg and the AES size come from the kind of EK, as for peers that
 * send a SubjectPublicKeyInfo and nothing else.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm/name.h"
#include "tpm/public.h"
#include "tpm/spki.h"
#include "util/error.h"
#include "util/file.h"

#define FILE_MAX 4096

/* What tpm2-tools writes before its credentials: a magic number and a version. */
static const uint8_t header[] = {0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1};

static int
read_ek(const char *path, bool by_template, struct tpm_ek *ek, struct error *err)
{
	AUTO_BYTES  sized = {0};
	AUTO_BYTES  spki = {0};
	struct view public;
	TPMT_PUBLIC area;
	EVP_PKEY   *key = NULL;
	int         rc = -1;

	if (file_read(path, FILE_MAX, &sized, err) < 0)
		return -1;
	if (sized.size < 2)
		return error_set(err, ERROR_MALFORMED, "%s is empty", path);
	public = (struct view){sized.data + 2, sized.size - 2};
	if (tpm_public_decode(public, "EK", &area, err) == 0 &&
	    tpm_public_key(&area, &key, err) == 0 && spki_encode(key, &spki, err) == 0)
		rc = tpm_ek_decode(bytes_view(&spki), by_template ? (struct view){0} : public, ek, err);
	EVP_PKEY_free(key);
	return rc;
}

static int
read_name(const char *path, struct tpm_name *name, struct error *err)
{
	AUTO_BYTES octets = {0};

	if (file_read(path, sizeof name->bytes, &octets, err) < 0)
		return -1;
	memcpy(name->bytes, octets.data, octets.size);
	name->size = octets.size;
	return 0;
}

static int
make_credential(bool by_template, char *const arguments[4], struct error *err)
{
	struct tpm_ek   ek = {0};
	struct tpm_name name = {0};
	AUTO_BYTES      secret = {0};
	AUTO_BYTES      credential = {0};
	AUTO_BYTES      encrypted_secret = {0};
	int             rc = -1;

	bytes_append(&credential, header, sizeof header);
	if (read_ek(arguments[0], by_template, &ek, err) == 0 &&
	    read_name(arguments[1], &name, err) == 0 &&
	    file_read(arguments[2], FILE_MAX, &secret, err) == 0 &&
	    tpm_credential_make(&ek, &name, bytes_view(&secret), &credential, &encrypted_secret,
	        err) == 0) {
		bytes_append(&credential, encrypted_secret.data, encrypted_secret.size);
		rc = file_replace(arguments[3], credential.data, credential.size, 0600, err);
		if (rc == 0)
			(void)puts(ek.kind);
	}
	tpm_ek_clear(&ek);
	return rc;
}

int
main(int argc, char *argv[])
{
	bool         by_template = argc > 1 && strcmp(argv[1], "--template") == 0;
	int          first = by_template ? 2 : 1;
	struct error err = {0};

	if (argc != first + 4) {
		(void)fprintf(stderr, "usage: make_credential [--template] EK NAME SECRET OUT\n");
		return 2;
	}
	if (make_credential(by_template, argv + first, &err) < 0) {
		(void)fprintf(stderr, "make_credential: %s\n", err.detail);
		return 1;
	}
	return EXIT_SUCCESS;
}
