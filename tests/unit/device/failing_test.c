/* The device's side without memory: what is there is read, or it is said that memory is missing. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/stack.h>
#include <openssl/x509.h>

#include "device/chain.h"
#include "device/device_csr.h"
#include "device/host/account_key.h"
#include "device/tpm/key_file.h"
#include "device/tpm/sign_key.h"
#include "device/use/server.h"
#include "failing.h"
#include "failing_processes.h"
#include "forge.h"
#include "pki_support.h"
#include "scratch.h"
#include "util/base64.h"
#include "util/folder.h"

static struct bytes  pem; /* a chain of two */
static json_t       *array;
static EVP_PKEY     *key;
static char          directory[SCRATCH_SIZE];
static struct folder folder = {.fd = -1};

static void
chain_append(const X509 *certificate)
{
	AUTO_FREE char *text = NULL;
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	unit_ok(certificate_encode(certificate, &der, &err), &err);
	text = base64_encode(BASE64_STANDARD, der.data, der.size);
	(void)json_array_append_new(array, json_string(text));
}

static void
setup(void)
{
	struct pki   pki;
	struct error err = {0};

	scratch_make(directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
	array = json_array();
	chain_append(pki.issuing.certificate);
	chain_append(pki.root.certificate);
	unit_ok(account_key_open(&folder, "account.pem", &key, &err), &err);
	pki_clear(&pki);
}

static void
teardown(void)
{
	EVP_PKEY_free(key);
	json_decref(array);
	bytes_clear(&pem);
	folder_close(&folder);
	scratch_remove(directory);
}

static int
chain_read(struct error *err)
{
	AUTO_CHAIN chain = {0};
	AUTO_BYTES again = {0};
	int        rc = device_chain_read(&pem, &chain, err);

	if (rc == 0 && (rc = device_chain_encode(&chain, &again, err)) == 0)
		ck_assert(view_equal(bytes_view(&again), bytes_view(&pem)));
	return rc;
}

static int
chain_decode(struct error *err)
{
	AUTO_CHAIN   chain = {0};
	struct bytes der[2] = {{0}, {0}};
	int          rc = device_chain_decode(array, &chain, err);

	if (rc == 0)
		rc = device_chain_export(&chain, der, 2, err) == 2 ? 0 : -1;
	bytes_clear(&der[0]);
	bytes_clear(&der[1]);
	return rc;
}

static int
account_sign(struct error *err)
{
	AUTO_FREE char *jwk = NULL;
	AUTO_FREE char *thumbprint = NULL;
	AUTO_FREE char *jws = NULL;

	return account_key_jwk(key, &jwk, err) != 0 || account_key_thumbprint(jwk, &thumbprint, err) != 0 ||
	        account_key_sign(key, "{}", "payload", &jws, err) != 0
	    ? -1
	    : 0;
}

/* The public half of the key file is any that tss2-mu takes. */
static int
key_file(struct error *err)
{
	struct device_key tpm_key = {.parent = 0x81000001,
	    .public.publicArea = sign_key_public(sign_key_type_at(0)),
	    .private = {.size = 3, .buffer = {1, 2, 3}}};
	struct device_key back;
	AUTO_BYTES        text = {0};

	if (device_key_encode(&tpm_key, &text, err) != 0 || device_key_decode(bytes_view(&text), &back, err) != 0)
		return -1;
	ck_assert_uint_eq(back.parent, tpm_key.parent);
	return 0;
}

/* In place of the TPM: what is signed here is verified elsewhere. */
int __wrap_sign_key_sign(struct device_tpm *tpm, const struct device_key *with, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature, struct error *err);
int
__wrap_sign_key_sign(struct device_tpm *tpm, const struct device_key *with, TPM2_ALG_ID scheme, TPM2_ALG_ID hash,
    struct view digest, TPMT_SIGNATURE *signature, struct error *err)
{
	TPMS_SIGNATURE_ECC *pair = &signature->signature.ecdsa;

	(void)tpm, (void)with, (void)digest;
	if (failing_now())
		return error_set(err, ERROR_INTERNAL, "the TPM of this test");
	*signature = (TPMT_SIGNATURE){.sigAlg = scheme};
	pair->hash = hash;
	pair->signatureR.size = pair->signatureS.size = 32;
	memset(pair->signatureR.buffer, 0x5a, 32);
	memset(pair->signatureS.buffer, 0x3c, 32);
	return 0;
}

static int
csr_make(struct error *err)
{
	struct device_key tpm_key = {.public.publicArea = sign_key_public(sign_key_type_at(0))};
	AUTO_BYTES        der = {0};
	int               rc;

	forge_public_key(forge_key(FORGE_P256, 0), &tpm_key.public.publicArea);
	failing_on();
	rc = device_csr_make(NULL, &tpm_key, "laptop", &der, err);
	ck_assert((der.size != 0) == (rc == 0));
	return rc;
}

START_TEST(csr_of_a_key_that_we_do_not_make_is_refused)
{
	struct device_key tpm_key = {.public.publicArea = sign_key_public(sign_key_type_at(0))};
	AUTO_BYTES        der = {0};
	struct error      err = {0};

	forge_public_key(forge_key(FORGE_P521, 0), &tpm_key.public.publicArea);
	unit_fails(device_csr_make(NULL, &tpm_key, "laptop", &der, &err), &err, ERROR_INTERNAL,
	    "no CSR is made with a key of this kind");
	ck_assert_uint_eq(der.size, 0);
}
END_TEST

/* The server of a check: what it is made of, and its socket. */
static int
server_make(struct error *err)
{
	struct use_server *server = NULL;

	if (use_server_new(bytes_view(&pem), true, &server, err) != 0)
		return -1;
	ck_assert_uint_ne(use_server_port(server), 0);
	use_server_free(server);
	return 0;
}

static int (*const operations[])(struct error *err) = {
    chain_read, chain_decode, account_sign, key_file, csr_make, server_make};

int __real_OPENSSL_sk_push(OPENSSL_STACK *stack, const void *what);
int __wrap_OPENSSL_sk_push(OPENSSL_STACK *stack, const void *what);
int
__wrap_OPENSSL_sk_push(OPENSSL_STACK *stack, const void *what)
{
	return failing_now() ? 0 : __real_OPENSSL_sk_push(stack, what);
}

int __real_i2d_X509_REQ(const X509_REQ *request, unsigned char **out);
int __wrap_i2d_X509_REQ(const X509_REQ *request, unsigned char **out);
int
__wrap_i2d_X509_REQ(const X509_REQ *request, unsigned char **out)
{
	return failing_now() ? -1 : __real_i2d_X509_REQ(request, out);
}

/* Nothing is called malformed that could not be examined. */
static int
try_operation(const void *arg, struct error *err)
{
	int rc = (*(int (*const *)(struct error *err))arg)(err);

	failing_off();
	ck_assert_msg(rc == 0 || err->kind == ERROR_INTERNAL, "%s: %s", error_type(err->kind), err->detail);
	return rc;
}

START_TEST(operation_without_memory_is_done_or_refused)
{
	failing_every(3, 5);
	failing_each(try_operation, &operations[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	failing_prepare();
	failing_paths();
	failing_processes(EMFILE);
	(void)forge_key(FORGE_P256, 0); /* before Check forks */
	(void)forge_key(FORGE_P521, 0);
	suite = suite_create("device_failing");
	tc = tcase_create("device_failing");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, operation_without_memory_is_done_or_refused, 0,
	    sizeof operations / sizeof operations[0]);
	tcase_add_test(tc, csr_of_a_key_that_we_do_not_make_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
