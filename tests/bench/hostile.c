/*
 * Makes requests with certificates that no vendor has signed, each with an EK of its own.
 * Knows nothing of attestd but the form of a request.
 */
#include "config.h"

#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "bench.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"

#define DAY 86400L

const struct hostile hostiles[] = {
    {"no certificate", "P-384", 0, 0, 256, false},
    {"one certificate, P-384", "P-384", 1, 0, 256, false},
    {"two and 6 CAs, P-384", "P-384", 2, 6, 256, false},
    {"one for an RSA-4096 EK, P-384", "P-384", 1, 0, 4096, false},
    {"one for a P-384 EK, P-384", "P-384", 1, 0, 384, false},
    {"one, its challenge answered", "P-384", 1, 0, 256, true},
    {"seven CAs, and answered", "P-384", 1, 7, 256, true},
    {"one certificate, RSA-4096", "4096", 1, 0, 256, false},
    {"two and 6 CAs, RSA-4096", "4096", 2, 6, 256, false},
    {0},
};

static const char *const vendors[] = {"P-384", "4096"};
#define VENDOR_COUNT (sizeof vendors / sizeof vendors[0])

static X509_NAME *
name_make(const char *text)
{
	X509_NAME *name = X509_NAME_new();

	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
	return name;
}

static EVP_PKEY *
key_make(const char *kind)
{
	EVP_PKEY *key = kind[0] == 'P' ? EVP_EC_gen(kind) : EVP_RSA_gen((unsigned)atoi(kind));

	if (key == NULL)
		bench_die("no key");
	return key;
}

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (extension == NULL || X509_add_ext(x, extension, -1) != 1)
		bench_die("extension %s", value);
	X509_EXTENSION_free(extension);
}

/* A certificate; `subject` is NULL for an EK's. */
static void
certificate_make(const char *issuer, const char *subject, EVP_PKEY *key, EVP_PKEY *signer, struct bytes *der)
{
	static long    serial = 1;
	X509          *x = X509_new();
	X509_NAME     *issuer_name = name_make(issuer);
	X509_NAME     *name = subject != NULL ? name_make(subject) : X509_NAME_new();
	unsigned char *octets = NULL;
	int            size;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	(void)X509_set_issuer_name(x, issuer_name);
	(void)X509_set_subject_name(x, name);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -DAY);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 365 * DAY);
	(void)X509_set_pubkey(x, key);
	extend(x, NID_basic_constraints, subject != NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(x, NID_key_usage, subject != NULL ? "critical,keyCertSign" : "critical,keyEncipherment");
	if (subject == NULL)
		extend(x, NID_ext_key_usage, "2.23.133.8.1");
	if (X509_sign(x, signer, EVP_sha256()) == 0 || (size = i2d_X509(x, &octets)) <= 0)
		bench_die("no certificate");
	bytes_append(der, octets, (size_t)size);
	OPENSSL_free(octets);
	X509_NAME_free(issuer_name);
	X509_NAME_free(name);
	X509_free(x);
}

void
hostile_vendors_write(const char *directory)
{
	for (size_t i = 0; i < VENDOR_COUNT; i++) {
		AUTO_BYTES   der = {0};
		EVP_PKEY    *key = key_make(vendors[i]);
		char         path[256];
		struct error err = {0};

		certificate_make(vendors[i], vendors[i], key, key, &der);
		(void)snprintf(path, sizeof path, "%s/%s.der", directory, vendors[i]);
		if (file_replace(path, der.data, der.size, 0600, &err) != 0)
			bench_die("%s", err.detail);
		EVP_PKEY_free(key);
	}
}

static void
list_add(json_t *list, const char *issuer, const char *subject, EVP_PKEY *key, EVP_PKEY *signer)
{
	AUTO_BYTES der = {0};

	certificate_make(issuer, subject, key, signer, &der);
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, der.data, der.size);
	(void)json_array_append_new(list, json_string(text));
}

/* A public key that was not there before; of an RSA key nobody has the other half. */
static EVP_PKEY *
ek_make(int bits)
{
	static EVP_PKEY *rsa;
	OSSL_PARAM      *numbers = NULL;
	EVP_PKEY_CTX    *ctx;
	EVP_PKEY        *key = NULL;

	if (bits < 2048)
		return EVP_EC_gen(bits == 384 ? "P-384" : bits == 521 ? "P-521" : "P-256");
	if (rsa == NULL)
		rsa = EVP_RSA_gen((unsigned)bits);
	ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	if (EVP_PKEY_todata(rsa, EVP_PKEY_PUBLIC_KEY, &numbers) != 1)
		bench_die("no key");
	for (OSSL_PARAM *p = numbers; p->key != NULL; p++) {
		if (strcmp(p->key, "n") == 0)
			((uint8_t *)p->data)[100] ^= (uint8_t)(1 + rand() % 255); /* of no prime factors of ours */
	}
	if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
		bench_die("no key");
	OSSL_PARAM_free(numbers);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

void
hostile_make(const struct hostile *hostile, const char *honest, EVP_PKEY *own, struct bytes *body)
{
	static EVP_PKEY *signer;
	static EVP_PKEY *slow;
	json_t          *request = json_loads(honest, 0, NULL);
	json_t          *list = json_array();
	EVP_PKEY        *ek = NULL;
	unsigned char   *spki = NULL;
	char            *dump;
	int              size;

	if (own != NULL)
		(void)EVP_PKEY_up_ref(ek = own);
	else
		ek = ek_make(hostile->ek);
	size = i2d_PUBKEY(ek, &spki);
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, spki, (size_t)size);
	if (signer == NULL) {
		signer = key_make("P-256");
		slow = key_make("P-384");
	}
	(void)json_object_set_new(request, "ek", json_string(text));
	(void)json_object_del(request, "ekPublic");
	for (size_t i = 0; i < hostile->own; i++)
		list_add(list, hostile->cas != 0 ? "CA" : hostile->vendor, NULL, ek, signer);
	for (size_t i = 0; i < hostile->cas; i++)
		list_add(list, hostile->vendor, "CA", slow, signer);
	(void)json_object_set_new(request, "ekCerts", list);
	dump = json_dumps(request, JSON_COMPACT);
	bytes_clear(body);
	bytes_append(body, dump, strlen(dump));
	free(dump);
	OPENSSL_free(spki);
	EVP_PKEY_free(ek);
	json_decref(request);
}
