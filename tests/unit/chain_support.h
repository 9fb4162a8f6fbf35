/* A PKI whose root is trusted, leaves of it, and the verdict on them. */
#ifndef TESTS_UNIT_CHAIN_SUPPORT_H
#define TESTS_UNIT_CHAIN_SUPPORT_H

#include <string.h>

#include "pki/chain.h"
#include "pki/trust.h"
#include "pki_support.h"

static struct pki    pki;
static EVP_PKEY     *key;
static char         *directory;
static struct trust *trust;

/* Writes certificates into one PEM file of the directory; returns its path, which the caller frees. */
static inline char *
write_pem(const char *name, X509 *const *certificates, size_t count)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	for (size_t i = 0; i < count; i++)
		unit_ok(certificate_encode_pem(certificates[i], &pem, &err), &err);
	pki_write(directory, name, pem.data, pem.size);
	return file_join(directory, name);
}

static inline void
setup(void)
{
	AUTO_FREE char *path = NULL;
	struct error    err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_ptr_nonnull(key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
	directory = pki_directory();
	trust = trust_new();
	path = write_pem("root.pem", &pki.root.certificate, 1);
	unit_ok(trust_add_file(trust, path, &err), &err);
}

static inline void
teardown(void)
{
	trust_free(trust);
	pki_directory_remove(directory);
	EVP_PKEY_free(key);
	pki_clear(&pki);
}

#define LEAF "[ext]\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
#define CA "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" \
	"authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"

static inline X509 *
leaf_of(const struct ca *issuer)
{
	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .common_name = "leaf",
	    .extensions = LEAF,
	});
}

static inline struct chain_policy
policy_at(int64_t now)
{
	return (struct chain_policy){.trust = trust, .now = now};
}

/* Verifies against the policy; an empty detail is success, any other must begin the refusal. */
static inline void
verify(const struct chain_policy *policy, X509 *leaf, X509 *const *untrusted, size_t count,
    const char *detail)
{
	const X509  *root = NULL;
	struct error err = {0};

	if (detail[0] == '\0') {
		unit_ok(chain_verify(policy, leaf, untrusted, count, &root, &err), &err);
		ck_assert_int_eq(X509_cmp(root, pki.root.certificate), 0);
		ck_assert_ptr_nonnull(strstr(trust_source(trust, root), "/root.pem"));
		return;
	}
	ck_assert_int_eq(chain_verify(policy, leaf, untrusted, count, &root, &err), -1);
	ck_assert_msg(strncmp(err.detail, detail, strlen(detail)) == 0, "%s", err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	ck_assert_ptr_null(root);
}

#endif
