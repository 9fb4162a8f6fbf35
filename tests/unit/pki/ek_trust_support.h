/* A vendor's root, a CA below it, and the set of what is trusted. */
#ifndef TESTS_UNIT_PKI_EK_TRUST_SUPPORT_H
#define TESTS_UNIT_PKI_EK_TRUST_SUPPORT_H

#include <string.h>

#include "ek_support.h"
#include "pki/ek_trust.h"

static struct ca        root;
static struct ca        middle; /* below it */
static EVP_PKEY        *key;
static struct ek_trust *trust;

static inline int
add(struct ek_trust *set, const X509 *certificate, bool is_root, struct error *err)
{
	AUTO_BYTES der = ek_der(certificate);

	return ek_trust_add(set, bytes_view(&der), is_root, err);
}

static inline void
import(const X509 *certificate, bool is_root)
{
	struct error err = {0};

	unit_ok(add(trust, certificate, is_root, &err), &err);
}

static inline void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	middle = ek_forge_ca(&root, "Vendor CA 1", EK_CA "authorityKeyIdentifier=keyid\n");
	key = ek_key();
	trust = ek_trust_new();
}

static inline void
teardown(void)
{
	ek_trust_free(trust);
	EVP_PKEY_free(key);
	ca_clear(&middle);
	ca_clear(&root);
}

/* Verifies with what the client sent; "" is success, any other the whole reason. Frees the certificate. */
static inline void
verify_with(X509 *certificate, X509 *const *sent, size_t count, int64_t now, const char *reason)
{
	struct ek_verdict verdict;

	memset(&verdict, 0x55, sizeof verdict);
	ck_assert_int_eq(ek_trust_verify(trust, certificate, sent, count, NULL, now, &verdict),
	    verdict.verified);
	ck_assert_str_eq(verdict.reason, reason);
	ck_assert_int_eq(verdict.verified, reason[0] == '\0');
	ck_assert_int_eq(verdict.chain_count != 0, verdict.verified);
	ck_assert_str_eq(verdict.facts.manufacturer, "id:4E544300");
	X509_free(certificate);
}

static inline void
verify(X509 *certificate, const char *reason)
{
	verify_with(certificate, NULL, 0, PKI_NOW, reason);
}

static inline X509 *
ek_of(const struct ca *issuer)
{
	return ek_forge(issuer, key, EK_EXTENSIONS);
}

/* The certificate with its last octet, one of the signature, changed. */
static inline X509 *
spoil(X509 *certificate)
{
	AUTO_BYTES   der = ek_der(certificate);
	X509        *spoiled = NULL;
	struct error err = {0};

	der.data[der.size - 1] ^= 1;
	unit_ok(certificate_decode(bytes_view(&der), &spoiled, &err), &err);
	X509_free(certificate);
	return spoiled;
}

#endif
