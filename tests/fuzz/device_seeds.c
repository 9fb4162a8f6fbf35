/*
 * Writes what the fuzzers of a device's side, and of what it sends, start from: device_seeds DIRECTORY,
 * which gets attest_request/, device_answer/, device_state/ and material/.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <tss2/tss2_mu.h>

#include "device/evidence.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/key_file.h"
#include "forge.h"
#include "fuzz.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/pem.h"
#include "tpm/spki.h"
#include "util/file.h"

#define NOW ((int64_t)1795262400)
#define DAY ((int64_t)86400)

/* The octets behind one that chooses. */
static void
seed_write(const char *directory, const char *fuzzer, const char *name, int first, struct view octets)
{
	AUTO_FREE char *folder = file_join(directory, fuzzer);
	AUTO_FREE char *path = file_join(folder, name);
	AUTO_BYTES      all = {0};
	struct error    err = {0};

	(void)mkdir(directory, 0777);
	(void)mkdir(folder, 0777);
	if (first >= 0)
		bytes_append_u8(&all, (uint8_t)first);
	bytes_append(&all, octets.data, octets.size);
	fuzz_must(file_replace(path, all.data, all.size, 0666, &err), &err);
}

static void
seed_text(const char *directory, const char *fuzzer, const char *name, int first, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	seed_write(directory, fuzzer, name, first, view_text(text));
	free(text);
	json_decref(value);
}

/* A key file of this public area; what is private is the TPM's, which looks at it later. */
static void
key_make(struct view area, struct bytes *pem, struct device_key *key)
{
	size_t       offset = 0;
	struct error err = {0};

	*key = (struct device_key){.parent = 0x81000001, .private = {.size = 48}};
	if (Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &offset, &key->public.publicArea) !=
	    TSS2_RC_SUCCESS)
		abort();
	fuzz_must(device_key_encode(key, pem, &err), &err);
}

static void
seed_request(const char *directory, const struct forge_ak *ak)
{
	struct forge_ek ek;

	forge_ek_make(FORGE_P256, &ek);
	seed_text(directory, "attest_request", "attest", 0,
	    json_pack("{s:{s:s, s:i}, s:o, s:o, s:[], s:s, s:{s:o, s:o, s:o, s:o}}", "tpmInfo", "manufacturer",
	        "1314145024", "firmwareVersion", 7, "ek", device_evidence_base64(bytes_view(&ek.spki)),
	        "ekPublic", device_evidence_base64(bytes_view(&ek.public)), "ekCerts", "wishedName", "laptop",
	        "params", "public", device_evidence_base64(bytes_view(&ak->public)), "createData",
	        device_evidence_base64(bytes_view(&ak->create_data)), "createAttestation",
	        device_evidence_base64(bytes_view(&ak->attestation)), "createSignature",
	        device_evidence_base64(bytes_view(&ak->signature))));
	seed_text(directory, "attest_request", "secret", 1,
	    json_pack("{s:s}", "secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
	forge_ek_clear(&ek);
}

static void
seed_answers(const char *directory, struct view leaf, struct view above)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	fuzz_must(pem_wrap("CERTIFICATE", leaf, &pem, &err), &err);
	fuzz_must(pem_wrap("CERTIFICATE", above, &pem, &err), &err);
	seed_text(directory, "device_answer", "challenge", 0,
	    json_pack("{s:s, s:s}", "credential", "AAIAAA==", "secret", "AAIAAA=="));
	seed_text(directory, "device_answer", "chain", 1,
	    json_pack("[o, o]", device_evidence_base64(leaf), device_evidence_base64(above)));
	seed_write(directory, "device_answer", "kept", 2, bytes_view(&pem));
	seed_write(directory, "device_answer", "issued", 3, bytes_view(&pem));
	seed_write(directory, "device_answer", "edited", 4, view_text("2\1\1\1"));
	seed_write(directory, "device_answer", "edited-ak", 5, view_text("2\1\1\1"));
	seed_text(directory, "device_answer", "problem", 6,
	    json_pack("[{s:s, s:s, s:s, s:[{s:s}]}]", "type", "urn:ietf:params:acme:error:unauthorized",
	        "enrolment", "pending", "detail",
	        "not enrolled; run: attest-ca --state-dir /a enroll 2ea8", "subproblems", "detail", "too"));
	seed_write(directory, "device_answer", "refusal", 7,
	    view_text("run: attest-ca --state-dir '/a b' --store x replace DEVICE 2ea8"));
}

static void
seed_state(const char *directory, const struct forge_ak *ak, const struct bytes *pem)
{
	struct device_ak kept = {0};
	AUTO_FREE char  *text = NULL;
	AUTO_BYTES       parts = {0};
	struct forge_ek  ek;

	bytes_append(&kept.area, ak->public.data, ak->public.size);
	bytes_append(&kept.create_data, ak->create_data.data, ak->create_data.size);
	bytes_append(&kept.attestation, ak->attestation.data, ak->attestation.size);
	bytes_append(&kept.signature, ak->signature.data, ak->signature.size);
	text = device_evidence_encode(&kept);
	fuzz_append_part(&parts, bytes_view(pem));
	bytes_append(&parts, text, strlen(text));
	device_ak_clear(&kept);
	forge_ek_make(FORGE_RSA2048, &ek);
	seed_write(directory, "device_state", "key", 0, bytes_view(pem));
	seed_write(directory, "device_state", "ak", 1, bytes_view(&parts));
	seed_write(directory, "device_state", "area", 2, bytes_view(&ek.public));
	seed_write(directory, "device_state", "settings", 3,
	    view_text("state_dir = \"/a\"\nout = \"/b\" # c\ntcti = \"swtpm:path=/s\"\n"));
	forge_ek_clear(&ek);
}

/* A pair, that being replaced by itself, and a named key without a certificate. */
static void
seed_material(const char *directory, struct view key, struct view leaf, struct view above)
{
	const struct view none = {NULL, 0};
	AUTO_BYTES        pem = {0};
	AUTO_BYTES        parts = {0};
	struct error      err = {0};

	fuzz_must(pem_wrap("CERTIFICATE", leaf, &pem, &err), &err);
	fuzz_must(pem_wrap("CERTIFICATE", above, &pem, &err), &err);
	fuzz_append_part(&parts, key);
	fuzz_append_part(&parts, bytes_view(&pem));
	seed_write(directory, "material", "pair", -1, bytes_view(&parts));
	fuzz_append_part(&parts, bytes_view(&pem));
	fuzz_append_part(&parts, none);
	fuzz_append_part(&parts, bytes_view(&pem));
	fuzz_append_part(&parts, key);
	seed_write(directory, "material", "replaced", -1, bytes_view(&parts));
}

static void
seeds_write(const char *directory)
{
	static const char *const names[] = {"laptop"};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	struct ca                root = {0};
	struct forge_ak          ak;
	struct device_key        key;
	AUTO_BYTES               spki = {0};
	AUTO_BYTES               pem = {0};
	AUTO_BYTES               leaf = {0};
	AUTO_BYTES               above = {0};
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

	fuzz_must(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	fuzz_must(ca_root_create(root.key, "Root", NOW, 400 * DAY, &root.certificate, &err), &err);
	fuzz_must(certificate_encode(root.certificate, &above, &err), &err);
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &ak);
	fuzz_must(spki_encode(ak.key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	fuzz_must(ak_certificate_issue(&root, &profile, serial, &profile.not_after, &leaf, &err), &err);
	key_make(bytes_view(&ak.public), &pem, &key);
	seed_request(directory, &ak);
	seed_answers(directory, bytes_view(&leaf), bytes_view(&above));
	seed_state(directory, &ak, &pem);
	seed_write(directory, "device_state", "public", 4, bytes_view(&leaf));
	seed_material(directory, bytes_view(&pem), bytes_view(&leaf), bytes_view(&above));
	forge_ak_clear(&ak);
	ca_clear(&root);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	seeds_write(argv[1]);
	return EXIT_SUCCESS;
}
