/* A small PKI for tests, in memory and, for the openssl command, in a directory of its own. */
#ifndef TESTS_UNIT_PKI_SUPPORT_H
#define TESTS_UNIT_PKI_SUPPORT_H

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "forge.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "tpm/spki.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* 2026-11-21T12:00:00Z: tests have a time of their own. */
#define PKI_NOW ((int64_t)1795262400)
#define PKI_DAY ((int64_t)86400)
#define PKI_YEAR (365 * PKI_DAY)

struct pki {
	struct ca root;
	struct ca issuing;
};

/* A key of the type; RSA keys, which take long, are the forge's with this index. The caller frees. */
static inline EVP_PKEY *
pki_key(enum key_type type, size_t index)
{
	EVP_PKEY    *key = NULL;
	struct error err = {0};

	if (type != KEY_TYPE_RSA3072 && type != KEY_TYPE_RSA4096) {
		unit_ok(key_generate(type, &key, &err), &err);
		return key;
	}
	key = forge_key(type == KEY_TYPE_RSA3072 ? FORGE_RSA3072 : FORGE_RSA4096, index);
	ck_assert_int_eq(EVP_PKEY_up_ref(key), 1);
	return key;
}

static inline void
pki_make(struct pki *pki, enum key_type type)
{
	struct error err = {0};

	*pki = (struct pki){0};
	pki->root.key = pki_key(type, 0);
	pki->issuing.key = pki_key(type, 1);
	unit_ok(ca_root_create(pki->root.key, "Test Root CA", PKI_NOW, 20 * PKI_YEAR,
	            &pki->root.certificate, &err), &err);
	unit_ok(ca_issuing_create(&pki->root, pki->issuing.key, "Test Issuing CA", PKI_NOW,
	            5 * PKI_YEAR, &pki->issuing.certificate, &err), &err);
}

static inline void
pki_clear(struct pki *pki)
{
	ca_clear(&pki->root);
	ca_clear(&pki->issuing);
}

/* What pki_forge is told: anything, also what no CA would sign. */
struct pki_forgery {
	const struct ca *issuer; /* NULL for self-signed by `key` */
	EVP_PKEY        *key;
	const char      *common_name; /* NULL for an empty subject */
	const char      *extensions;  /* an openssl configuration with a section [ext], or NULL */
	int64_t          not_before;  /* 0 for a day before PKI_NOW */
	int64_t          not_after;   /* 0 for a year after PKI_NOW */
	int              version;     /* 0 for 3 */
	const EVP_MD    *digest;      /* NULL for SHA-256 */
	struct view      serial;      /* empty for the next number */
};

/* Makes a certificate by OpenSSL's text configuration, none of our code; the caller frees. */
static inline X509 *
pki_forge(const struct pki_forgery *forgery)
{
	static long    serial = 1;
	X509          *x = X509_new();
	X509          *back = NULL;
	X509_NAME     *name = X509_get_subject_name(x);
	const X509    *issuer = forgery->issuer != NULL ? forgery->issuer->certificate : x;
	unsigned char *der = NULL;
	int            size;
	X509V3_CTX     context;

	(void)X509_set_version(x, forgery->version == 0 ? 2 : forgery->version - 1);
	if (forgery->serial.size != 0)
		(void)ASN1_STRING_set(X509_get_serialNumber(x), forgery->serial.data,
		    (int)forgery->serial.size);
	else
		(void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	if (forgery->common_name != NULL)
		(void)X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
		    (const unsigned char *)forgery->common_name, -1, -1, 0);
	(void)X509_set_issuer_name(x, X509_get_subject_name(issuer));
	(void)ASN1_TIME_set(X509_getm_notBefore(x),
	    forgery->not_before == 0 ? PKI_NOW - PKI_DAY : forgery->not_before);
	(void)ASN1_TIME_set(X509_getm_notAfter(x),
	    forgery->not_after == 0 ? PKI_NOW + PKI_YEAR : forgery->not_after);
	(void)X509_set_pubkey(x, forgery->key);
	if (forgery->extensions != NULL) {
		BIO  *bio = BIO_new_mem_buf(forgery->extensions, -1);
		CONF *conf = NCONF_new(NULL);

		ck_assert_int_eq(NCONF_load_bio(conf, bio, NULL), 1);
		X509V3_set_ctx(&context, (X509 *)(uintptr_t)issuer, x, NULL, NULL, 0);
		X509V3_set_nconf(&context, conf);
		if (X509V3_EXT_add_nconf(conf, &context, "ext", x) != 1) {
			ERR_print_errors_fp(stderr);
			ck_abort_msg("%s", forgery->extensions);
		}
		NCONF_free(conf);
		BIO_free(bio);
	}
	ck_assert_int_gt(X509_sign(x, forgery->issuer != NULL ? forgery->issuer->key : forgery->key,
	                     forgery->digest != NULL ? forgery->digest : EVP_sha256()), 0);
	size = i2d_X509(x, &der);
	X509_free(x);
	ck_assert_ptr_nonnull(back = d2i_X509(NULL, &(const unsigned char *){der}, size));
	OPENSSL_free(der);
	return back;
}

/* The key as spki_encode writes it; the caller clears. */
static inline struct bytes
pki_spki(EVP_PKEY *key)
{
	struct bytes spki = {0};
	struct error err = {0};

	unit_ok(spki_encode(key, &spki, &err), &err);
	return spki;
}

/* The value of the one extension `nid`; asserts that it is there, and whether critical. */
static inline const ASN1_OCTET_STRING *
pki_extension(const X509 *certificate, int nid, int critical)
{
	int             at = X509_get_ext_by_NID(certificate, nid, -1);
	X509_EXTENSION *extension = X509_get_ext(certificate, at);

	ck_assert_msg(at >= 0, "no %s", OBJ_nid2sn(nid));
	ck_assert_int_eq(X509_get_ext_by_NID(certificate, nid, at), -1);
	ck_assert_int_eq(X509_EXTENSION_get_critical(extension), critical);
	return X509_EXTENSION_get_data(extension);
}

static inline void
pki_extension_is(const X509 *certificate, int nid, int critical, const char *octets, size_t size)
{
	const ASN1_OCTET_STRING *value = pki_extension(certificate, nid, critical);

	ck_assert_int_eq(ASN1_STRING_length(value), (int)size);
	ck_assert_mem_eq(ASN1_STRING_get0_data(value), octets, size);
}

/* A directory under TMPDIR; pki_directory_remove removes it with the files in it. */
static inline char *
pki_directory(void)
{
	const char *parent = getenv("TMPDIR");
	char       *path = file_join(parent != NULL ? parent : "/tmp", "pki-test.XXXXXX");

	ck_assert_ptr_nonnull(mkdtemp(path));
	return path;
}

static inline void
pki_directory_remove(char *path)
{
	char command[4096];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", path);
	ck_assert_int_eq(system(command), 0);
	free(path);
}

static inline void
pki_write(const char *directory, const char *name, const void *data, size_t size)
{
	AUTO_FREE char *path = file_join(directory, name);
	FILE           *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void
pki_write_certificate(const char *directory, const char *name, const X509 *certificate)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	pki_write(directory, name, pem.data, pem.size);
}

/*
 * Runs a shell command in the directory; returns what it printed, which the caller
 * frees, and asserts that it ended with 0. Address sanitizer's options stay ours.
 */
static inline char *
pki_run(const char *directory, const char *command)
{
	char   line[4096];
	char  *output = calloc(1, 65536);
	FILE  *pipe;
	size_t size;

	(void)snprintf(line, sizeof line, "cd '%s' && { %s; } 2>&1", directory, command);
	ck_assert_ptr_nonnull(pipe = popen(line, "r"));
	size = fread(output, 1, 65535, pipe);
	output[size] = '\0';
	ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, output);
	return output;
}

#endif
