/* Every form of an EK in octets, and each with an octet flipped, cut off or added. */
#include "config.h"

#include <string.h>

#include "admin/ek_content.h"
#include "cleansed.h"
#include "ek_support.h"
#include "forge.h"
#include "pki/pem.h"
#include "tpm/ek.h"
#include "util/base64.h"

static const char unknown[] =
    "f holds neither a public key nor a certificate, PEM or DER, nor a TPM's public area";

static struct error err;

/* ---- the forms ---- */

static void
make_spki(const struct forge_ek *ek, struct bytes *out)
{
	bytes_append(out, ek->spki.data, ek->spki.size);
}

/* What the BIT STRING of an RSA key's SubjectPublicKeyInfo holds (RSA-2048: behind 24 octets). */
static void
make_pkcs1(const struct forge_ek *ek, struct bytes *out)
{
	bytes_append(out, ek->spki.data + 24, ek->spki.size - 24);
}

static void
make_tpmt(const struct forge_ek *ek, struct bytes *out)
{
	bytes_append(out, ek->public.data, ek->public.size);
}

static void
make_tpm2b(const struct forge_ek *ek, struct bytes *out)
{
	bytes_append_u8(out, (uint8_t)(ek->public.size >> 8));
	bytes_append_u8(out, (uint8_t)ek->public.size);
	make_tpmt(ek, out);
}

static void
make_certificate(const struct forge_ek *ek, struct bytes *out)
{
	struct ca  root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	X509      *certificate = ek_forge(&root, ek->key, EK_EXTENSIONS);
	AUTO_BYTES der = ek_der(certificate);

	bytes_append(out, der.data, der.size);
	X509_free(certificate);
	ca_clear(&root);
}

static const struct {
	void (*make)(const struct forge_ek *ek, struct bytes *out);
	enum forge_key key;
	const char    *label;    /* as PEM; NULL: it has none */
	size_t         flips[6]; /* where one flipped bit is refused; 0 ends them, behind the first */
} forms[] = {
    {make_spki, FORGE_RSA2048, "PUBLIC KEY", {0, 1, 4, 19, 24}},
    {make_spki, FORGE_P256, "PUBLIC KEY", {0, 1, 2, 23, 26, 40}},
    {make_pkcs1, FORGE_RSA2048, "RSA PUBLIC KEY", {0, 1, 3, 4, 269}},
    {make_tpmt, FORGE_RSA2048, NULL, {0, 1, 3, 5}},
    {make_tpmt, FORGE_P256, NULL, {0, 1, 3, 5}},
    {make_tpm2b, FORGE_RSA2048, NULL, {0, 1, 3, 5, 7}},
    {make_tpm2b, FORGE_P256, NULL, {0, 1, 3, 5, 7}},
    {make_certificate, FORGE_P256, "CERTIFICATE", {0, 1, 4, 5}},
};
#define FORMS ((int)(sizeof forms / sizeof forms[0]))

static struct forge_ek ek;
static struct ek_hash  wanted;
static struct bytes    form;

static void
make(int number)
{
	err = (struct error){0};
	forge_ek_make(forms[number].key, &ek);
	unit_ok(ek_hash_of_key(ek.key, &wanted, &err), &err);
	forms[number].make(&ek, &form);
}

static void
teardown(void)
{
	bytes_clear(&form);
	forge_ek_clear(&ek);
}

static void
assert_taken(struct view content)
{
	struct ek_hash hash = {{0}};

	unit_ok(ek_content_hash(content, "f", &hash, &err), &err);
	ck_assert_mem_eq(hash.bytes, wanted.bytes, sizeof hash.bytes);
}

static void
assert_refused(struct view content, const char *how, size_t at)
{
	struct ek_hash hash = {{0}};

	ck_assert_msg(ek_content_hash(content, "f", &hash, &err) == -1, "%s at %zu is taken", how, at);
	ck_assert(err.kind == ERROR_MALFORMED || err.kind == ERROR_BAD_ATTESTATION);
	ck_assert_msg(strstr(err.detail, "f") == err.detail || strstr(err.detail, " f ") != NULL, "%s",
	    err.detail);
}

START_TEST(hash_form_is_the_keys)
{
	make(_i);
	assert_taken(bytes_view(&form));
}
END_TEST

START_TEST(hash_pem_form_is_the_keys)
{
	AUTO_BYTES pem = {0};

	if (forms[_i].label == NULL)
		return;
	make(_i);
	bytes_append(&pem, "what it is\n", 11);
	unit_ok(pem_wrap(forms[_i].label, bytes_view(&form), &pem, &err), &err);
	assert_taken(bytes_view(&pem));
}
END_TEST

/* In one line or in several of either end, of either alphabet; of PEM, too. */
START_TEST(hash_base64_form_is_the_keys)
{
	AUTO_FREE char *standard = NULL;
	AUTO_FREE char *url = NULL;
	AUTO_FREE char *of_pem = NULL;
	AUTO_BYTES      lines = {0};
	AUTO_BYTES      pem = {0};

	make(_i);
	standard = base64_encode(BASE64_STANDARD, form.data, form.size);
	url = base64_encode(BASE64_URL, form.data, form.size);
	for (const char *p = standard; *p != '\0'; p++) {
		bytes_append_u8(&lines, (uint8_t)*p);
		if ((p - standard) % 76 == 75)
			bytes_append(&lines, "\r\n", 2);
	}
	bytes_append(&lines, "\n", 1);
	assert_taken(view_text(standard));
	assert_taken(view_text(url));
	assert_taken(bytes_view(&lines));
	if (forms[_i].label == NULL)
		return;
	unit_ok(pem_wrap(forms[_i].label, bytes_view(&form), &pem, &err), &err);
	of_pem = base64_encode(BASE64_STANDARD, pem.data, pem.size);
	assert_taken(view_text(of_pem));
}
END_TEST

START_TEST(hash_form_cut_off_is_refused)
{
	make(_i);
	for (size_t size = 0; size < form.size; size++)
		assert_refused((struct view){form.data, size}, "a cut", size);
}
END_TEST

START_TEST(hash_form_with_more_is_refused)
{
	make(_i);
	bytes_append(&form, "\x01", 1);
	assert_refused(bytes_view(&form), "more", form.size);
}
END_TEST

START_TEST(hash_form_flipped_is_refused)
{
	make(_i);
	for (size_t i = 0; i < 6 && (i == 0 || forms[_i].flips[i] != 0); i++) {
		form.data[forms[_i].flips[i]] ^= 0x01;
		assert_refused(bytes_view(&form), "a flipped bit", forms[_i].flips[i]);
		form.data[forms[_i].flips[i]] ^= 0x01;
	}
	assert_taken(bytes_view(&form));
}
END_TEST

/* ---- what the refusals say ---- */

START_TEST(hash_tpm2b_of_another_size_says_both)
{
	struct ek_hash hash;
	char           detail[128];

	make(6);
	(void)snprintf(detail, sizeof detail,
	    "f: the TPM2B_PUBLIC says that it has %zu octets, and has %zu", ek.public.size,
	    ek.public.size - 1);
	form.size--;
	unit_fails(ek_content_hash(bytes_view(&form), "f", &hash, &err), &err, ERROR_MALFORMED, detail);
}
END_TEST

START_TEST(hash_tpmt_with_octets_left_over_says_so)
{
	struct ek_hash hash;

	make(4);
	bytes_append(&form, "\0", 1);
	unit_fails(ek_content_hash(bytes_view(&form), "f", &hash, &err), &err, ERROR_MALFORMED,
	    "f: the EK's public area has octets left over: 1");
}
END_TEST

/* The size in a header of NV stands where a TPM2B_PUBLIC has its type. */
START_TEST(hash_certificate_out_of_nv_is_the_keys)
{
	X509      *certificate;
	AUTO_BYTES der = {0};
	AUTO_BYTES nv = {0};

	make(1);
	certificate = ek_forge(NULL, ek.key, "[ext]\nbasicConstraints=CA:FALSE\n"
	    "keyUsage=keyAgreement\nsubjectKeyIdentifier=hash\n");
	der = ek_der(certificate);
	ck_assert_uint_eq((der.size + 2) >> 8, 0x01);
	bytes_append(&nv, "\x10\x01\x00\x01", 4);
	bytes_append_u8(&nv, (uint8_t)(der.size + 2));
	bytes_append(&nv, "\x10\x02", 2);
	bytes_append(&nv, der.data, der.size);
	bytes_append(&nv, "\xff\xff", 2);
	assert_taken(bytes_view(&nv));
	X509_free(certificate);
}
END_TEST

/* An SRK, say: its hash is of no use, since attestd would not take it. */
START_TEST(hash_area_of_no_ek_is_refused)
{
	struct ek_hash hash;

	make(3);
	form.data[5] ^= 0x01; /* restricted */
	unit_fails(ek_content_hash(bytes_view(&form), "f", &hash, &err), &err, ERROR_BAD_ATTESTATION,
	    "f: EK without restricted: it decrypts whatever it is given");
}
END_TEST

START_TEST(hash_pkcs1_exponent_of_its_own_is_refused)
{
	struct ek_hash hash;

	make(2);
	form.data[form.size - 1] = 0x03; /* 65539 */
	unit_fails(ek_content_hash(bytes_view(&form), "f", &hash, &err), &err, ERROR_BAD_ATTESTATION,
	    "f: EK: RSA exponent is not 65537");
}
END_TEST

static const char *const texts[] = {
    "",
    " \n",
    "hello",
    "AAAA",
    "=",
    "QUFB!",
    "-----BEGIN RSA PUBLIC KEY-----\n####\n-----END RSA PUBLIC KEY-----\n",
    "-----BEGIN NOTHING-----\nMA==\n-----END NOTHING-----\n",
};

START_TEST(hash_text_is_none)
{
	struct ek_hash hash;

	unit_fails(ek_content_hash(view_text(texts[_i]), "f", &hash, &err), &err, ERROR_MALFORMED,
	    unknown);
}
END_TEST

/* Base64 is unwrapped once: what unpacks itself has no end otherwise. */
START_TEST(hash_base64_of_base64_is_none)
{
	AUTO_FREE char *once = NULL;
	AUTO_FREE char *twice = NULL;
	struct ek_hash  hash;

	make(0);
	once = base64_encode(BASE64_STANDARD, form.data, form.size);
	twice = base64_encode(BASE64_STANDARD, (const uint8_t *)once, strlen(once));
	unit_fails(ek_content_hash(view_text(twice), "f", &hash, &err), &err, ERROR_MALFORMED, unknown);
}
END_TEST

/* Where the wrong file is given, and it is a private key. */
START_TEST(hash_pem_of_something_else_leaves_no_copy_behind)
{
	const struct view secret = view_text("octets of a key that nobody else may have");
	struct ek_hash    hash = {{0}};
	AUTO_BYTES        pem = {0};

	unit_ok(pem_wrap("PRIVATE KEY", secret, &pem, &err), &err);
	cleansed_watch();
	ck_assert_int_eq(ek_content_hash(bytes_view(&pem), "f", &hash, &err), -1);
	ck_assert_uint_eq(cleansed_freed(secret.size, secret), 1);
}
END_TEST

/* A certificate of a key that OpenSSL does not know. */
START_TEST(hash_certificate_of_an_unknown_key_is_refused)
{
	static const uint8_t kind[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01}; /* ecPublicKey */
	EVP_PKEY            *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509                *certificate = pki_forge(&(struct pki_forgery){.key = key, .common_name = "EK"});
	AUTO_BYTES           der = {0};
	struct ek_hash       hash;
	struct error         why = {0};
	uint8_t             *found;

	unit_ok(certificate_encode(certificate, &der, &why), &why);
	X509_free(certificate);
	EVP_PKEY_free(key);
	ck_assert_ptr_nonnull(found = memmem(der.data, der.size, kind, sizeof kind));
	found[sizeof kind - 1] = 0x77;
	ck_assert_int_eq(ek_content_hash(bytes_view(&der), "file", &hash, &why), -1);
	ck_assert_msg(strstr(why.detail, "file has a key of an unsupported kind; give the HASH") != NULL, "%s", why.detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_content");
	TCase *hash = tcase_create("hash");

	(void)forge_key(FORGE_RSA2048, 3); /* the EKs' slow one, before Check forks */
	tcase_add_checked_fixture(hash, NULL, teardown);
	tcase_add_loop_test(hash, hash_form_is_the_keys, 0, FORMS);
	tcase_add_loop_test(hash, hash_pem_form_is_the_keys, 0, FORMS);
	tcase_add_loop_test(hash, hash_base64_form_is_the_keys, 0, FORMS);
	tcase_add_loop_test(hash, hash_form_cut_off_is_refused, 0, FORMS);
	tcase_add_loop_test(hash, hash_form_with_more_is_refused, 0, FORMS);
	tcase_add_loop_test(hash, hash_form_flipped_is_refused, 0, FORMS);
	tcase_add_test(hash, hash_tpm2b_of_another_size_says_both);
	tcase_add_test(hash, hash_tpmt_with_octets_left_over_says_so);
	tcase_add_test(hash, hash_certificate_out_of_nv_is_the_keys);
	tcase_add_test(hash, hash_area_of_no_ek_is_refused);
	tcase_add_test(hash, hash_pkcs1_exponent_of_its_own_is_refused);
	tcase_add_loop_test(hash, hash_text_is_none, 0, (int)(sizeof texts / sizeof texts[0]));
	tcase_add_test(hash, hash_base64_of_base64_is_none);
	tcase_add_test(hash, hash_pem_of_something_else_leaves_no_copy_behind);
	tcase_add_test(hash, hash_certificate_of_an_unknown_key_is_refused);
	suite_add_tcase(suite, hash);
	return unit_run(suite);
}
