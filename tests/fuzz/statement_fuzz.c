/*
 * A hostile front shows attest-acmed's keeper an attestation statement: a valid one, made once with
 * keys in software, with edits (edits.h) of each of its structures and of the message around it.
 * Where the first octets say so, a structure is signed again after its edits, as somebody could who
 * has the AK, or a CA's key, and the Name of pubArea is put into certInfo, so that edits reach what
 * is checked behind the signatures. What is accepted must be what the AK and the CA said, for the
 * key authorization that was asked for.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "acme/keeper/policy.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/statement.h"
#include "acme/message.h"
#include "acme/settings.h"
#include "edits.h"
#include "forge.h"
#include "forge_must.h"
#include "fuzz.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/certificate_memory.h"
#include "pki/chain_memory.h"
#include "pki/key.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "sign.h"
#include "tpm/spki.h"
#include "util/error.h"

#define NOW ((int64_t)1795262400)
#define DAY ((int64_t)86400)

static const char identifier[] = "laptop";
static const char key_authorization[] = "token.thumbprint";

/* The first octet chooses the AK, the second these. */
enum flag {
	FLAG_SIGN = 1,      /* certInfo, by the AK */
	FLAG_ISSUE = 2,     /* the AK certificate, by its CA */
	FLAG_NAME = 4,      /* certInfo gets the Name of pubArea */
	FLAG_REVOKED = 8,   /* the AK certificate is one that a CRL lists */
	FLAG_CRL = 16,      /* a CRL is required */
	FLAG_NAMES = 32,    /* the AK certificate names two */
	FLAG_RSA = 64,      /* the certified key is an RSA key */
	FLAG_CHAIN = 128,   /* the first certificate's octets are taken for a chain that was kept, too */
};

enum place {
	PLACE_INFO,
	PLACE_AREA,
	PLACE_SIGNATURE,
	PLACE_LEAF,
	PLACE_ISSUING,
	PLACE_MORE, /* a third certificate */
	PLACE_FORMAT,
	PLACE_ALG,
	PLACE_MESSAGE,
	PLACE_COUNT
};

/* Attestation keys, and COSE's alg for each. */
static const struct {
	enum forge_ak_kind kind;
	int16_t            alg;
} aks[] = {
    {FORGE_AK_P256, -7}, /* ES256 */
    {FORGE_AK_RSASSA, -257},
    {FORGE_AK_RSAPSS, -37},
    {FORGE_AK_P384, -35},
    {FORGE_AK_P521, -36},
};

#define AKS (sizeof aks / sizeof aks[0])

/* What is valid for one AK. */
struct valid {
	struct forge_ak      ak;
	struct forge_certify certify[2]; /* of an ECC key, and of an RSA key */
	struct bytes         leaf[3];    /* the AK certificate, one that is revoked, one of two names */
};

static struct {
	struct ca             root;
	struct ca             issuing;
	struct bytes          issuing_der;
	struct valid          of[AKS];
	struct roots_snapshot roots;
	struct acme_settings  settings;
} world;

static void
leaf_make(EVP_PKEY *key, bool alone, struct bytes *der, uint8_t serial[CERTIFICATE_SERIAL_SIZE])
{
	static const char *const names[] = {"tablet", identifier};
	AUTO_BYTES               spki = {0};
	struct error             err = {0};
	struct ak_profile        profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = alone ? names + 1 : names,
	    .name_count = alone ? 1 : 2,
	    .not_before = NOW - DAY,
	    .not_after = NOW + DAY,
	};

	fuzz_must(spki_encode(key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	fuzz_must(ak_certificate_issue(&world.issuing, &profile, serial, &profile.not_after, der, &err), &err);
}

static void
valid_make(struct valid *valid, enum forge_ak_kind kind, struct ca_revoked *revoked)
{
	static const enum forge_key keys[] = {FORGE_P256, FORGE_RSA2048};
	uint8_t                     serial[CERTIFICATE_SERIAL_SIZE];

	forge_ak_make(kind, FORGE_FLAW_NONE, &valid->ak);
	for (size_t i = 0; i < 2; i++)
		forge_certify_make(&valid->ak, kind, keys[i], view_text(key_authorization),
		    FORGE_CERTIFY_NONE, &valid->certify[i]);
	for (size_t i = 0; i < 3; i++) {
		leaf_make(valid->ak.key, i != 2, &valid->leaf[i], serial);
		if (i == 1)
			memcpy(revoked->serial, serial, revoked->serial_size = sizeof serial);
	}
	revoked->when = NOW - DAY;
}

static void
trust_make(const struct ca_revoked *revoked)
{
	AUTO_BYTES   pem = {0};
	AUTO_BYTES   crl = {0};
	struct error err = {0};

	fuzz_must(certificate_encode_pem(world.root.certificate, &pem, &err), &err);
	world.roots.trust = trust_new();
	world.roots.any_name = trust_new();
	fuzz_must(trust_add_file(world.roots.trust, fuzz_file(bytes_view(&pem)), &err), &err);
	fuzz_must(ca_crl_create(&world.issuing, 7, revoked, AKS, NOW - DAY, 10 * DAY, &crl, &err), &err);
	world.roots.revocation = revocation_new(false);
	fuzz_must(revocation_add_file(world.roots.revocation, fuzz_file(bytes_view(&crl)), &err), &err);
	world.roots.decoded = certificate_memory_new(16);
	world.roots.verified = chain_memory_new(16);
}

static void
world_make(void)
{
	struct ca_revoked revoked[AKS] = {0};
	struct error      err = {0};

	fuzz_must(key_generate(KEY_TYPE_P256, &world.root.key, &err), &err);
	fuzz_must(key_generate(KEY_TYPE_P256, &world.issuing.key, &err), &err);
	fuzz_must(ca_root_create(world.root.key, "Root", NOW, 400 * DAY, &world.root.certificate, &err), &err);
	fuzz_must(ca_issuing_create(&world.root, world.issuing.key, "Issuing", NOW, 300 * DAY,
	         &world.issuing.certificate, &err), &err);
	fuzz_must(certificate_encode(world.issuing.certificate, &world.issuing_der, &err), &err);
	for (size_t i = 0; i < AKS; i++)
		valid_make(&world.of[i], aks[i].kind, &revoked[i]);
	trust_make(revoked);
	fuzz_must(config_file_complete(acme_settings_schema(), NULL, &world.settings, &err), &err);
	config_list_append(&world.settings.policy.key_types, "rsa-2048");
}

/* Puts the Name of the public area into a certInfo that decodes. */
static void
info_name(struct bytes *info, struct view area)
{
	TPMS_ATTEST     attest;
	size_t          offset = 0;
	TPMT_PUBLIC     public;
	size_t          used = 0;
	struct tpm_name name;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(info->data, info->size, &offset, &attest) != TSS2_RC_SUCCESS ||
	    attest.type != TPM2_ST_ATTEST_CERTIFY ||
	    Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &used, &public) != TSS2_RC_SUCCESS ||
	    (public.nameAlg != TPM2_ALG_SHA256 && public.nameAlg != TPM2_ALG_SHA384 &&
	        public.nameAlg != TPM2_ALG_SHA512 && public.nameAlg != TPM2_ALG_SHA1))
		return;
	name = forge_name(area);
	memcpy(attest.attested.certify.name.name, name.bytes, name.size);
	attest.attested.certify.name.size = (UINT16)name.size;
	bytes_clear(info);
	forge_marshal_attest(&attest, info);
}

/* ---- what must hold of what is accepted ---- */

static bool
has(struct view octets, const uint8_t *digest, size_t size)
{
	return memmem(octets.data, octets.size, digest, size) != NULL;
}

static bool
has_hash(struct view octets, struct view of, TPMI_ALG_HASH hash)
{
	uint8_t  digest[EVP_MAX_MD_SIZE];
	unsigned size;

	forge_must(EVP_Digest(of.data, of.size, digest, &size, forge_digest(hash), NULL) == 1);
	return has(octets, digest, size);
}

static void
accepted_check(const struct acme_statement *statement, const struct valid *valid, unsigned flags)
{
	const struct forge_certify *certify = &valid->certify[(flags & FLAG_RSA) != 0];
	TPMT_PUBLIC                 area;
	size_t                      offset = 0;

	assert(statement->chain_count >= 1 && view_equal(statement->format, view_text("tpm")));
	if ((flags & FLAG_SIGN) == 0) {
		assert(view_equal(statement->cert_info, bytes_view(&certify->info)));
		assert(view_equal(statement->pub_area, bytes_view(&certify->area)));
	}
	if ((flags & FLAG_ISSUE) == 0)
		assert(view_equal(statement->chain[0], bytes_view(&valid->leaf[(flags & FLAG_NAMES) != 0 ? 2 : 0])));
	assert(has_hash(statement->cert_info, view_text(key_authorization), TPM2_ALG_SHA256) ||
	    has_hash(statement->cert_info, view_text(key_authorization), TPM2_ALG_SHA384) ||
	    has_hash(statement->cert_info, view_text(key_authorization), TPM2_ALG_SHA512));
	assert(Tss2_MU_TPMT_PUBLIC_Unmarshal(statement->pub_area.data, statement->pub_area.size, &offset,
	           &area) == TSS2_RC_SUCCESS && offset == statement->pub_area.size);
	assert(has_hash(statement->cert_info, statement->pub_area, area.nameAlg));
	assert((area.objectAttributes & TPMA_OBJECT_FIXEDTPM) != 0 &&
	    (area.objectAttributes & TPMA_OBJECT_FIXEDPARENT) != 0 &&
	    (area.objectAttributes & TPMA_OBJECT_SENSITIVEDATAORIGIN) != 0 &&
	    (area.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) != 0 &&
	    (area.objectAttributes & TPMA_OBJECT_RESTRICTED) == 0);
	assert(memmem(statement->chain[0].data, statement->chain[0].size, identifier,
	           strlen(identifier)) != NULL);
}

static void
refused_check(const struct error *err)
{
	assert(err->kind == ERROR_BAD_ATTESTATION_STATEMENT && err->detail[0] != '\0');
}

/* ---- one statement ---- */

struct parts {
	struct bytes octets[PLACE_COUNT];
};

static void
parts_make(const struct valid *valid, size_t ak, unsigned flags, const struct edits *edits,
    struct parts *parts)
{
	const struct forge_certify *certify = &valid->certify[(flags & FLAG_RSA) != 0];
	const struct bytes         *leaf =
	    &valid->leaf[(flags & FLAG_REVOKED) != 0 ? 1 : (flags & FLAG_NAMES) != 0 ? 2 : 0];
	const struct bytes         *info = &certify->info;

	bytes_append(&parts->octets[PLACE_AREA], certify->area.data, certify->area.size);
	bytes_append(&parts->octets[PLACE_INFO], info->data, info->size);
	bytes_append(&parts->octets[PLACE_LEAF], leaf->data, leaf->size);
	bytes_append(&parts->octets[PLACE_ISSUING], world.issuing_der.data, world.issuing_der.size);
	bytes_append(&parts->octets[PLACE_FORMAT], "tpm", 3);
	bytes_append_u8(&parts->octets[PLACE_ALG], (uint8_t)((uint16_t)aks[ak].alg >> 8));
	bytes_append_u8(&parts->octets[PLACE_ALG], (uint8_t)aks[ak].alg);
	for (unsigned place = 0; place < PLACE_MESSAGE; place++)
		if (place != PLACE_SIGNATURE)
			(void)edits_apply(edits, place, &parts->octets[place]);
	if ((flags & FLAG_NAME) != 0)
		info_name(&parts->octets[PLACE_INFO], bytes_view(&parts->octets[PLACE_AREA]));
	if ((flags & FLAG_ISSUE) != 0)
		fuzz_sign_certificate(&parts->octets[PLACE_LEAF], world.issuing.key);
	if ((flags & FLAG_SIGN) != 0)
		forge_sign(valid->ak.key, forge_ak_scheme(aks[ak].kind), forge_ak_hash(aks[ak].kind), -1,
		    bytes_view(&parts->octets[PLACE_INFO]), &parts->octets[PLACE_SIGNATURE]);
	else
		bytes_append(&parts->octets[PLACE_SIGNATURE], certify->sig.data, certify->sig.size);
	(void)edits_apply(edits, PLACE_SIGNATURE, &parts->octets[PLACE_SIGNATURE]);
}

static int64_t
parts_alg(const struct parts *parts)
{
	const struct bytes *alg = &parts->octets[PLACE_ALG];

	return alg->size >= 2 ? (int16_t)(alg->data[0] << 8 | alg->data[1]) : 0;
}

/* The message as a front would send it, and then its edits. */
static void
message_make(const struct parts *parts, const struct edits *edits, struct bytes *body)
{
	struct acme_question *question = memory_new(sizeof *question);
	size_t                count = 0;

	*question = (struct acme_question){
	    .kind = ACME_CHALLENGE_ANSWER,
	    .account = view_text("AAAAAAAAAAAAAAAAAAAAAA"),
	    .object = view_text("BBBBBBBBBBBBBBBBBBBBBB"),
	    .statement = {.format = bytes_view(&parts->octets[PLACE_FORMAT]), .alg = parts_alg(parts),
	        .signature = bytes_view(&parts->octets[PLACE_SIGNATURE]),
	        .cert_info = bytes_view(&parts->octets[PLACE_INFO]),
	        .pub_area = bytes_view(&parts->octets[PLACE_AREA])},
	};
	for (unsigned place = PLACE_LEAF; place <= PLACE_MORE; place++)
		if (parts->octets[place].size != 0)
			question->statement.chain[count++] = bytes_view(&parts->octets[place]);
	question->statement.chain_count = count;
	acme_question_encode(question, body);
	(void)edits_apply(edits, PLACE_MESSAGE, body);
	free(question);
}

static void
statement_judge(const struct acme_statement *statement, const struct valid *valid, unsigned flags)
{
	struct statement_verdict     verdict;
	struct error                 err = {0};
	AUTO_BYTES                   serial = {0};
	struct roots_snapshot        roots = world.roots;
	const struct statement_facts facts = {
	    .roots = &roots,
	    .policy = &world.settings.policy,
	    .identifier = identifier,
	    .key_authorization = view_text(key_authorization),
	    .now = NOW,
	};

	roots.require_crl = (flags & FLAG_CRL) != 0;
	if ((flags & FLAG_CHAIN) != 0 && statement->chain_count != 0 &&
	    statement_check_chain("tpm", statement->chain[0], &facts, &serial, &err) != 0)
		refused_check(&err);
	if (statement_verify(statement, &facts, &verdict, &err) != 0) {
		refused_check(&err);
		return;
	}
	accepted_check(statement, valid, flags);
	assert(verdict.key.size != 0 && verdict.witness != NULL);
	fuzz_must(statement_check_chain(verdict.format, bytes_view(&verdict.chain), &facts, &serial, &err), &err);
	statement_verdict_clear(&verdict);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acme_question *question;
	struct parts          parts = {0};
	struct edits          edits;
	AUTO_BYTES            body = {0};
	struct error          err = {0};
	size_t                ak;

	if (world.root.key == NULL)
		world_make();
	if (size < 2)
		return 0;
	ak = data[0] % AKS;
	edits_read((struct view){data + 2, size - 2}, PLACE_COUNT, &edits);
	parts_make(&world.of[ak], ak, data[1], &edits, &parts);
	message_make(&parts, &edits, &body);
	question = memory_new(sizeof *question);
	if (acme_question_decode(bytes_view(&body), question, &err) == 0)
		statement_judge(&question->statement, &world.of[ak], data[1]);
	else
		assert(err.kind == ERROR_MALFORMED);
	free(question);
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		bytes_clear(&parts.octets[place]);
	return 0;
}
