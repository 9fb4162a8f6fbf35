/*
 * What a device answers a challenge with, from software: an attestation CA, an AK
 * that it certifies for any name, and certified keys with any one flaw. It lives as
 * long as its standard input, since its keys lie in no file: a line is a command,
 * and each is answered by a line.
 *
 *   software_acme_device ROOTS-FILE        writes its attestation root there
 *   attest NAME KEY-AUTHORIZATION [FLAW]   an attestation object, base64url
 *   flaws                                  every FLAW and what it is refused with: "FLAW=detail;…"
 *   csr CN [DNS-NAME|v3_req|server_auth]   a CSR of the certified key, base64url
 *   ak-csr CN                              one of the AK's own key
 *   key                                    the certified key, private, as JWK
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <jose/openssl.h>
#include <openssl/x509v3.h>

#include "forge.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "tpm/spki.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "webauthn/object.h"

#define DAY 86400

static struct ca       root;
static struct ca       issuing;
static struct forge_ak ak;

static void
must(int rc, const struct error *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "software_acme_device: %s\n", err->detail);
	exit(EXIT_FAILURE);
}

static void
must_be(int good)
{
	const struct error err = {0, "OpenSSL failed"};

	must(good == 1 ? 0 : -1, &err);
}

static struct view
text_view(const char *text)
{
	return (struct view){(const uint8_t *)text, strlen(text)};
}

static void
print(const void *data, size_t size)
{
	AUTO_FREE char *text = base64_encode(BASE64_URL, data, size);

	puts(text);
}

static void
ca_make(const char *roots)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};
	int64_t      now = clock_now();

	must(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	must(key_generate(KEY_TYPE_P256, &issuing.key, &err), &err);
	must(ca_root_create(root.key, "Test Root", now, 40 * DAY, &root.certificate, &err), &err);
	must(ca_issuing_create(&root, issuing.key, "Test Issuing", now, 30 * DAY, &issuing.certificate,
	         &err), &err);
	must(certificate_encode_pem(root.certificate, &pem, &err), &err);
	must(file_replace(roots, pem.data, pem.size, 0644, &err), &err);
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &ak);
}

static enum forge_certify_flaw
flaw_of(const char *name)
{
	for (unsigned i = 0; i < FORGE_CERTIFY_FLAW_COUNT; i++) {
		if (strcmp(forge_certify_row((enum forge_certify_flaw)i)->name, name) == 0)
			return (enum forge_certify_flaw)i;
	}
	fprintf(stderr, "software_acme_device: no flaw %s\n", name);
	exit(EXIT_FAILURE);
}

static void
ak_certificate(const char *name, struct bytes *der)
{
	uint8_t           serial[CERTIFICATE_SERIAL_SIZE];
	struct error      err = {0};
	AUTO_BYTES        spki = {0};
	struct ak_profile profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = &name,
	    .name_count = 1,
	    .not_before = clock_now() - 60,
	    .not_after = clock_now() + DAY / 2,
	};

	must(spki_encode(ak.key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	must(ak_certificate_issue(&issuing, &profile, serial, &profile.not_after, der, &err), &err);
}

static void
attest(const char *name, const char *authorization, const char *flaw)
{
	struct forge_certify      certify;
	struct webauthn_statement statement = {.alg = -257, .chain_count = 2};
	AUTO_BYTES                leaf = {0};
	AUTO_BYTES                issuer = {0};
	AUTO_BYTES                object = {0};
	struct error              err = {0};

	ak_certificate(name, &leaf);
	must(certificate_encode(issuing.certificate, &issuer, &err), &err);
	forge_certify_make(&ak, FORGE_AK_RSASSA, FORGE_P256, text_view(authorization),
	    flaw_of(flaw), &certify);
	statement.chain[0] = bytes_view(&leaf);
	statement.chain[1] = bytes_view(&issuer);
	statement.signature = bytes_view(&certify.sig);
	statement.cert_info = bytes_view(&certify.info);
	statement.pub_area = bytes_view(&certify.area);
	webauthn_object_encode_tpm(&statement, &object);
	print(object.data, object.size);
	forge_certify_clear(&certify);
}

static void
flaws(void)
{
	for (unsigned i = 1; i < FORGE_CERTIFY_FLAW_COUNT; i++) {
		const struct forge_certify_row *row = forge_certify_row((enum forge_certify_flaw)i);

		printf("%s=%s;", row->name, row->detail);
	}
	putchar('\n');
}

/* The key that every attestation certifies. */
static EVP_PKEY *
device_key(void)
{
	struct forge_certify certify;
	EVP_PKEY            *key;

	forge_certify_make(&ak, FORGE_AK_RSASSA, FORGE_P256, text_view(""), FORGE_CERTIFY_NONE,
	    &certify);
	key = certify.key;
	forge_certify_clear(&certify);
	return key;
}

/* What a CSR asks for besides its CN: a DNS name, or one of the words. */
static STACK_OF(X509_EXTENSION) *
csr_extensions(const char *what)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	char                      value[128];

	if (strcmp(what, "v3_req") == 0) { /* as in the openssl.cnf that comes with OpenSSL */
		sk_X509_EXTENSION_push(list,
		    X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:FALSE"));
		sk_X509_EXTENSION_push(list, X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage,
		                                 "nonRepudiation,digitalSignature,keyEncipherment"));
	} else if (strcmp(what, "server_auth") == 0) {
		sk_X509_EXTENSION_push(list,
		    X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "serverAuth"));
	} else {
		(void)snprintf(value, sizeof value, "DNS:%s", what);
		sk_X509_EXTENSION_push(list,
		    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, value));
	}
	return list;
}

static void
csr(EVP_PKEY *key, const char *name, const char *what)
{
	X509_REQ      *request = X509_REQ_new();
	unsigned char *der = NULL;
	int            size;

	must_be(X509_REQ_set_pubkey(request, key));
	must_be(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request), "CN", MBSTRING_UTF8,
	    (const unsigned char *)name, -1, -1, 0));
	if (what != NULL) {
		STACK_OF(X509_EXTENSION) *list = csr_extensions(what);

		must_be(X509_REQ_add_extensions(request, list));
		sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	}
	must_be(X509_REQ_sign(request, key, EVP_sha256()) > 0);
	size = i2d_X509_REQ(request, &der);
	must_be(size > 0);
	print(der, (size_t)size);
	OPENSSL_free(der);
	X509_REQ_free(request);
}

static void
key_print(void)
{
	json_t *jwk = jose_openssl_jwk_from_EVP_PKEY(NULL, device_key());
	char   *text = json_dumps(jwk, JSON_COMPACT);

	puts(text);
	free(text);
	json_decref(jwk);
}

static void
obey(char *line)
{
	char       *save = NULL;
	const char *command = strtok_r(line, " \n", &save);
	const char *first = strtok_r(NULL, " \n", &save);
	const char *second = strtok_r(NULL, " \n", &save);
	const char *third = strtok_r(NULL, " \n", &save);

	if (command != NULL && strcmp(command, "attest") == 0 && second != NULL)
		attest(first, second, third != NULL ? third : "NONE");
	else if (command != NULL && strcmp(command, "flaws") == 0)
		flaws();
	else if (command != NULL && strcmp(command, "csr") == 0 && first != NULL)
		csr(device_key(), first, second);
	else if (command != NULL && strcmp(command, "ak-csr") == 0 && first != NULL)
		csr(ak.key, first, NULL);
	else if (command != NULL && strcmp(command, "key") == 0)
		key_print();
	else
		puts("what?");
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	char line[4096];

	if (argc != 2) {
		fputs("usage: software_acme_device ROOTS-FILE\n", stderr);
		return 2;
	}
	ca_make(argv[1]);
	puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL)
		obey(line);
	ca_clear(&root);
	ca_clear(&issuing);
	forge_ak_clear(&ak);
	return EXIT_SUCCESS;
}
