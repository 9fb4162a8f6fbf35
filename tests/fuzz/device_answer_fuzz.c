/*
 * What servers answer a device: the challenge of an attestation, AK chains in JSON and as kept, the
 * certificates of an ACME server, problem documents. The first octet chooses; for some the rest is
 * edits (edits.h) of a certificate that is valid, which is then signed again, and of its PEM. A chain
 * that is taken is for this machine's key.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "device/chain.h"
#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "device/host/problem.h"
#include "device/issued.h"
#include "edits.h"
#include "forge.h"
#include "fuzz.h"
#include "http/json.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/pem.h"
#include "sign.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "tpm/spki.h"
#include "util/error.h"

#define NOW ((int64_t)1795262400)
#define DAY ((int64_t)86400)

enum place { PLACE_LEAF, PLACE_ISSUING, PLACE_PEM, PLACE_COUNT };

static struct {
	struct ca            root;
	struct ca            issuing;
	struct bytes         issuing_der;
	struct forge_ak      ak;
	struct forge_certify certify; /* of the device's key */
	TPMT_PUBLIC          area;    /* of that */
	struct bytes         leaf;    /* the AK's certificate */
} world;

static void
world_make(void)
{
	static const char *const names[] = {"laptop"};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES               spki = {0};
	struct error             err = {0};
	struct ak_profile        profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = 1,
	    .not_before = NOW - DAY,
	    .not_after = NOW + DAY,
	};

	json_init();
	fuzz_must(key_generate(KEY_TYPE_P256, &world.root.key, &err), &err);
	fuzz_must(key_generate(KEY_TYPE_P256, &world.issuing.key, &err), &err);
	fuzz_must(ca_root_create(world.root.key, "Root", NOW, 400 * DAY, &world.root.certificate, &err), &err);
	fuzz_must(ca_issuing_create(&world.root, world.issuing.key, "Issuing", NOW, 300 * DAY,
	              &world.issuing.certificate, &err), &err);
	fuzz_must(certificate_encode(world.issuing.certificate, &world.issuing_der, &err), &err);
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &world.ak);
	forge_certify_make(&world.ak, FORGE_AK_P256, FORGE_P256, view_text("a"), FORGE_CERTIFY_NONE,
	    &world.certify);
	fuzz_must(tpm_public_decode(bytes_view(&world.certify.area), "key", &world.area, &err), &err);
	fuzz_must(spki_encode(world.ak.key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	fuzz_must(ak_certificate_issue(&world.issuing, &profile, serial, &profile.not_after, &world.leaf,
	              &err), &err);
}

static void
refused_check(const struct error *err)
{
	assert(err->kind == ERROR_MALFORMED || err->kind == ERROR_BAD_ATTESTATION ||
	    (err->kind == ERROR_INTERNAL && strstr(err->detail, UNLIKE_SILENT) != NULL));
	assert(err->detail[0] != '\0');
}

static void
fuzz_challenge(struct view rest)
{
	TPM2B_ID_OBJECT        credential;
	TPM2B_ENCRYPTED_SECRET secret;
	struct error           err = {0};

	if (attestation_challenge_decode(rest, &credential, &secret, &err) != 0)
		refused_check(&err);
	else
		assert(credential.size <= sizeof credential.credential && secret.size <= sizeof secret.secret);
}

/* A chain that was read is written, and read again the same. */
static void
chain_check(struct device_chain *chain)
{
	AUTO_CHAIN      again = {0};
	AUTO_BYTES      pem = {0};
	AUTO_FREE char *issuer = device_chain_issuer(chain);
	struct error    err = {0};

	fuzz_must(device_chain_encode(chain, &pem, &err), &err);
	fuzz_must(device_chain_read(&pem, &again, &err), &err);
	assert(sk_X509_num(again.certificates) == sk_X509_num(chain->certificates));
	assert(issuer != NULL);
	(void)device_chain_not_before(chain);
	(void)device_chain_not_after(chain);
	(void)device_chain_links_verify(chain, &err);
	if (device_chain_verify(chain, bytes_view(&world.ak.public), NULL, NULL, NOW, &err) == 0)
		assert(EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(chain->certificates, 0)), world.ak.key) == 1);
	else
		refused_check(&err);
}

static void
fuzz_chain_json(struct view rest)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array = json_loadb((const char *)rest.data, rest.size, 0, NULL);

	if (array == NULL)
		return;
	if (device_chain_decode(array, &chain, &err) == 0)
		chain_check(&chain);
	else
		refused_check(&err);
	json_decref(array);
}

static void
fuzz_chain_kept(struct view rest)
{
	AUTO_CHAIN   chain = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	if (rest.size != 0)
		bytes_append(&pem, rest.data, rest.size);
	if (device_chain_read(&pem, &chain, &err) == 0)
		chain_check(&chain);
	else
		refused_check(&err);
}

static void
issued_check(struct view sent)
{
	const struct issued_order order = {.area = &world.area, .name = "laptop", .now = NOW};
	AUTO_BYTES                pem = {0};
	AUTO_BYTES                again = {0};
	struct error              err = {0};
	char                      name[IDENTIFIER_MAX + 1];
	X509                     *leaf = NULL;

	if (issued_read(sent, &order, &pem, &err) != 0) {
		refused_check(&err);
		return;
	}
	fuzz_must(issued_read(bytes_view(&pem), &order, &again, &err), &err);
	assert(view_equal(bytes_view(&pem), bytes_view(&again)));
	fuzz_must(certificate_decode_pem(&pem, "it", &leaf, &err), &err);
	assert(EVP_PKEY_eq(X509_get0_pubkey(leaf), world.certify.key) == 1);
	assert(issued_name(leaf, name) && strcmp(name, "laptop") == 0);
	X509_free(leaf);
}

static void
fuzz_issued(struct view rest)
{
	issued_check(rest);
}

/* A valid chain with edits, for the AK or, with its key in place of the AK's, for the device's key. */
static void
chain_make(struct view rest, bool for_ak, struct bytes *pem)
{
	AUTO_BYTES     leaf = {0};
	AUTO_BYTES     issuing = {0};
	struct edits   edits;
	struct error   err = {0};
	const uint8_t *at = world.leaf.data;
	X509          *certificate = d2i_X509(NULL, &at, (long)world.leaf.size);

	if (!for_ak)
		(void)X509_set_pubkey(certificate, world.certify.key);
	fuzz_must(certificate_encode(certificate, &leaf, &err), &err);
	X509_free(certificate);
	edits_read(rest, PLACE_COUNT, &edits);
	(void)edits_apply(&edits, PLACE_LEAF, &leaf);
	fuzz_sign_certificate(&leaf, world.issuing.key);
	bytes_append(&issuing, world.issuing_der.data, world.issuing_der.size);
	(void)edits_apply(&edits, PLACE_ISSUING, &issuing);
	fuzz_must(pem_wrap("CERTIFICATE", bytes_view(&leaf), pem, &err), &err);
	if (issuing.size != 0)
		fuzz_must(pem_wrap("CERTIFICATE", bytes_view(&issuing), pem, &err), &err);
	(void)edits_apply(&edits, PLACE_PEM, pem);
}

static void
fuzz_issued_edits(struct view rest)
{
	AUTO_BYTES pem = {0};

	chain_make(rest, false, &pem);
	issued_check(bytes_view(&pem));
}

static void
fuzz_chain_edits(struct view rest)
{
	AUTO_BYTES pem = {0};

	chain_make(rest, true, &pem);
	fuzz_chain_kept(bytes_view(&pem));
}

static void
fuzz_problem(struct view rest)
{
	struct http_answer answer = {.status = 400};
	struct error       err = {0};
	char               options[PROBLEM_OPTIONS_SIZE];

	if (rest.size != 0) {
		answer.status = 400 + rest.data[0];
		answer.retry_after = rest.data[0];
		bytes_append(&answer.body, rest.data + 1, rest.size - 1);
	}
	(void)problem_error(&answer, "https://a", "attestd", &err);
	assert(err.detail[0] != '\0' && err.kind < ERROR_KIND_COUNT);
	for (const unsigned char *at = (const unsigned char *)err.detail; *at != '\0'; at++)
		assert(*at >= ' ' && *at != 0x7f);
	problem_options(err.detail, options);
	(void)problem_asks_replace(err.detail, "2ea8");
	http_answer_clear(&answer);
}

static void
fuzz_refusal(struct view rest)
{
	AUTO_FREE char *text = view_dup(rest);
	char            options[PROBLEM_OPTIONS_SIZE];

	problem_options(text, options);
	assert(strpbrk(options, ";|&$`<>()\n") == NULL || strchr(options, '\'') != NULL);
	(void)problem_asks_replace(text, "2ea8");
}

static void (*const readers[])(struct view rest) = {fuzz_challenge, fuzz_chain_json, fuzz_chain_kept,
    fuzz_issued, fuzz_issued_edits, fuzz_chain_edits, fuzz_problem, fuzz_refusal};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (world.root.key == NULL)
		world_make();
	if (size != 0)
		readers[data[0] % (sizeof readers / sizeof readers[0])]((struct view){data + 1, size - 1});
	return 0;
}
