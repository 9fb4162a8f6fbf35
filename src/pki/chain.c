/* Builds and verifies chains with OpenSSL's verifier; fetches nothing. */
#include "config.h"

#include "pki/chain.h"

#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "pki/certificate.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "tpm/openssl_error.h"
#include "util/clock.h"

/* 112 bits: RSA of 2048 bits and SHA-256; OpenSSL's "security level". */
#define CHAIN_AUTH_LEVEL 2

#define CHAIN_NAME_SIZE 160

/* OpenSSL's message, or our own where OpenSSL's would not help. */
static const struct {
	int         code;
	const char *sentence;
} sentences[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "its issuer is neither trusted nor in the chain"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "its issuer is neither trusted nor in the chain"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "its issuer is neither trusted nor in the chain"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "it is self-signed and not trusted"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "it is self-signed and not trusted"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "its signature is not by its issuer's key"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, "the chain is too long"},
    {X509_V_ERR_INVALID_CA, "it is no CA, but issued another certificate"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, "more CAs are below it than it allows"},
    {X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "its key usage does not let it sign certificates"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "it has a critical extension that is not understood"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too short"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "its key is too short"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "it is signed with a weak hash"},
};

static const char *
chain_sentence(int code)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (sentences[i].code == code)
			return sentences[i].sentence;
	return X509_verify_cert_error_string(code);
}

/* "the certificate" or "the CA "CN = …"". */
static void
chain_name(const X509 *certificate, int depth, char text[CHAIN_NAME_SIZE])
{
	char subject[CHAIN_NAME_SIZE / 2];

	if (depth == 0 || certificate == NULL) {
		(void)snprintf(text, CHAIN_NAME_SIZE, "the certificate");
		return;
	}
	certificate_subject(certificate, subject, sizeof subject);
	(void)snprintf(text, CHAIN_NAME_SIZE, "the CA \"%s\"", subject);
}

static int
chain_refuse(X509_STORE_CTX *context, int64_t now, struct error *err)
{
	int         code = X509_STORE_CTX_get_error(context);
	const X509 *at = X509_STORE_CTX_get_current_cert(context);
	char        name[CHAIN_NAME_SIZE];
	char        when[CLOCK_TEXT_SIZE];
	char        then[CLOCK_TEXT_SIZE];

	ERR_clear_error();
	chain_name(at, X509_STORE_CTX_get_error_depth(context), name);
	clock_format(now, then);
	if (code == X509_V_ERR_CERT_HAS_EXPIRED && at != NULL) {
		clock_format(certificate_not_after(at), when);
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s expired at %s, and it is %s here; are both clocks right?", name, when, then);
	}
	if (code == X509_V_ERR_CERT_NOT_YET_VALID && at != NULL) {
		clock_format(certificate_not_before(at), when);
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s is not valid before %s, and it is %s here; are both clocks right?", name, when,
		    then);
	}
	return error_set(err, ERROR_BAD_ATTESTATION, "%s: %s", name, chain_sentence(code));
}

static int
chain_check_revocation(const struct chain_policy *policy, const STACK_OF(X509) *chain,
    struct error *err)
{
	if (policy->revocation == NULL)
		return 0;
	if (policy->crl_required && !revocation_has_issuer(policy->revocation, sk_X509_value(chain, 1)))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "there is no CRL of its issuer, which may have revoked it");
	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		char name[CHAIN_NAME_SIZE];

		if (revocation_check(policy->revocation, sk_X509_value(chain, i),
		        sk_X509_value(chain, i + 1), policy->now, err) != 0) {
			chain_name(sk_X509_value(chain, i), i, name);
			return error_wrap(err, "%s", name);
		}
	}
	return 0;
}

static void
chain_set_policy(X509_STORE_CTX *context, const struct chain_policy *policy)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
	unsigned long      flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST;

	if (!policy->lax)
		flags |= X509_V_FLAG_X509_STRICT;
	X509_STORE_CTX_set0_trusted_stack(context, trust_stack(policy->trust));
	(void)X509_VERIFY_PARAM_set_flags(param, flags);
	X509_VERIFY_PARAM_set_time(param, (time_t)policy->now);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_INTERMEDIATES_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, policy->lax ? 0 : CHAIN_AUTH_LEVEL);
}

static int
chain_build_with(X509_STORE_CTX *context, const struct chain_policy *policy, STACK_OF(X509) **path,
    struct error *err)
{
	chain_set_policy(context, policy);
	if (X509_verify_cert(context) != 1)
		return chain_refuse(context, policy->now, err);
	if (sk_X509_num(X509_STORE_CTX_get0_chain(context)) < 2) /* the leaf itself is in the trust store */
		return error_set(err, ERROR_BAD_ATTESTATION, "the certificate is a trusted root itself");
	if ((*path = X509_STORE_CTX_get1_chain(context)) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "verifying a chain");
	return 0;
}

int
chain_build(const struct chain_policy *policy, X509 *leaf, X509 *const *untrusted, size_t count,
    STACK_OF(X509) **path, struct error *err)
{
	X509_STORE_CTX *context = NULL;
	STACK_OF(X509) *stack = NULL;
	int             rc;

	*path = NULL;
	if (count > CHAIN_INTERMEDIATES_MAX)
		return error_set(err, ERROR_BAD_ATTESTATION, "a chain of more than %d intermediates",
		    CHAIN_INTERMEDIATES_MAX);
	if ((stack = sk_X509_new_reserve(NULL, (int)count)) == NULL ||
	    (context = X509_STORE_CTX_new()) == NULL) {
		sk_X509_free(stack);
		return error_set_openssl(err, ERROR_INTERNAL, "verifying a chain");
	}
	for (size_t i = 0; i < count; i++)
		(void)sk_X509_push(stack, untrusted[i]); /* cannot fail: space was reserved */
	if (X509_STORE_CTX_init(context, NULL, leaf, stack) == 1)
		rc = chain_build_with(context, policy, path, err);
	else
		rc = error_set_openssl(err, ERROR_INTERNAL, "verifying a chain");
	X509_STORE_CTX_free(context);
	sk_X509_free(stack);
	return rc;
}

int
chain_check(const struct chain_policy *policy, const STACK_OF(X509) *path, const X509 **root,
    struct error *err)
{
	if (chain_check_revocation(policy, path, err) != 0)
		return -1;
	*root = sk_X509_value(path, sk_X509_num(path) - 1);
	return 0;
}

int
chain_verify(const struct chain_policy *policy, X509 *leaf, X509 *const *untrusted, size_t count,
    const X509 **root, struct error *err)
{
	STACK_OF(X509) *path;
	int             rc;

	*root = NULL;
	if (chain_build(policy, leaf, untrusted, count, &path, err) != 0)
		return -1;
	rc = chain_check(policy, path, root, err);
	sk_X509_pop_free(path, X509_free);
	return rc;
}
