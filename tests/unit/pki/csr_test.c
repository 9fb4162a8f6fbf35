#include "config.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "pki/csr.h"
#include "pki_support.h"

/* What the openssl command is given: options, and a configuration. */
struct request {
	const char *options;
	const char *config;
};

#define REQUEST "[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\n"
#define DN "[dn]\nCN=laptop\n"
#define KEY "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key"

/* Leaves csr.der and key in the directory and appends the CSR. */
static void
make(const char *directory, const struct request *request, struct bytes *der)
{
	AUTO_FREE char *path = file_join(directory, "csr.der");
	char            command[512];
	struct error    err = {0};

	pki_write(directory, "conf", request->config, strlen(request->config));
	(void)snprintf(command, sizeof command, "openssl req -new -config conf -outform DER -out csr.der %s",
	    request->options);
	free(pki_run(directory, command));
	unit_ok(file_read(path, 65536, der, &err), &err);
}

/* Makes and decodes one that must be right. */
static void
decode(const struct request *request, struct csr *csr)
{
	char        *directory = pki_directory();
	AUTO_BYTES   der = {0};
	struct error err = {0};

	make(directory, request, &der);
	unit_ok(csr_decode(bytes_view(&der), csr, &err), &err);
	pki_directory_remove(directory);
}

START_TEST(decode_with_a_common_name_only_gives_it)
{
	struct csr     csr;
	unsigned char *spki = NULL;
	int            size;

	decode(&(struct request){KEY, "[req]\nprompt=no\ndistinguished_name=dn\n" DN}, &csr);
	ck_assert_str_eq(csr.common_name, "laptop");
	ck_assert_uint_eq(csr.name_count, 0);
	ck_assert_ptr_null(csr.excess);
	size = i2d_PUBKEY(csr.key, &spki);
	ck_assert_uint_eq(csr.spki.size, (size_t)size);
	ck_assert_mem_eq(csr.spki.data, spki, csr.spki.size);
	OPENSSL_free(spki);
	csr_clear(&csr);
	ck_assert_ptr_null(csr.key);
}
END_TEST

static const char *const keys[] = {
    "-newkey rsa:2048 -nodes -keyout key",
    "-newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout key -sha384",
    "-newkey ed25519 -nodes -keyout key",
    "-newkey rsa:2048 -nodes -keyout key -sigopt rsa_padding_mode:pss -sha256",
};

START_TEST(decode_of_every_kind_of_key_succeeds)
{
	struct csr csr;

	decode(&(struct request){keys[_i], REQUEST DN "[ext]\nsubjectAltName=DNS:a.example\n"}, &csr);
	ck_assert_ptr_nonnull(csr.key);
	csr_clear(&csr);
}
END_TEST

/* OpenSSL's own decoder, whose keys come from its providers, and csr_decode find the same. */
START_TEST(decode_finds_what_openssl_finds)
{
	char                *directory = pki_directory();
	AUTO_BYTES           der = {0};
	const unsigned char *p;
	X509_REQ            *theirs;
	struct csr           csr;
	struct error         err = {0};

	make(directory, &(struct request){keys[_i], REQUEST DN "[ext]\nsubjectAltName=DNS:a.example\n"}, &der);
	p = der.data;
	ck_assert_ptr_nonnull(theirs = d2i_X509_REQ(NULL, &p, (long)der.size));
	unit_ok(csr_decode(bytes_view(&der), &csr, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(csr.key, X509_REQ_get0_pubkey(theirs)), 1);
	ck_assert_uint_eq(csr.name_count, 1);
	csr_clear(&csr);
	X509_REQ_free(theirs);
	pki_directory_remove(directory);
}
END_TEST

/* Without attributes, and with Microsoft's instead of PKCS #9's; signed by its key, or by another. */
START_TEST(decode_takes_extensions_of_either_attribute)
{
	static const int nids[] = {NID_undef, NID_ext_req, NID_ms_ext_req};
	EVP_PKEY        *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY        *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ        *request = X509_REQ_new();
	X509_EXTENSIONS *extensions = sk_X509_EXTENSION_new_null();
	struct error     err = {0};

	ck_assert_int_gt(sk_X509_EXTENSION_push(extensions,
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:a.example")), 0);
	ck_assert_int_eq(X509_REQ_set_pubkey(request, key), 1);
	if (_i != 0)
		ck_assert_int_eq(X509_REQ_add_extensions_nid(request, extensions, nids[_i]), 1);
	for (int round = 0; round < 2; round++) {
		unsigned char *der = NULL;
		struct csr     csr;
		int            size;

		ck_assert_int_gt(X509_REQ_sign(request, round == 0 ? key : other, EVP_sha256()), 0);
		ck_assert_int_gt(size = i2d_X509_REQ(request, &der), 0);
		if (round == 0) {
			unit_ok(csr_decode((struct view){der, (size_t)size}, &csr, &err), &err);
			ck_assert_uint_eq(csr.name_count, _i != 0);
			csr_clear(&csr);
		} else {
			unit_fails(csr_decode((struct view){der, (size_t)size}, &csr, &err), &err, ERROR_MALFORMED,
			    "the CSR's signature is not by its key");
		}
		OPENSSL_free(der);
	}
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(decode_gives_every_name_and_its_kind)
{
	static const struct {
		enum csr_name_kind kind;
		const char        *value;
	} wanted[] = {
	    {CSR_NAME_DNS, "laptop.home.example"},
	    {CSR_NAME_OTHER, NULL}, /* wildcard */
	    {CSR_NAME_OTHER, NULL}, /* address */
	    {CSR_NAME_OTHER, NULL}, /* mail */
	    {CSR_NAME_PERMANENT_IDENTIFIER, "l\xc3\xa4ptop"},
	    {CSR_NAME_OTHER, NULL}, /* with an assigner */
	    {CSR_NAME_OTHER, NULL}, /* another otherName */
	};
	struct csr csr;

	decode(&(struct request){KEY, REQUEST "[dn]\n0.CN=x\n[ext]\nsubjectAltName=@san\n[san]\n"
	    "DNS.1=laptop.home.example\nDNS.2=*.example\nIP=127.0.0.1\nemail=a@b.example\n"
	    "otherName.1=1.3.6.1.5.5.7.8.3;SEQUENCE:pi\notherName.2=1.3.6.1.5.5.7.8.3;SEQUENCE:as\n"
	    "otherName.3=1.2.3;UTF8:x\n"
	    "[pi]\na=FORMAT:UTF8,UTF8:l\xc3\xa4ptop\n[as]\na=UTF8:laptop\nb=OID:1.2.3\n"}, &csr);
	ck_assert_uint_eq(csr.name_count, sizeof wanted / sizeof wanted[0]);
	for (size_t i = 0; i < csr.name_count; i++) {
		ck_assert_int_eq((int)csr.names[i].kind, (int)wanted[i].kind);
		if (wanted[i].value == NULL)
			ck_assert_ptr_null(csr.names[i].value);
		else
			ck_assert_str_eq(csr.names[i].value, wanted[i].value);
	}
	csr_clear(&csr);
}
END_TEST

/* What is asked for beyond names, and how it is called; NULL for what every profile has. */
static const struct {
	const char *config;
	const char *excess;
} excesses[] = {
    {"[dn]\nCN=laptop\nO=Example\n[ext]\nkeyUsage=digitalSignature\n", "O in the subject"},
    {"[dn]\nCN=laptop\n[ext]\nbasicConstraints=CA:TRUE\n", "basicConstraints CA:TRUE"},
    {"[dn]\nCN=laptop\n[ext]\nkeyUsage=digitalSignature,keyCertSign\n", "keyUsage keyCertSign"},
    {"[dn]\nCN=laptop\n[ext]\nkeyUsage=keyEncipherment,cRLSign\n", "keyUsage cRLSign"},
    {"[dn]\nCN=laptop\n[ext]\nkeyUsage=DER:03020001\n", NULL}, /* encipherOnly */
    {"[dn]\nCN=laptop\n[ext]\nkeyUsage=DER:0303060040\n", "bit 9 of keyUsage"},
    {"[dn]\nCN=laptop\n[ext]\nextendedKeyUsage=codeSigning\n", "extendedKeyUsage codeSigning"},
    {"[dn]\nCN=laptop\n[ext]\nextendedKeyUsage=clientAuth,1.2.3.4\n", "extendedKeyUsage 1.2.3.4"},
    {"[dn]\nCN=laptop\n[ext]\nextendedKeyUsage=anyExtendedKeyUsage\n",
        "extendedKeyUsage anyExtendedKeyUsage"},
    {"[dn]\nCN=laptop\n[ext]\n1.2.3.4=ASN1:NULL\n", "the extension 1.2.3.4"},
    {"[dn]\nCN=laptop\n[ext]\nnameConstraints=permitted;DNS:x\n", "the extension nameConstraints"},
    {"[dn]\nCN=laptop\nO=Example\n[ext]\nnameConstraints=permitted;DNS:x\n", "O in the subject"}, /* the first */
    {"[dn]\nCN=laptop\n[ext]\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"
     "extendedKeyUsage=clientAuth,serverAuth\nsubjectKeyIdentifier=hash\n", NULL},
};

START_TEST(decode_names_what_no_profile_grants)
{
	char       config[1024];
	struct csr csr;

	(void)snprintf(config, sizeof config, "%s%s", REQUEST, excesses[_i].config);
	decode(&(struct request){KEY, config}, &csr);
	ck_assert_str_eq(csr.common_name, "laptop");
	if (excesses[_i].excess == NULL)
		ck_assert_ptr_null(csr.excess);
	else
		ck_assert_pstr_eq(csr.excess, excesses[_i].excess);
	csr_clear(&csr);
}
END_TEST

/* OpenSSL's v3_req, and more; on every kind of key that clients have. */
static const struct {
	const char *key;
	const char *extensions;
	const char *left_out;
	bool        server_auth;
} usages[] = {
    {KEY, "basicConstraints=CA:FALSE\nkeyUsage=nonRepudiation,digitalSignature,keyEncipherment\n",
        "nonRepudiation, keyEncipherment", false},
    {"-newkey rsa:2048 -nodes -keyout key", "keyUsage=critical,digitalSignature,keyEncipherment\n",
        "keyEncipherment", false},
    {KEY, "keyUsage=dataEncipherment,keyAgreement,encipherOnly,decipherOnly\n",
        "dataEncipherment, keyAgreement, encipherOnly, decipherOnly", false},
    {KEY, "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n", NULL, false},
    {KEY, "extendedKeyUsage=serverAuth\n", NULL, true},
    {KEY, "extendedKeyUsage=clientAuth,serverAuth\n", NULL, true},
};

START_TEST(decode_tells_the_usages_that_are_left_out)
{
	char       config[1024];
	struct csr csr;

	(void)snprintf(config, sizeof config, "%s%s[ext]\n%s", REQUEST, DN, usages[_i].extensions);
	decode(&(struct request){usages[_i].key, config}, &csr);
	ck_assert_ptr_null(csr.excess);
	ck_assert_pstr_eq(csr.left_out, usages[_i].left_out);
	ck_assert_int_eq(csr.server_auth, usages[_i].server_auth);
	csr_clear(&csr);
}
END_TEST

static const struct {
	struct request request;
	const char    *detail;
} refused[] = {
    {{"-newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -keyout key", REQUEST DN "[ext]\n"
      "subjectAltName=DNS:x\n"}, "the CSR: encoding a public key"},
    {{KEY " -sha1", REQUEST DN "[ext]\nsubjectAltName=DNS:x\n"}, "the CSR is signed by SHA1; use SHA-256"},
    {{KEY, REQUEST "[dn]\n0.CN=a\n1.CN=b\n[ext]\nsubjectAltName=DNS:x\n"}, "the CSR has two common names"},
    {{KEY, REQUEST DN "[ext]\nkeyUsage=DER:30ff\n"}, "the CSR's keyUsage cannot be decoded"},
    {{KEY, REQUEST DN "[ext]\nextendedKeyUsage=DER:30ff\n"}, "the CSR's extendedKeyUsage cannot be decoded"},
    {{KEY, REQUEST DN "[ext]\nbasicConstraints=DER:30ff\n"}, "the CSR's basicConstraints cannot be decoded"},
    {{KEY, REQUEST DN "[ext]\nsubjectAltName=DER:30ff\n"}, "the CSR's names cannot be decoded"},
    {{KEY, REQUEST DN "[ext]\nsubjectAltName=otherName:1.3.6.1.5.5.7.8.3;UTF8:x\n"},
        "the CSR: a PermanentIdentifier that is no SEQUENCE"},
    {{KEY, REQUEST DN "[ext]\nsubjectAltName=otherName:1.3.6.1.5.5.7.8.3;SEQUENCE:a\n[a]\nv=UTF8:a/b\n"},
        "the CSR: the value of a PermanentIdentifier: an identifier cannot hold a \"/\""},
};

START_TEST(decode_of_a_bad_one_is_malformed)
{
	char        *directory = pki_directory();
	AUTO_BYTES   der = {0};
	struct csr   csr;
	struct error err = {0};

	make(directory, &refused[_i].request, &der);
	ck_assert_int_eq(csr_decode(bytes_view(&der), &csr, &err), -1);
	ck_assert_msg(strncmp(err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0, "%s",
	    err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(csr.key);
	pki_directory_remove(directory);
}
END_TEST

/* What the openssl command does not make. */
static X509_REQ *
request_new(EVP_PKEY *key)
{
	X509_REQ *request = X509_REQ_new();

	ck_assert_int_eq(X509_REQ_set_pubkey(request, key), 1);
	return request;
}

/* Signs, frees and decodes it, which must fail. */
static void
request_fails(X509_REQ *request, EVP_PKEY *key, const char *detail)
{
	AUTO_BYTES   der = {0};
	struct csr   csr;
	struct error err = {0};

	ck_assert_int_gt(X509_REQ_sign(request, key, EVP_sha256()), 0);
	der.size = (size_t)i2d_X509_REQ(request, &der.data);
	X509_REQ_free(request);
	ck_assert_int_eq(csr_decode(bytes_view(&der), &csr, &err), -1);
	ck_assert_msg(strncmp(err.detail, detail, strlen(detail)) == 0, "%s", err.detail);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}

START_TEST(decode_with_nul_in_the_common_name_is_malformed)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *request = request_new(key);

	ck_assert_int_eq(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
	                     V_ASN1_UTF8STRING, (const unsigned char *)"laptop\0x", 8, -1, 0), 1);
	request_fails(request, key, "the CSR's common name holds a NUL");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_with_too_many_names_is_malformed)
{
	EVP_PKEY                 *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ                 *request = request_new(key);
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	GENERAL_NAMES            *names = GENERAL_NAMES_new();

	for (int i = 0; i <= CSR_NAMES_MAX; i++)
		ck_assert_int_gt(sk_GENERAL_NAME_push(names,
		                     a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, "a.example", 0)), 0);
	ck_assert_int_eq(X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, 0), 1);
	ck_assert_int_eq(X509_REQ_add_extensions(request, extensions), 1);
	request_fails(request, key, "the CSR has more than 64 names");
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	GENERAL_NAMES_free(names);
	EVP_PKEY_free(key);
}
END_TEST

/* A public RSA key of nobody's. */
static EVP_PKEY *
rsa_public(int modulus_bits, int exponent_bits)
{
	EVP_PKEY       *made = NULL;
	BIGNUM         *modulus = BN_new();
	BIGNUM         *exponent = BN_new();
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM     *params;
	EVP_PKEY_CTX   *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);

	ck_assert(BN_set_bit(modulus, modulus_bits - 1) && BN_set_bit(modulus, 0) &&
	    BN_set_bit(exponent, exponent_bits - 1) && BN_set_bit(exponent, 0));
	ck_assert(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent));
	params = OSSL_PARAM_BLD_to_param(builder);
	ck_assert_int_eq(EVP_PKEY_fromdata_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(exponent);
	BN_free(modulus);
	return made;
}

static const struct {
	int         modulus_bits;
	int         exponent_bits;
	const char *detail;
} slow_keys[] = {
    {8192, 17, "the CSR's key has more than 4096 bits"},
    {2048, 2047, "the CSR's key has a public exponent of more than 32 bits"},
    {3072, 33, "the CSR's key has a public exponent of more than 32 bits"},
    {3072, 32, "the CSR's signature is not by its key"},
};

/* Refused before the signature is looked at, which is not even by this key. */
START_TEST(decode_with_a_slow_key_is_malformed)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	EVP_PKEY *slow = rsa_public(slow_keys[_i].modulus_bits, slow_keys[_i].exponent_bits);

	request_fails(request_new(slow), key, slow_keys[_i].detail);
	EVP_PKEY_free(slow);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_with_two_lists_of_names_is_malformed)
{
	EVP_PKEY                 *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ                 *request = request_new(key);
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	GENERAL_NAMES            *names = GENERAL_NAMES_new();

	ck_assert_int_gt(sk_GENERAL_NAME_push(names,
	                     a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, "a.example", 0)), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0,
		                     X509V3_ADD_APPEND), 1);
	ck_assert_int_eq(X509_REQ_add_extensions(request, extensions), 1);
	request_fails(request, key, "the CSR has two lists of names");
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	GENERAL_NAMES_free(names);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_with_extensions_that_are_none_is_malformed)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *request = request_new(key);

	ck_assert_int_eq(X509_REQ_add1_attr_by_NID(request, NID_ext_req, V_ASN1_UTF8STRING,
	                     (const unsigned char *)"x", 1), 1);
	request_fails(request, key, "the CSR's requested extensions cannot be decoded");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_of_spoiled_octets_is_malformed)
{
	char        *directory = pki_directory();
	AUTO_BYTES   der = {0};
	struct csr   csr;
	struct error err = {0};

	make(directory, &(struct request){KEY, REQUEST DN "[ext]\nsubjectAltName=DNS:a.b\n"}, &der);
	for (size_t size = 0; size < der.size; size++) {
		ck_assert_int_eq(csr_decode((struct view){der.data, size}, &csr, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	der.data[der.size - 1] ^= 1;
	ck_assert_int_eq(csr_decode(bytes_view(&der), &csr, &err), -1);
	ck_assert_str_eq(err.detail, "the CSR's signature is not by its key");
	der.data[der.size - 1] ^= 1;
	bytes_append_u8(&der, 0);
	unit_fails(csr_decode(bytes_view(&der), &csr, &err), &err, ERROR_MALFORMED,
	    "1 octets after the CSR");
	pki_directory_remove(directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("csr");
	TCase *tc = tcase_create("csr");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, decode_with_a_common_name_only_gives_it);
	tcase_add_loop_test(tc, decode_of_every_kind_of_key_succeeds, 0, sizeof keys / sizeof keys[0]);
	tcase_add_loop_test(tc, decode_finds_what_openssl_finds, 0, sizeof keys / sizeof keys[0]);
	tcase_add_loop_test(tc, decode_takes_extensions_of_either_attribute, 0, 3);
	tcase_add_test(tc, decode_gives_every_name_and_its_kind);
	tcase_add_loop_test(tc, decode_names_what_no_profile_grants, 0,
	    sizeof excesses / sizeof excesses[0]);
	tcase_add_loop_test(tc, decode_tells_the_usages_that_are_left_out, 0,
	    sizeof usages / sizeof usages[0]);
	tcase_add_loop_test(tc, decode_of_a_bad_one_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, decode_with_nul_in_the_common_name_is_malformed);
	tcase_add_test(tc, decode_with_too_many_names_is_malformed);
	tcase_add_loop_test(tc, decode_with_a_slow_key_is_malformed, 0,
	    sizeof slow_keys / sizeof slow_keys[0]);
	tcase_add_test(tc, decode_with_two_lists_of_names_is_malformed);
	tcase_add_test(tc, decode_with_extensions_that_are_none_is_malformed);
	tcase_add_test(tc, decode_of_spoiled_octets_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
