/*
 * Writes what the fuzzers of pki/ start from: pki_seeds DIRECTORY, which gets
 * certificate/, csr/, ek_certificate/, ek_shown/ and trust_scan/.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "fuzz.h"
#include "pki/ak_certificate.h"
#include "pki/alt_name.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/oid.h"
#include "pki/pem.h"
#include "pki/permanent_identifier.h"
#include "tpm/spki.h"
#include "util/der.h"
#include "util/error.h"
#include "util/file.h"

#define SEED_NOW ((int64_t)1795262400)
#define SEED_DAY ((int64_t)86400)

static void
seed_check(int rc, const struct error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s\n", err->detail);
	exit(EXIT_FAILURE);
}

static void
seed_write(const char *directory, const char *fuzzer, const char *name, const struct bytes *octets)
{
	AUTO_FREE char *folder = file_join(directory, fuzzer);
	AUTO_FREE char *path = file_join(folder, name);
	struct error    err = {0};

	(void)mkdir(directory, 0777);
	(void)mkdir(folder, 0777);
	seed_check(file_replace(path, octets->data, octets->size, 0666, &err), &err);
}

static void
seed_certificates(const char *directory, const struct ca *root)
{
	static const char *const names[] = {"laptop", "l\xc3\xa4ptop"};
	struct ak_profile        profile = {
	    .ek_urn = "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = 2,
	    .crl_url = "http://attest.example/crl",
	    .not_before = SEED_NOW,
	    .not_after = SEED_NOW + SEED_DAY,
	};
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	int64_t      not_after;
	AUTO_BYTES   spki = {0};
	AUTO_BYTES   ca_der = {0};
	AUTO_BYTES   ak_der = {0};
	struct error err = {0};

	seed_check(certificate_encode(root->certificate, &ca_der, &err), &err);
	seed_write(directory, "certificate", "root", &ca_der);
	seed_check(spki_encode(root->key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	seed_check(ak_certificate_issue(root, &profile, serial, &not_after, &ak_der, &err), &err);
	seed_write(directory, "certificate", "ak", &ak_der);
}

/* A list of names as an extension's value, behind the octet that chooses the extension. */
static void
seed_names(const char *directory, struct view names)
{
	AUTO_BYTES seed = {0};

	bytes_append_u8(&seed, 0);
	der_append(&seed, DER_SEQUENCE, names);
	seed_write(directory, "csr", "names", &seed);
}

static void
seed_add_names(X509 *certificate, struct view names)
{
	AUTO_BYTES           der = {0};
	const unsigned char *at;
	GENERAL_NAMES       *list;

	der_append(&der, DER_SEQUENCE, names);
	at = der.data;
	list = d2i_GENERAL_NAMES(NULL, &at, (long)der.size);
	(void)X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 1, X509V3_ADD_DEFAULT);
	GENERAL_NAMES_free(list);
}

static void
seed_add_purpose(X509 *certificate, const ASN1_OBJECT *purpose)
{
	EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();

	(void)sk_ASN1_OBJECT_push(usage, OBJ_dup(purpose));
	(void)X509_add1_ext_i2d(certificate, NID_ext_key_usage, usage, 0, X509V3_ADD_DEFAULT);
	EXTENDED_KEY_USAGE_free(usage);
}

static void
seed_csrs(const char *directory, EVP_PKEY *key)
{
	X509_REQ      *request = X509_REQ_new();
	AUTO_BYTES     names = {0};
	AUTO_BYTES     der = {0};
	unsigned char *data = NULL;
	int            size;
	struct error   err = {0};

	seed_check(alt_name_add_dns(&names, "laptop.home.example", &err), &err);
	permanent_identifier_append(&names, "laptop");
	seed_names(directory, bytes_view(&names));
	(void)X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
	    MBSTRING_UTF8, (const unsigned char *)"laptop", -1, -1, 0);
	(void)X509_REQ_set_pubkey(request, key);
	(void)X509_REQ_sign(request, key, EVP_sha256());
	size = i2d_X509_REQ(request, &data);
	bytes_append(&der, data, (size_t)size);
	OPENSSL_free(data);
	seed_write(directory, "csr", "plain", &der);
	X509_REQ_free(request);
}

/* PKCS#7 of one certificate, DER and PEM; and that one as OpenSSL's trusted certificate. */
static void
seed_pkcs7(const char *directory, X509 *certificate)
{
	PKCS7         *bag = PKCS7_new();
	X509          *trusted = X509_dup(certificate);
	unsigned char *data = NULL;
	AUTO_BYTES     der = {0};
	AUTO_BYTES     pem = {0};
	AUTO_BYTES     aux = {0};
	AUTO_BYTES     trusted_pem = {0};
	struct error   err = {0};
	int            size;

	(void)PKCS7_set_type(bag, NID_pkcs7_signed);
	(void)PKCS7_content_new(bag, NID_pkcs7_data);
	(void)PKCS7_add_certificate(bag, certificate);
	size = i2d_PKCS7(bag, &data);
	bytes_append(&der, data, (size_t)size);
	OPENSSL_free(data);
	seed_check(pem_wrap("PKCS7", bytes_view(&der), &pem, &err), &err);
	(void)X509_add1_trust_object(trusted, OBJ_nid2obj(NID_server_auth));
	data = NULL;
	size = i2d_X509_AUX(trusted, &data);
	bytes_append(&aux, data, (size_t)size);
	OPENSSL_free(data);
	seed_check(pem_wrap("TRUSTED CERTIFICATE", bytes_view(&aux), &trusted_pem, &err), &err);
	seed_write(directory, "trust_scan", "pkcs7.der", &der);
	seed_write(directory, "trust_scan", "pkcs7.pem", &pem);
	seed_write(directory, "trust_scan", "trusted.pem", &trusted_pem);
	PKCS7_free(bag);
	X509_free(trusted);
}

/* The EK's key, its root twice, and what the machine sends: the certificate, alone or with others. */
static void
seed_ek_shown(const char *directory, const struct ca *root, struct view der, struct view ca_der)
{
	AUTO_BYTES   spki = {0};
	AUTO_BYTES   seed = {0};
	struct error err = {0};

	seed_check(spki_encode(root->key, &spki, &err), &err);
	fuzz_append_part(&seed, bytes_view(&spki));
	fuzz_append_part(&seed, ca_der);
	fuzz_append_part(&seed, ca_der);
	fuzz_append_part(&seed, der);
	seed_write(directory, "ek_shown", "alone", &seed);
	fuzz_append_part(&seed, ca_der);
	fuzz_append_part(&seed, der);
	seed_write(directory, "ek_shown", "several", &seed);
}

/* An EK certificate, its root, and twice an intermediate that is none of its chain. */
static void
seed_ek_certificates(const char *directory, const struct ca *root)
{
	static const struct alt_name_tpm tpm = {"id:4E544300", "NPCT75x", "id:00070002"};
	AUTO_BYTES                       names = {0};
	X509                            *ek = X509_new();
	AUTO_BYTES                       der = {0};
	AUTO_BYTES                       ca_der = {0};
	AUTO_BYTES                       seed = {0};
	struct error                     err = {0};

	(void)X509_set_version(ek, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(ek), 1);
	(void)X509_set_issuer_name(ek, X509_get_subject_name(root->certificate));
	(void)ASN1_TIME_set(X509_getm_notBefore(ek), SEED_NOW);
	(void)ASN1_TIME_set(X509_getm_notAfter(ek), SEED_NOW + SEED_DAY);
	(void)X509_set_pubkey(ek, root->key);
	seed_check(alt_name_add_tpm(&names, &tpm, &err), &err);
	seed_add_names(ek, bytes_view(&names));
	seed_add_purpose(ek, oid_get(OID_EK_CERTIFICATE));
	(void)X509_sign(ek, root->key, EVP_sha256());
	seed_check(certificate_encode(ek, &der, &err), &err);
	seed_check(certificate_encode(root->certificate, &ca_der, &err), &err);
	fuzz_append_part(&seed, bytes_view(&der));
	for (size_t i = 0; i < 3; i++)
		fuzz_append_part(&seed, bytes_view(&ca_der));
	seed_write(directory, "ek_certificate", "verified", &seed);
	seed_ek_shown(directory, root, bytes_view(&der), bytes_view(&ca_der));
	bytes_append(&der, ca_der.data, ca_der.size);
	seed_write(directory, "trust_scan", "two", &der);
	seed_pkcs7(directory, root->certificate);
	X509_free(ek);
}

int
main(int argc, char **argv)
{
	struct ca    root = {0};
	struct error err = {0};

	if (argc != 2) {
		(void)fprintf(stderr, "usage: pki_seeds DIRECTORY\n");
		return EXIT_FAILURE;
	}
	seed_check(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	seed_check(ca_root_create(root.key, "Seed CA", SEED_NOW, 365 * SEED_DAY, &root.certificate,
	               &err), &err);
	seed_certificates(argv[1], &root);
	seed_csrs(argv[1], root.key);
	seed_ek_certificates(argv[1], &root);
	ca_clear(&root);
	return EXIT_SUCCESS;
}
