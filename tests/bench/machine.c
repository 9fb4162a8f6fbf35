/* Forges machines by tests/unit/forge.h, and writes their requests as attest-device would. */
#include "config.h"

#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "bench.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"

#define EK_BITS    2048
#define PRIMES_MAX 64

/* A credential as attestd makes them, to be opened again and again. */
static void
credential_make(struct machine *machine)
{
	static const uint8_t secret[32] = {1};
	struct tpm_ek        ek = {0};
	AUTO_BYTES           credential = {0};
	AUTO_BYTES           encrypted = {0};
	struct error         err = {0};

	if (tpm_ek_decode(bytes_view(&machine->ek.spki), bytes_view(&machine->ek.public), &ek, &err) != 0 ||
	    tpm_credential_make(&ek, &machine->ak.name, (struct view){secret, sizeof secret}, &credential,
	        &encrypted, &err) != 0)
		bench_die("%s", err.detail);
	AUTO_FREE char *first = base64_encode(BASE64_STANDARD, credential.data, credential.size);
	AUTO_FREE char *second = base64_encode(BASE64_STANDARD, encrypted.data, encrypted.size);
	if (asprintf(&machine->credential, "{\"credential\":\"%s\",\"secret\":\"%s\"}", first, second) <
	    0)
		bench_die("out of memory");
	tpm_ek_clear(&ek);
}

/* From EK and AK the rest. */
static void
machine_complete(struct machine *machine)
{
	static const char *const keys[] = {"public", "createData", "createAttestation",
	    "createSignature"};
	const struct bytes *values[] = {&machine->ak.public, &machine->ak.create_data, &machine->ak.attestation,
	    &machine->ak.signature};
	struct ek_hash      hash;
	struct error        err = {0};
	AUTO_BYTES          body = {0};

	if (ek_hash_of_key(machine->ek.key, &hash, &err) != 0)
		bench_die("%s", err.detail);
	ek_hash_format(&hash, machine->hash);
	AUTO_FREE char *spki = base64_encode(BASE64_STANDARD, machine->ek.spki.data, machine->ek.spki.size);
	AUTO_FREE char *public =
	    base64_encode(BASE64_STANDARD, machine->ek.public.data, machine->ek.public.size);
	AUTO_FREE char *head = NULL;
	if (asprintf(&head,
	        "{\"tpmInfo\":{\"version\":2,\"manufacturer\":\"1229081856\",\"model\":\"bench\","
	        "\"firmwareVersion\":\"1.2\"},\"ek\":\"%s\",\"ekPublic\":\"%s\",\"params\":{",
	        spki, public) < 0)
		bench_die("out of memory");
	bytes_append(&body, head, strlen(head));
	for (int i = 0; i < 4; i++) {
		AUTO_FREE char *value = base64_encode(BASE64_STANDARD, values[i]->data, values[i]->size);
		AUTO_FREE char *member = NULL;

		if (asprintf(&member, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", keys[i], value) < 0)
			bench_die("out of memory");
		bytes_append(&body, member, strlen(member));
	}
	bytes_append(&body, "}}", 3);
	machine->body = memory_strdup((const char *)body.data);
	credential_make(machine);
}

void
machine_make(struct machine *machine, enum forge_key ek, enum forge_ak_kind ak, enum forge_flaw flaw)
{
	*machine = (struct machine){0};
	forge_ek_make(ek, &machine->ek);
	forge_ak_make(ak, flaw, &machine->ak);
	machine_complete(machine);
}

/* An RSA key with these primes. */
static EVP_PKEY *
key_of_primes(const BIGNUM *p, const BIGNUM *q, BN_CTX *bn)
{
	static const char *const names[] = {"n", "e", "d", "rsa-factor1", "rsa-factor2", "rsa-exponent1",
	    "rsa-exponent2", "rsa-coefficient1"};
	BIGNUM         *values[] = {BN_new(), BN_new(), BN_new(), BN_dup(p), BN_dup(q), BN_new(), BN_new(), BN_new()};
	BIGNUM         *p1 = BN_dup(p);
	BIGNUM         *q1 = BN_dup(q);
	BIGNUM         *phi = BN_new();
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM     *numbers;
	EVP_PKEY_CTX   *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY       *key = NULL;

	if (BN_mul(values[0], p, q, bn) != 1 || BN_set_word(values[1], RSA_F4) != 1 || BN_sub_word(p1, 1) != 1 ||
	    BN_sub_word(q1, 1) != 1 || BN_mul(phi, p1, q1, bn) != 1 ||
	    BN_mod_inverse(values[2], values[1], phi, bn) == NULL || BN_mod(values[5], values[2], p1, bn) != 1 ||
	    BN_mod(values[6], values[2], q1, bn) != 1 || BN_mod_inverse(values[7], q, p, bn) == NULL)
		bench_die("no EK");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)OSSL_PARAM_BLD_push_BN(builder, names[i], values[i]);
	numbers = OSSL_PARAM_BLD_to_param(builder);
	if (EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, numbers) != 1)
		bench_die("no EK");
	OSSL_PARAM_free(numbers);
	OSSL_PARAM_BLD_free(builder);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		BN_free(values[i]);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A prime with both upper bits set, and with an inverse of the exponent. */
static BIGNUM *
prime_make(void)
{
	BIGNUM *prime = BN_new();

	do {
		if (BN_generate_prime_ex(prime, EK_BITS / 2, 0, NULL, NULL, NULL) != 1)
			bench_die("no prime");
	} while (BN_mod_word(prime, RSA_F4) == 1);
	return prime;
}

/* Pairs of few primes: to make a key of its own for each takes minutes. */
static void
eks_make(struct machine *machines, size_t count)
{
	BIGNUM *primes[PRIMES_MAX];
	BN_CTX *bn = BN_CTX_new();
	size_t  have = 0;

	for (size_t at = 0; at < count; have++) {
		if (have == PRIMES_MAX)
			bench_die("at most %d machines", PRIMES_MAX * (PRIMES_MAX - 1) / 2 + 1);
		primes[have] = prime_make();
		for (size_t i = 0; i < have && at < count; i++)
			machines[at++].own = key_of_primes(primes[have], primes[i], bn);
	}
	for (size_t i = 0; i < have; i++)
		BN_free(primes[i]);
	BN_CTX_free(bn);
}

struct machine *
machines_make(size_t count)
{
	struct machine *machines = memory_new(count * sizeof *machines);

	machine_make(&machines[0], FORGE_RSA2048, FORGE_AK_RSASSA, FORGE_FLAW_NONE);
	eks_make(machines + 1, count - 1);
	for (size_t i = 1; i < count; i++) {
		forge_ek_make_of(FORGE_RSA2048, machines[i].own, &machines[i].ek);
		forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &machines[i].ak);
		machine_complete(&machines[i]);
	}
	return machines;
}

void
machines_free(struct machine *machines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		machine_clear(&machines[i]);
	free(machines);
}

void
machine_certify(struct machine *machine, const char *directory)
{
	static const char ca[] = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n"
	                         "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";
	static const char ek[] =
	    "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, keyEncipherment\n"
	    "extendedKeyUsage = 2.23.133.8.1\nauthorityKeyIdentifier = keyid\n"
	    "subjectAltName = critical, dirName:tpm\n[tpm]\nx.2.23.133.2.1 = id:4E544300\n"
	    "y.2.23.133.2.2 = bench\nz.2.23.133.2.3 = id:00070002\n";
	AUTO_FREE char *ca_path = file_join(directory, "ca.ext");
	AUTO_FREE char *ek_path = file_join(directory, "ek.ext");
	AUTO_FREE char *spki = file_join(directory, "ek.spki");
	AUTO_FREE char *path = file_join(directory, "ek.der");
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	if (file_replace(ca_path, ca, sizeof ca - 1, 0600, &err) != 0 ||
	    file_replace(ek_path, ek, sizeof ek - 1, 0600, &err) != 0 ||
	    file_replace(spki, machine->ek.spki.data, machine->ek.spki.size, 0600, &err) != 0)
		bench_die("%s", err.detail);
	bench_shell("exec 2>%s/openssl.log && cd %s &&"
	            " openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=Root"
	            " -days 30 && "
	            " openssl req -newkey rsa:2048 -nodes -keyout ca.key -out ca.csr -subj /CN=CA &&"
	            " openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial"
	            " -extfile ca.ext -out ca.pem -days 30 &&"
	            " openssl x509 -new -force_pubkey ek.spki -subj / -CA ca.pem -CAkey ca.key"
	            " -CAcreateserial -extfile ek.ext -outform DER -out ek.der -days 30",
	    directory, directory);
	if (file_read(path, 65536, &der, &err) != 0)
		bench_die("%s", err.detail);
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, der.data, der.size);
	machine->body[strlen(machine->body) - 1] = '\0'; /* the last brace */
	char *body = NULL;
	if (asprintf(&body, "%s,\"ekCerts\":[\"%s\"]}", machine->body, text) < 0)
		bench_die("out of memory");
	free(machine->body);
	machine->body = body;
}

static void
member_decode(const char *json, const char *key, struct bytes *out)
{
	const char  *at = strstr(json, key);
	struct error err = {0};

	if (at == NULL || (at = strchr(at + strlen(key), '"')) == NULL)
		bench_die("no %s in %s", key, json);
	at++;
	if (base64_decode(BASE64_STANDARD, at, strcspn(at, "\""), out, &err) != 0)
		bench_die("%s", err.detail);
}

void
machine_activate_with(const struct machine *machine, const struct forge_ek *ek, const char *answer,
    char *body, size_t size)
{
	AUTO_BYTES credential = {0};
	AUTO_BYTES encrypted = {0};
	AUTO_BYTES secret = {0};

	member_decode(answer, "\"credential\":", &credential);
	member_decode(answer, "\"secret\":", &encrypted);
	if (!forge_activate(ek, &machine->ak.name, bytes_view(&credential), bytes_view(&encrypted), &secret))
		bench_die("the credential does not open");
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, secret.data, secret.size);
	(void)snprintf(body, size, "{\"secret\":\"%s\"}", text);
}

void
machine_activate(const struct machine *machine, const char *answer, char *body, size_t size)
{
	machine_activate_with(machine, &machine->ek, answer, body, size);
}

void
machine_clear(struct machine *machine)
{
	forge_ek_clear(&machine->ek);
	forge_ak_clear(&machine->ak);
	EVP_PKEY_free(machine->own);
	free(machine->body);
	free(machine->credential);
	*machine = (struct machine){0};
}
