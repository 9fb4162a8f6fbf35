/*
 * The format "tpm": a key that an attestation key certified with TPM2_Certify.
 * Each rule of WIRE.md §6 is a branch with a sentence of its own, here or in the
 * function of tpm/ and pki/ that it calls.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>

#include "acme/keeper/policy.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/statement.h"
#include "acme/message.h"
#include "pki/ak_check.h"
#include "pki/certificate_memory.h"
#include "pki/chain.h"
#include "pki/chain_memory.h"
#include "tpm/certify.h"
#include "tpm/digest.h"
#include "tpm/spki.h"
#include "util/error.h"

/* COSE algorithms (RFC 9053, RFC 8812) and their hash; the key family is ignored. */
static const struct {
	int64_t  alg;
	unsigned hash; /* bits of SHA-2 */
} algs[] = {
    {-257, 256}, /* RS256 */
    {-258, 384},
    {-259, 512},
    {-37, 256}, /* PS256 */
    {-38, 384},
    {-39, 512},
    {-7, 256}, /* ES256 */
    {-35, 384},
    {-36, 512},
};

/* The certificates of x5c. */
struct chain {
	X509        *certificates[ACME_CHAIN_MAX];
	size_t       count;
	struct bytes octets; /* of all, one after the other */
};

static int
alg_hash(int64_t alg, uint16_t *hash, struct error *err)
{
	for (size_t i = 0; i < sizeof algs / sizeof algs[0]; i++) {
		if (algs[i].alg == alg) {
			*hash = tpm_digest_of_bits(algs[i].hash);
			return 0;
		}
	}
	return error_set(err, ERROR_BAD_ATTESTATION,
	    "alg %lld is none of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512",
	    (long long)alg);
}

static void
chain_clear(struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++)
		X509_free(chain->certificates[i]);
	chain->count = 0;
	bytes_clear(&chain->octets);
}

static int
chain_decode(const struct acme_statement *statement, const struct statement_facts *facts,
    struct chain *chain, struct error *err)
{
	if (statement->chain_count == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "x5c is empty: the AK certificate is missing");
	while (chain->count < statement->chain_count) {
		struct view der = statement->chain[chain->count];

		if (certificate_memory_decode(facts->roots->decoded, der, &chain->certificates[chain->count],
		        err) != 0)
			return error_wrap(err, "certificate %zu of x5c", chain->count + 1);
		bytes_append(&chain->octets, der.data, der.size);
		chain->count++;
	}
	return 0;
}

/* A certificate without names is valid for any name only if the operator configured that for its
 * root. */
static int
check_name(const struct statement_facts *facts, const struct ak_names *names, const X509 *root,
    struct error *err)
{
	struct view wanted = view_text(facts->identifier);

	if (names->count == 0) {
		if (roots_allow_any_name(facts->roots, root))
			return 0;
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the AK certificate names no permanent identifier, so it proves nobody's name");
	}
	if (!ak_names_have(names, wanted))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "permanent identifier does not match: the AK certificate is for \"%s\"%s, the order"
		    " for \"%s\"", names->values[0], names->count > 1 ? " and others" : "",
		    facts->identifier);
	return 0;
}

/* Verifies the AK certificate: chain, profile and name. */
static int
check_ak(const struct statement_facts *facts, const struct chain *chain, struct error *err)
{
	struct chain_policy policy = {
	    .trust = facts->roots->trust,
	    .now = facts->now,
	    .revocation = facts->roots->revocation,
	    .crl_required = facts->roots->require_crl,
	};
	struct ak_names names = {0};
	const X509     *root = NULL;
	int             rc;

	if (chain_memory_verify(facts->roots->verified, bytes_view(&chain->octets), &policy,
	        chain->certificates[0], chain->certificates + 1, chain->count - 1, &root, err) != 0 ||
	    ak_certificate_check(chain->certificates[0], &names, err) != 0)
		return error_wrap(err, "the AK certificate");
	rc = check_name(facts, &names, root, err);
	ak_names_clear(&names);
	return rc;
}

static char *
witness_of(const X509 *ak)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(ak), NULL);
	char   *serial = number != NULL ? BN_bn2hex(number) : NULL;
	char    text[128];

	for (char *digit = serial; digit != NULL && *digit != '\0'; digit++)
		*digit = (char)tolower((unsigned char)*digit);
	(void)snprintf(text, sizeof text, "AK certificate %s", serial != NULL ? serial : "?");
	OPENSSL_free(serial);
	BN_free(number);
	return memory_strdup(text);
}

/* Verifies the certification of the key, and that the policy accepts such a key. */
static int
check_key(const struct acme_statement *statement, const struct statement_facts *facts, X509 *ak,
    struct statement_verdict *verdict, struct error *err)
{
	struct tpm_certify   evidence = {statement->cert_info, statement->signature, statement->pub_area};
	struct tpm_certified certified = {0};
	EVP_PKEY            *ak_key = X509_get0_pubkey(ak); /* not NULL: chain_verify asks for its strength */
	uint16_t             hash = 0;
	int                  rc = -1;

	if (alg_hash(statement->alg, &hash, err) != 0 ||
	    tpm_certify_verify(ak_key, &evidence, facts->key_authorization, hash, &certified, err) != 0)
		return -1;
	if (EVP_PKEY_eq(certified.key, ak_key) == 1)
		error_set(err, ERROR_BAD_ATTESTATION,
		    "the certified key is the AK itself, which certifies and does nothing else");
	else if (policy_check_key(facts->policy, certified.key, err) == 0)
		rc = spki_encode(certified.key, &verdict->key, err);
	tpm_certified_clear(&certified);
	return rc;
}

int
statement_tpm_verify(const struct acme_statement *statement, const struct statement_facts *facts,
    struct statement_verdict *verdict, struct error *err)
{
	struct chain chain = {0};
	int          rc = -1;

	if (chain_decode(statement, facts, &chain, err) == 0 && check_ak(facts, &chain, err) == 0 &&
	    check_key(statement, facts, chain.certificates[0], verdict, err) == 0) {
		verdict->witness = witness_of(chain.certificates[0]);
		bytes_append(&verdict->chain, chain.octets.data, chain.octets.size);
		rc = 0;
	}
	chain_clear(&chain);
	return rc;
}

/* Verifies the stored certificates of an accepted statement. */
static int
chain_split(struct view octets, const struct statement_facts *facts, struct chain *chain,
    struct error *err)
{
	size_t used;

	bytes_append(&chain->octets, octets.data, octets.size);
	while (octets.size != 0 && chain->count < ACME_CHAIN_MAX) {
		if (certificate_memory_decode_first(facts->roots->decoded, octets,
		        &chain->certificates[chain->count], &used, err) != 0)
			break;
		chain->count++;
		octets.data += used;
		octets.size -= used;
	}
	if (octets.size != 0 || chain->count == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "what attested the key was not kept; make a new order");
	return 0;
}

int
statement_tpm_check_chain(struct view octets, const struct statement_facts *facts,
    struct bytes *ak_serial, struct error *err)
{
	const ASN1_INTEGER *serial;
	struct chain        chain = {0};
	int                 rc = -1;

	if (chain_split(octets, facts, &chain, err) == 0 && (rc = check_ak(facts, &chain, err)) == 0) {
		serial = X509_get0_serialNumber(chain.certificates[0]);
		bytes_append(ak_serial, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
	}
	chain_clear(&chain);
	return rc;
}
