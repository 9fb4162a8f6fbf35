/* A small PKI for tests, in memory and, for the openssl command, in a directory of its own. */
#ifndef TESTS_UNIT_PKI_SUPPORT_H
#define TESTS_UNIT_PKI_SUPPORT_H

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
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

static inline void
pki_make(struct pki *pki, enum key_type type)
{
	struct error err = {0};

	unit_ok(key_generate(type, &pki->root.key, &err), &err);
	unit_ok(key_generate(type, &pki->issuing.key, &err), &err);
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
