/* Octet for octet what OpenSSL makes of the same profiles in its configuration syntax. */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/ak_certificate.h"
#include "pki/device_certificate.h"
#include "pki/end_entity.h"
#include "pki/server_certificate.h"
#include "pki_support.h"
#include "util/hex.h"

static const char *const ak_names[] = {"laptop", "l\xc3\xa4ptop"};
static const char *const dns_names[] = {"laptop.home.example", "www.home.example"};
static const char *const server_names[] = {"acme.home.example", "127.0.0.1", "2001:db8::1"};

static int
ak_issue(const struct ca *issuer, EVP_PKEY *key, int64_t end, uint8_t *serial, struct bytes *der,
    struct error *err)
{
	AUTO_BYTES        spki = pki_spki(key);
	struct ak_profile profile = {
	    .spki = bytes_view(&spki),
	    .ek_urn = "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x rls 2",
	    .version = "id:00070002",
	    .names = ak_names,
	    .name_count = 2,
	    .crl_url = "http://attest.example/crl",
	    .not_before = PKI_NOW,
	    .not_after = end,
	};
	int64_t not_after;

	return ak_certificate_issue(issuer, &profile, serial, &not_after, der, err);
}

static int
device_issue(const struct ca *issuer, EVP_PKEY *key, int64_t end, uint8_t *serial,
    struct bytes *der, struct error *err)
{
	struct device_profile profile = {
	    .key = key,
	    .identifier = "l\xc3\xa4ptop",
	    .dns_names = dns_names,
	    .dns_count = 2,
	    .usages = DEVICE_USAGE_CLIENT | DEVICE_USAGE_SERVER,
	    .crl_url = "http://acme.example/crl/1",
	    .not_before = PKI_NOW,
	    .not_after = end,
	};
	int64_t not_after;

	return device_certificate_issue(issuer, &profile, serial, &not_after, der, err);
}

static int
server_issue(const struct ca *issuer, EVP_PKEY *key, int64_t end, uint8_t *serial,
    struct bytes *der, struct error *err)
{
	struct server_profile profile = {key, server_names, 3, NULL, PKI_NOW, end};
	int64_t               not_after;

	return server_certificate_issue(issuer, &profile, serial, &not_after, der, err);
}

/* Our profiles, and in OpenSSL's words; `id` is the subject's key identifier. */
static const struct profile {
	int (*issue)(const struct ca *issuer, EVP_PKEY *key, int64_t end, uint8_t *serial,
	    struct bytes *der, struct error *err);
	const char *common_name;
	const char *extensions;
} profiles[] = {
    {ak_issue, NULL,
        "[ext]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
        "extendedKeyUsage = 2.23.133.8.3\nsubjectAltName = critical, @san\n"
        "subjectKeyIdentifier = ${default::id}\nauthorityKeyIdentifier = keyid\n"
        "crlDistributionPoints = URI:http://attest.example/crl\n"
        "[san]\nURI.1 = urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y=\n"
        "dirName.2 = tpm\notherName.3 = 1.3.6.1.5.5.7.8.3;SEQUENCE:first\n"
        "otherName.4 = 1.3.6.1.5.5.7.8.3;SEQUENCE:second\n"
        "[tpm]\n1.2.23.133.2.1 = id:4E544300\n2.2.23.133.2.2 = NPCT75x rls 2\n"
        "3.2.23.133.2.3 = id:00070002\n"
        "[first]\nvalue = FORMAT:UTF8,UTF8:laptop\n"
        "[second]\nvalue = FORMAT:UTF8,UTF8:l\xc3\xa4ptop\n"},
    {device_issue, "l\xc3\xa4ptop",
        "[ext]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
        "extendedKeyUsage = clientAuth, serverAuth\nsubjectAltName = @san\n"
        "subjectKeyIdentifier = ${default::id}\nauthorityKeyIdentifier = keyid\n"
        "crlDistributionPoints = URI:http://acme.example/crl/1\n"
        "[san]\notherName.1 = 1.3.6.1.5.5.7.8.3;SEQUENCE:name\n"
        "DNS.2 = laptop.home.example\nDNS.3 = www.home.example\n"
        "[name]\nvalue = FORMAT:UTF8,UTF8:l\xc3\xa4ptop\n"},
    {server_issue, NULL,
        "[ext]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
        "extendedKeyUsage = serverAuth\nsubjectAltName = critical, @san\n"
        "subjectKeyIdentifier = ${default::id}\nauthorityKeyIdentifier = keyid\n"
        "[san]\nDNS.1 = acme.home.example\nIP.2 = 127.0.0.1\nIP.3 = 2001:db8::1\n"},
};

/* RFC 7093 §2, method 1, of the key as OpenSSL encodes it. */
static void
key_id_write(EVP_PKEY *key, char text[41])
{
	X509_PUBKEY         *spki = NULL;
	const unsigned char *data;
	int                  size;
	uint8_t              digest[32];

	ck_assert_int_eq(X509_PUBKEY_set(&spki, key), 1);
	ck_assert_int_eq(X509_PUBKEY_get0_param(NULL, &data, &size, NULL, spki), 1);
	ck_assert_int_eq(EVP_Digest(data, (size_t)size, digest, NULL, EVP_sha256(), NULL), 1);
	hex_encode(digest, 20, text);
	X509_PUBKEY_free(spki);
}

static X509 *
forge(const struct profile *profile, const struct ca *issuer, EVP_PKEY *key, int64_t end,
    const uint8_t serial[CERTIFICATE_SERIAL_SIZE], const EVP_MD *digest)
{
	char extensions[2048];
	char id[41];

	key_id_write(key, id);
	(void)snprintf(extensions, sizeof extensions, "id = %s\n%s", id, profile->extensions);
	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .common_name = profile->common_name,
	    .extensions = extensions,
	    .not_before = PKI_NOW,
	    .not_after = end,
	    .digest = digest,
	    .serial = {serial, CERTIFICATE_SERIAL_SIZE},
	});
}

/* The issuers: RSA signs alike every time, so that the whole certificate is the same. */
static const struct issuer_kind {
	enum key_type type;
	const EVP_MD *(*digest)(void);
	bool          repeats;
} issuers[] = {
    {KEY_TYPE_P256, EVP_sha256, false},
    {KEY_TYPE_P384, EVP_sha384, false},
    {KEY_TYPE_RSA3072, EVP_sha256, true},
};

#define ISSUERS (sizeof issuers / sizeof issuers[0])

static const struct {
	const char *algorithm;
	const char *curve;
} keys[] = {{"RSA", NULL}, {"EC", "P-256"}, {"EC", "P-384"}, {"EC", "P-521"}, {"ED25519", NULL}};

static EVP_PKEY *
key_make(size_t i)
{
	if (keys[i].curve != NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, keys[i].algorithm, keys[i].curve);
	if (i != 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, keys[i].algorithm);
	ck_assert_int_eq(EVP_PKEY_up_ref(forge_key(FORGE_RSA2048, 0)), 1);
	return forge_key(FORGE_RSA2048, 0);
}

static void
certificate_is(struct view der, X509 *wanted, const struct issuer_kind *kind, EVP_PKEY *signer)
{
	X509          *certificate = NULL;
	unsigned char *content[2] = {NULL, NULL};
	int            sizes[2];
	struct error   err = {0};

	unit_ok(certificate_decode(der, &certificate, &err), &err);
	ck_assert_int_eq(X509_verify(certificate, signer), 1);
	sizes[0] = i2d_re_X509_tbs(certificate, &content[0]);
	sizes[1] = i2d_re_X509_tbs(wanted, &content[1]);
	ck_assert_int_gt(sizes[1], 0);
	ck_assert_int_eq(sizes[0], sizes[1]);
	ck_assert_mem_eq(content[0], content[1], (size_t)sizes[1]);
	if (kind->repeats)
		ck_assert_int_eq(X509_cmp(certificate, wanted), 0);
	OPENSSL_free(content[0]);
	OPENSSL_free(content[1]);
	X509_free(certificate);
}

/* Also beyond 2049, where times are written otherwise. */
static void
issue_and_compare(const struct profile *profile, const struct pki *pki,
    const struct issuer_kind *kind, EVP_PKEY *key, int64_t end)
{
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES   der = {0};
	struct error err = {0};
	X509        *wanted;

	unit_ok(profile->issue(&pki->issuing, key, end, serial, &der, &err), &err);
	wanted = forge(profile, &pki->issuing, key, end, serial, kind->digest());
	certificate_is(bytes_view(&der), wanted, kind, pki->issuing.key);
	X509_free(wanted);
}

START_TEST(issue_of_every_profile_is_what_openssl_makes)
{
	const struct profile     *profile = &profiles[(size_t)_i / ISSUERS];
	const struct issuer_kind *kind = &issuers[(size_t)_i % ISSUERS];
	struct pki                pki = {0};

	pki_make(&pki, kind->type);
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		EVP_PKEY *key = key_make(i);

		if (i == 1)
			ca_prepare(&pki.issuing); /* what is made is the same */
		issue_and_compare(profile, &pki, kind, key, PKI_NOW + 90 * PKI_DAY);
		EVP_PKEY_free(key);
	}
	pki_clear(&pki);
}
END_TEST

START_TEST(issue_beyond_2049_is_what_openssl_makes)
{
	struct pki   pki = {0};
	EVP_PKEY    *key = key_make(1);
	struct error err = {0};

	pki.issuing.key = pki_key(KEY_TYPE_RSA3072, 1);
	unit_ok(ca_root_create(pki.issuing.key, "CA", PKI_NOW, 100 * PKI_YEAR, &pki.issuing.certificate,
	            &err), &err);
	issue_and_compare(&profiles[_i], &pki, &issuers[2], key, PKI_NOW + 50 * PKI_YEAR);
	EVP_PKEY_free(key);
	pki_clear(&pki);
}
END_TEST

START_TEST(issue_by_ed25519_verifies)
{
	struct pki   pki = {0};
	EVP_PKEY    *key = key_make(1);
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES   der = {0};
	X509        *certificate = NULL;
	struct error err = {0};

	pki.issuing.key = key_make(4);
	unit_ok(ca_root_create(pki.issuing.key, "CA", PKI_NOW, PKI_YEAR, &pki.issuing.certificate, &err),
	    &err);
	for (int prepared = 0; prepared < 2; prepared++) {
		unit_ok(profiles[0].issue(&pki.issuing, key, PKI_NOW + PKI_DAY, serial, &der, &err), &err);
		unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
		ck_assert_int_eq(X509_get_signature_nid(certificate), NID_ED25519);
		ck_assert_int_eq(X509_verify(certificate, pki.issuing.key), 1);
		X509_free(certificate);
		bytes_clear(&der);
		ca_prepare(&pki.issuing);
	}
	EVP_PKEY_free(key);
	pki_clear(&pki);
}
END_TEST

/* What no profile asks for, each with its sentence, and then no octet of a certificate. */
static const struct {
	const char *common_name;
	bool        no_key;    /* the SPKI is none */
	bool        no_key_id; /* the issuer's certificate lacks it */
	const char *detail;
} refusals[] = {
    {"", false, false, "common name \"\" (1 to 64 characters of UTF-8)"},
    {"a", true, false, NULL},
    {"a", false, true, "the issuing certificate has no subject key identifier"},
};

START_TEST(issue_of_what_no_certificate_says_fails)
{
	struct pki        pki;
	EVP_PKEY         *key = pki_key(KEY_TYPE_P256, 0);
	AUTO_BYTES        spki = pki_spki(key);
	AUTO_BYTES        der = {0};
	struct end_entity entity = {.common_name = refusals[_i].common_name,
	    .spki = refusals[_i].no_key ? view_text("none") : bytes_view(&spki),
	    .not_before = PKI_NOW, .not_after = PKI_NOW + PKI_DAY};
	struct ca         bare = {.key = key};
	uint8_t           serial[CERTIFICATE_SERIAL_SIZE];
	int64_t           not_after = 0;
	struct error      err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	bare.certificate = pki_forge(&(struct pki_forgery){.key = key, .common_name = "Bare"});
	ck_assert_int_eq(end_entity_issue(refusals[_i].no_key_id ? &bare : &pki.issuing, &entity, serial, &not_after,
	                     &der, &err), -1);
	if (refusals[_i].detail != NULL)
		ck_assert_str_eq(err.detail, refusals[_i].detail);
	ck_assert(err.detail[0] != '\0');
	ck_assert_uint_eq(der.size, 0);
	ca_clear(&bare);
	pki_clear(&pki);
}
END_TEST

#define THREADS 4
#define EACH    25

static struct pki shared_pki;
static EVP_PKEY  *shared_key;

/* Returns how many certificates did not verify, as a pointer. */
static void *
thread_main(void *arg)
{
	intptr_t bad = 0;

	(void)arg;
	for (int i = 0; i < EACH; i++) {
		uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
		AUTO_BYTES   der = {0};
		X509        *certificate = NULL;
		struct error err = {0};

		if (profiles[0].issue(&shared_pki.issuing, shared_key, PKI_NOW + PKI_DAY, serial, &der, &err) != 0 ||
		    certificate_decode(bytes_view(&der), &certificate, &err) != 0 ||
		    X509_verify(certificate, shared_pki.issuing.key) != 1)
			bad++;
		X509_free(certificate);
	}
	return (void *)bad;
}

START_TEST(issue_by_threads_from_one_prepared_context)
{
	pthread_t threads[THREADS];
	void     *bad;

	pki_make(&shared_pki, KEY_TYPE_P256);
	shared_key = key_make(1);
	ca_prepare(&shared_pki.issuing);
	ck_assert_ptr_nonnull(shared_pki.issuing.prepared);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_main, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
		ck_assert_ptr_null(bad);
	}
	EVP_PKEY_free(shared_key);
	pki_clear(&shared_pki);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("end_entity");
	TCase *tc = tcase_create("end_entity");
	int    count = (int)(sizeof profiles / sizeof profiles[0]);

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, issue_of_every_profile_is_what_openssl_makes, 0, count * (int)ISSUERS);
	tcase_add_loop_test(tc, issue_beyond_2049_is_what_openssl_makes, 0, count);
	tcase_add_test(tc, issue_by_ed25519_verifies);
	tcase_add_loop_test(tc, issue_of_what_no_certificate_says_fails, 0, sizeof refusals / sizeof refusals[0]);
	tcase_add_test(tc, issue_by_threads_from_one_prepared_context);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
