/* An honest statement of the format "tpm", the roots and the policy that judge it, and what becomes of a bad one. */
#ifndef TESTS_UNIT_STATEMENT_WORLD_H
#define TESTS_UNIT_STATEMENT_WORLD_H

#include <string.h>

#include <openssl/x509.h>

#include "acme/keeper/policy.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/statement.h"
#include "acme/message.h"
#include "forge.h"
#include "pki/ak_certificate.h"
#include "pki/certificate_memory.h"
#include "pki/chain_memory.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "pki_support.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"

#define NAME "laptop-17"
#define KEY_AUTHORIZATION "token.thumbprint"

static char                     dir[SCRATCH_SIZE];
static char                    *roots_path;
static struct pki               pki;
static struct forge_ak          ak;
static struct forge_certify     certify;
static struct bytes             leaf; /* the AK certificate */
static struct bytes             issuing;
static uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
static struct acme_policy       policy;
static struct roots_snapshot    roots;
static struct statement_facts   facts;
static struct acme_statement    statement;
static struct statement_verdict verdict;
static struct bytes             ak_serial;
static struct error             err;

static inline void
ak_certify(const char *const *names, size_t count)
{
	struct bytes      spki = pki_spki(ak.key);
	struct ak_profile profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = count,
	    .not_before = PKI_NOW - 60,
	    .not_after = PKI_NOW + PKI_DAY,
	    .spki = bytes_view(&spki),
	};

	bytes_clear(&leaf);
	unit_ok(ak_certificate_issue(&pki.issuing, &profile, serial, &profile.not_after, &leaf, &err), &err);
	bytes_clear(&spki);
	statement.chain[0] = bytes_view(&leaf);
}

/* A certificate without a name, which is none of ours. */
static inline void
ak_certify_nobody(void)
{
	X509 *nameless = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing,
	    .key = ak.key,
	    .extensions = "[ext]\nextendedKeyUsage=2.23.133.8.3\nbasicConstraints=critical,CA:FALSE\n"
	                  "keyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n"
	                  "subjectAltName=critical,dirName:tpm\n"
	                  "[tpm]\n1.2.23.133.2.1=id:4E544300\n2.2.23.133.2.2=NPCT75x\n3.2.23.133.2.3=id:00070002\n",
	});

	bytes_clear(&leaf);
	unit_ok(certificate_encode(nameless, &leaf, &err), &err);
	X509_free(nameless);
	statement.chain[0] = bytes_view(&leaf);
}

static inline void
key_certify(enum forge_certify_flaw flaw)
{
	forge_certify_clear(&certify);
	forge_certify_make(&ak, FORGE_AK_P256, FORGE_P256, view_text(KEY_AUTHORIZATION), flaw, &certify);
	statement.signature = bytes_view(&certify.sig);
	statement.cert_info = bytes_view(&certify.info);
	statement.pub_area = bytes_view(&certify.area);
}

static inline void
setup(void)
{
	static const char *const names[] = {NAME};
	AUTO_BYTES               pem = {0};

	scratch_make(dir);
	roots_path = file_join(dir, "roots.pem");
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots_path, pem.data, pem.size, 0600, &err), &err);
	unit_ok(certificate_encode(pki.issuing.certificate, &issuing, &err), &err);
	roots = (struct roots_snapshot){
	    .trust = trust_new(), .any_name = trust_new(), .decoded = certificate_memory_new(8),
	    .verified = chain_memory_new(8)};
	unit_ok(trust_add_file(roots.trust, roots_path, &err), &err);
	config_list_append(&policy.key_types, "ecc-p256");
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	statement = (struct acme_statement){
	    .format = view_text("tpm"), .alg = -7, .chain = {{0}, bytes_view(&issuing)}, .chain_count = 2};
	facts = (struct statement_facts){.roots = &roots, .policy = &policy, .identifier = NAME,
	    .key_authorization = view_text(KEY_AUTHORIZATION), .now = PKI_NOW};
	ak_certify(names, 1);
	key_certify(FORGE_CERTIFY_NONE);
}

static inline void
teardown(void)
{
	statement_verdict_clear(&verdict);
	bytes_clear(&ak_serial);
	bytes_clear(&leaf);
	bytes_clear(&issuing);
	forge_certify_clear(&certify);
	forge_ak_clear(&ak);
	trust_free(roots.trust);
	trust_free(roots.any_name);
	revocation_free(roots.revocation);
	certificate_memory_free(roots.decoded);
	chain_memory_free(roots.verified);
	config_list_clear(&policy.key_types);
	pki_clear(&pki);
	free(roots_path);
	scratch_remove(dir);
}

/* Nothing is left of what was proven before the rule that refused. */
static inline void
refused(const char *detail)
{
	unit_fails(statement_verify(&statement, &facts, &verdict, &err), &err, ERROR_BAD_ATTESTATION_STATEMENT,
	    detail);
	ck_assert_ptr_null(verdict.format);
	ck_assert_uint_eq(verdict.key.size, 0);
	ck_assert_uint_eq(verdict.chain.size, 0);
	ck_assert_ptr_null(verdict.witness);
}

static inline void
check_refused(const char *format, struct view chain, const char *detail)
{
	unit_fails(statement_check_chain(format, chain, &facts, &ak_serial, &err), &err,
	    ERROR_BAD_ATTESTATION_STATEMENT, detail);
	ck_assert_uint_eq(ak_serial.size, 0);
}

#endif
