/*
 * A device in software, for tests of attestd: keys that no TPM holds, evidence
 * with any one flaw, and what a TPM would do with a credential. Its keys lie in a
 * directory, so that requests and activations are commands of their own. RSA keys are
 * shared with other scripts' devices of the same directory's name that were made as often.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/pem.h>

#include "forge.h"
#include "tpm/ek.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"

static const char *directory = ".";

static const struct {
	const char    *name;
	enum forge_key key;
} ek_kinds[] = {
    {"rsa2048", FORGE_RSA2048},
    {"rsa3072", FORGE_RSA3072},
    {"rsa4096", FORGE_RSA4096},
    {"p256", FORGE_P256},
    {"p384", FORGE_P384},
    {"p521", FORGE_P521},
};

static const struct {
	const char        *name;
	enum forge_ak_kind kind;
} ak_kinds[] = {
    {"rsa2048", FORGE_AK_RSASSA},
    {"rsa2048-pss", FORGE_AK_RSAPSS},
    {"rsa3072", FORGE_AK_RSASSA_3072},
    {"p256", FORGE_AK_P256},
    {"p384", FORGE_AK_P384},
    {"p521", FORGE_AK_P521},
};

/* Flaws of the EK's side, which forge.h has none of: each is an edit of the request. */
static const struct {
	const char *name;
	const char *kind;
	const char *detail;
} ek_flaws[] = {
    {"EK_OTHER_THAN_PUBLIC", "badAttestation",
        "the EK's public area holds another key than ek"},
    {"EK_LEFT_OVER", "malformed",
        "the EK is not one SubjectPublicKeyInfo in DER"},
    {"EK_NO_KEY", "malformed",
        "the EK is not one SubjectPublicKeyInfo in DER"},
    {"EK_PUBLIC_OF_AK", "badAttestation",
        "EK without decrypt: it cannot open a credential"},
    {"EK_RSA_1024", "badAttestation",
        "EK of 1024 bits: RSA must have 2048, 3072 or 4096"},
    {"EK_P224", "badAttestation",
        "EK: curve 1.3.132.0.33 is not P-256, P-384 or P-521"},
    {"EK_INFINITE", "badAttestation",
        "EK: the point at infinity of P-256 is no key"},
};

__attribute__((noreturn, format(printf, 1, 2)))
static void
die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

static void
put(const char *name, struct view data)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct error    err = {0};

	if (file_replace(path, data.data, data.size, 0600, &err) != 0)
		die("%s", err.detail);
}

static void
get(const char *name, struct bytes *out)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct error    err = {0};

	if (file_read(path, 65536, out, &err) != 0)
		die("%s", err.detail);
}

/* The EK of the directory. */
static void
ek_load(struct forge_ek *ek)
{
	AUTO_BYTES kind = {0};

	get("ek.kind", &kind);
	bytes_append_u8(&kind, '\0');
	forge_ek_make((enum forge_key)atoi((char *)kind.data), ek);
}

/* Names the RSA keys of a device that is made: by the directory's name, and how often one was made there. */
static void
keys_name(void)
{
	AUTO_FREE char *counter = NULL;
	AUTO_BYTES      text = {0};
	struct error    err = {0};
	const char     *base = strrchr(directory, '/');
	char            name[256];
	char            number[16];
	int             made = 1;

	if (asprintf(&counter, "%s.made", directory) < 0)
		die("no memory");
	if (file_read(counter, sizeof number - 1, &text, &err) == 0) {
		bytes_append_u8(&text, '\0');
		made += atoi((char *)text.data);
	}
	(void)snprintf(number, sizeof number, "%d", made);
	if (file_replace(counter, (const uint8_t *)number, strlen(number), 0600, &err) != 0)
		die("%s", err.detail);
	(void)snprintf(name, sizeof name, "%s-%d", base != NULL ? base + 1 : directory, made);
	put("keys.name", (struct view){(const uint8_t *)name, strlen(name)});
}

/* Those of the device, whose name is borrowed from *name. */
static void
keys_find(struct bytes *name)
{
	AUTO_FREE char *path = file_join(directory, "keys.name");
	struct error    err = {0};

	forge_keys_keep(directory);
	if (file_read(path, 256, name, &err) != 0)
		return;
	bytes_append_u8(name, '\0');
	forge_keys_share((const char *)name->data);
}

static int
command_make(const char *ek_name, const char *ak_name)
{
	char number[8];

	forge_keys_drop();
	keys_name();
	for (size_t i = 0; i < sizeof ek_kinds / sizeof ek_kinds[0]; i++) {
		if (strcmp(ek_kinds[i].name, ek_name) != 0)
			continue;
		(void)snprintf(number, sizeof number, "%d", (int)ek_kinds[i].key);
		put("ek.kind", (struct view){(const uint8_t *)number, strlen(number)});
		put("ak.kind", (struct view){(const uint8_t *)ak_name, strlen(ak_name)});
		return EXIT_SUCCESS;
	}
	die("no kind of EK is called %s", ek_name);
}

static int
command_hash(void)
{
	struct forge_ek ek = {0};
	struct ek_hash  hash;
	struct error    err = {0};
	char            text[EK_HASH_TEXT_SIZE];

	ek_load(&ek);
	if (ek_hash_of_key(ek.key, &hash, &err) != 0)
		die("%s", err.detail);
	ek_hash_format(&hash, text);
	puts(text);
	forge_ek_clear(&ek);
	return EXIT_SUCCESS;
}

static enum forge_ak_kind
ak_kind(void)
{
	AUTO_BYTES name = {0};

	get("ak.kind", &name);
	bytes_append_u8(&name, '\0');
	for (size_t i = 0; i < sizeof ak_kinds / sizeof ak_kinds[0]; i++) {
		if (strcmp(ak_kinds[i].name, (char *)name.data) == 0)
			return ak_kinds[i].kind;
	}
	die("no kind of AK is called %s", (char *)name.data);
}

static void
set(json_t *object, const char *key, const struct bytes *value)
{
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, value->data, value->size);

	(void)json_object_set_new(object, key, json_string(text));
}

static void
set_key(json_t *object, const char *key, EVP_PKEY *value)
{
	AUTO_BYTES spki = {0};

	forge_spki(value, &spki);
	set(object, key, &spki);
}

static json_t *
request_json(const struct forge_ek *ek, const struct forge_ak *ak)
{
	json_t *params = json_object();
	json_t *request = json_object();

	set(params, "public", &ak->public);
	set(params, "createData", &ak->create_data);
	set(params, "createAttestation", &ak->attestation);
	set(params, "createSignature", &ak->signature);
	set(request, "ek", &ek->spki);
	set(request, "ekPublic", &ek->public);
	(void)json_object_set_new(request, "params", params);
	(void)json_object_set_new(request, "tpmInfo",
	    json_pack("{si, ss, ss, ss}", "version", 2, "manufacturer", "1314145024", "model",
	        "in software", "firmwareVersion", "7.2"));
	return request;
}

/* Puts the EK's flaw of that name into the request; false when there is none. */
static bool
request_spoil(json_t *request, const struct forge_ek *ek, const struct forge_ak *ak, const char *flaw)
{
	AUTO_BYTES spki = {0};

	if (strcmp(flaw, "EK_OTHER_THAN_PUBLIC") == 0) {
		set_key(request, "ek", forge_key(FORGE_P256, 3));
	} else if (strcmp(flaw, "EK_LEFT_OVER") == 0) {
		bytes_append(&spki, ek->spki.data, ek->spki.size);
		bytes_append_u8(&spki, 0);
		set(request, "ek", &spki);
	} else if (strcmp(flaw, "EK_NO_KEY") == 0) {
		(void)json_object_set_new(request, "ek", json_string("AAAA"));
	} else if (strcmp(flaw, "EK_PUBLIC_OF_AK") == 0) {
		set_key(request, "ek", ak->key);
		set(request, "ekPublic", &ak->public);
	} else if (strcmp(flaw, "EK_RSA_1024") == 0) {
		(void)json_object_del(request, "ekPublic");
		set_key(request, "ek", forge_key(FORGE_RSA1024, 0));
	} else if (strcmp(flaw, "EK_P224") == 0) {
		(void)json_object_del(request, "ekPublic");
		set_key(request, "ek", forge_key(FORGE_P224, 0));
	} else if (strcmp(flaw, "EK_INFINITE") == 0) { /* the point is SEC 1's one octet of zero */
		static const uint8_t infinite[] = {0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
		    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
		    0x02, 0x00, 0x00};

		(void)json_object_del(request, "ekPublic");
		bytes_append(&spki, infinite, sizeof infinite);
		set(request, "ek", &spki);
	} else {
		return false;
	}
	return true;
}

static enum forge_flaw
flaw_of(const char *name)
{
	for (int i = 0; i < FORGE_FLAW_COUNT; i++) {
		if (strcmp(forge_flaw_row((enum forge_flaw)i)->name, name) == 0)
			return (enum forge_flaw)i;
	}
	return FORGE_FLAW_COUNT;
}

/* Makes the request that presents the AK of the directory; its Name and key are kept. */
static int
command_request(const char *path, const char *flaw_name)
{
	enum forge_flaw flaw = flaw_name != NULL ? flaw_of(flaw_name) : FORGE_FLAW_NONE;
	enum forge_ak_kind kind = flaw != FORGE_FLAW_NONE && flaw != FORGE_FLAW_COUNT
	    ? forge_flaw_row(flaw)->ak
	    : ak_kind();
	struct forge_ek ek = {0};
	struct forge_ak ak = {0};
	AUTO_BYTES      key = {0};
	json_t         *request;

	ek_load(&ek);
	forge_ak_make(kind, flaw != FORGE_FLAW_COUNT ? flaw : FORGE_FLAW_NONE, &ak);
	request = request_json(&ek, &ak);
	if (flaw == FORGE_FLAW_COUNT && !request_spoil(request, &ek, &ak, flaw_name))
		die("no flaw is called %s", flaw_name);
	if (json_dump_file(request, path, JSON_COMPACT) != 0)
		die("cannot write %s", path);
	json_decref(request);
	put("ak.name", (struct view){ak.name.bytes, ak.name.size});
	forge_spki(ak.key, &key);
	put("ak.der", bytes_view(&key));
	forge_ak_clear(&ak);
	forge_ek_clear(&ek);
	return EXIT_SUCCESS;
}

static void
decode(const json_t *object, const char *key, struct bytes *out)
{
	const char  *text = json_string_value(json_object_get(object, key));
	struct error err = {0};

	if (text == NULL || base64_decode(BASE64_STANDARD, text, strlen(text), out, &err) != 0)
		die("%s: %s", key, text == NULL ? "missing" : err.detail);
}

/* Opens the credential of an answer and writes the body of POST /secret. */
static int
command_activate(const char *answer_path, const char *secret_path)
{
	struct forge_ek ek = {0};
	struct tpm_name name = {0};
	AUTO_BYTES      credential = {0};
	AUTO_BYTES      encrypted = {0};
	AUTO_BYTES      stored = {0};
	AUTO_BYTES      secret = {0};
	json_t         *answer = json_load_file(answer_path, 0, NULL);
	json_t         *request = json_object();

	if (answer == NULL)
		die("%s is no JSON", answer_path);
	decode(answer, "credential", &credential);
	decode(answer, "secret", &encrypted);
	get("ak.name", &stored);
	memcpy(name.bytes, stored.data, stored.size);
	name.size = stored.size;
	ek_load(&ek);
	if (!forge_activate(&ek, &name, bytes_view(&credential), bytes_view(&encrypted), &secret))
		die("the credential does not open");
	set(request, "secret", &secret);
	if (json_dump_file(request, secret_path, JSON_COMPACT) != 0)
		die("cannot write %s", secret_path);
	json_decref(request);
	json_decref(answer);
	forge_ek_clear(&ek);
	return EXIT_SUCCESS;
}

/* One line per flaw: its name, the kind of problem, and the detail or nothing. */
static int
command_forgeries(void)
{
	for (int i = 0; i < FORGE_FLAW_COUNT; i++) {
		const struct forge_flaw_row *row = forge_flaw_row((enum forge_flaw)i);

		if (row->judge != FORGE_BY_NOBODY)
			printf("%s %s %s\n", row->name, error_type(row->kind), row->detail);
	}
	for (size_t i = 0; i < sizeof ek_flaws / sizeof ek_flaws[0]; i++)
		printf("%s %s %s\n", ek_flaws[i].name, ek_flaws[i].kind, ek_flaws[i].detail);
	return EXIT_SUCCESS;
}

static int
command_ak(void)
{
	AUTO_BYTES     der = {0};
	const uint8_t *p;
	EVP_PKEY      *key;

	get("ak.der", &der);
	p = der.data;
	if ((key = d2i_PUBKEY(NULL, &p, (long)der.size)) == NULL || PEM_write_PUBKEY(stdout, key) != 1)
		die("no key in ak.der");
	EVP_PKEY_free(key);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"directory", required_argument, NULL, 'd'},
	    {NULL, 0, NULL, 0},
	};
	AUTO_BYTES  name = {0};
	const char *command;

	while (getopt_long(argc, argv, "d:", options, NULL) == 'd')
		directory = optarg;
	keys_find(&name);
	command = optind < argc ? argv[optind] : "";
	argc -= optind;
	argv += optind;
	if (strcmp(command, "make") == 0 && argc == 3)
		return command_make(argv[1], argv[2]);
	if (strcmp(command, "hash") == 0 && argc == 1)
		return command_hash();
	if (strcmp(command, "ak") == 0 && argc == 1)
		return command_ak();
	if (strcmp(command, "request") == 0 && (argc == 2 || argc == 3))
		return command_request(argv[1], argc == 3 ? argv[2] : NULL);
	if (strcmp(command, "activate") == 0 && argc == 3)
		return command_activate(argv[1], argv[2]);
	if (strcmp(command, "forgeries") == 0 && argc == 1)
		return command_forgeries();
	die("usage: software_device --directory DIR make EK AK | hash | ak | request FILE [FLAW] | "
	    "activate ANSWER SECRET | forgeries");
}
