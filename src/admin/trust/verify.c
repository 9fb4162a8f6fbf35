/* attest-ca trust verify: verifies EK certificates with the imported certificates. */
#include "config.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/x509.h>

#include "admin/commands.h"
#include "admin/store.h"
#include "admin/trust/trust.h"
#include "command/print.h"
#include "pki/certificate.h"
#include "pki/certificate_reader.h"
#include "pki/ek_trust.h"
#include "store/store.h"
#include "tpm/ek.h"
#include "tpm/spki.h"
#include "tpm/vendor.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/own_command.h"

static command_run admin_trust_verify;

const struct command admin_trust_verify_command = {
    .name = "trust verify",
    .summary = "verify EK certificates with the imported certificates",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .operands_named = true,
    .run = admin_trust_verify,
};

#define VERIFY_FILE_MAX         ((size_t)256 * 1024)
#define VERIFY_CERTIFICATES_MAX 16

/* The result for one file. */
struct verification {
	const char       *path;
	bool              read; /* it contains a certificate */
	struct ek_verdict verdict;
	char              key[TRUST_KEY_SIZE];
	char              hash[EK_HASH_TEXT_SIZE]; /* "" if attestd refuses such a key */
	int64_t           not_after;
};

/* Fills key and hash; fails for a key that attestd would never accept as an EK. */
static void
verify_key(X509 *certificate, struct verification *verification)
{
	EVP_PKEY     *key = X509_get0_pubkey(certificate);
	struct view   none = {NULL, 0};
	struct tpm_ek ek = {0};
	struct error  err = {0};
	AUTO_BYTES    spki = {0};

	trust_key_kind(certificate, verification->key);
	if (key == NULL || verification->key[0] == '\0')
		return; /* the verdict reports it */
	if (spki_encode(key, &spki, &err) == 0 &&
	    tpm_ek_decode(bytes_view(&spki), none, &ek, &err) == 0) {
		ek_hash_format(&ek.hash, verification->hash);
		tpm_ek_clear(&ek);
	} else if (verification->verdict.verified) {
		verification->verdict.verified = false;
		(void)snprintf(verification->verdict.reason, sizeof verification->verdict.reason,
		    "%.256s", err.detail);
	}
}

/*
 * Reads the certificates of a file, the EK's first and then its chain. None if the file
 * contains anything else.
 */
static size_t
verify_read(struct view content, X509 *certificates[VERIFY_CERTIFICATES_MAX], struct error *err)
{
	struct certificate_reader reader = {.rest = content};
	size_t                    count = 0;
	int                       rc = 0;

	while (count < VERIFY_CERTIFICATES_MAX &&
	    (rc = certificate_reader_next(&reader, &certificates[count], err)) > 0)
		count++;
	if (rc < 0 && count > 0)
		(void)error_wrap(err, "what follows the certificate");
	while (rc < 0 && count > 0)
		X509_free(certificates[--count]);
	if (rc == 0 && count == 0)
		(void)error_set(err, ERROR_MALFORMED, "neither DER nor PEM of a certificate");
	return count;
}

static void
verify_file(const struct ek_trust *trust, int64_t now, struct verification *verification)
{
	AUTO_BYTES   content = {0};
	X509        *certificates[VERIFY_CERTIFICATES_MAX];
	size_t       count = 0;
	struct error err = {0};

	if (file_read(verification->path, VERIFY_FILE_MAX, &content, &err) == 0)
		count = verify_read(bytes_view(&content), certificates, &err);
	if (count == 0) {
		(void)snprintf(verification->verdict.reason, sizeof verification->verdict.reason,
		    "%.256s", err.detail);
		return;
	}
	verification->read = true;
	verification->not_after = certificate_not_after(certificates[0]);
	(void)ek_trust_verify(trust, certificates[0], certificates + 1, count - 1, NULL, now,
	    &verification->verdict);
	verify_key(certificates[0], verification);
	while (count > 0)
		X509_free(certificates[--count]);
}

/* A string, or null. */
static json_t *
verify_json_text(const char *text)
{
	char clean[PATH_MAX];

	trust_clean(text, clean, sizeof clean);
	return clean[0] != '\0' ? json_string(clean) : json_null();
}

static json_t *
verify_json(const struct verification *verification)
{
	const struct ek_verdict *verdict = &verification->verdict;
	char                     text[TRUST_FINGERPRINT_TEXT_SIZE];
	char                     when[CLOCK_TEXT_SIZE] = "";
	json_t                  *chain = json_array();

	for (size_t i = 0; i < verdict->chain_count; i++)
		(void)json_array_append_new(chain, print_json_text(verdict->chain[i]));
	trust_fingerprint_format(verdict->root, text);
	if (verification->read)
		clock_format(verification->not_after, when);
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "file", verify_json_text(verification->path),
	    "verified", verdict->verified,
	    "reason", verify_json_text(verdict->reason),
	    "manufacturer", verify_json_text(verdict->facts.manufacturer),
	    "vendor", verify_json_text(verdict->facts.vendor),
	    "model", verify_json_text(verdict->facts.model),
	    "version", verify_json_text(verdict->facts.version),
	    "key", verify_json_text(verification->key),
	    "ek_hash", verify_json_text(verification->hash),
	    "not_after", verify_json_text(when),
	    "chain", chain,
	    "root", verdict->verified ? json_string(text) : json_null());
}

static void
verify_say_fact(const char *name, const char *text, const char *more)
{
	if (text[0] == '\0')
		return;
	(void)printf("  %-12s  ", name);
	print_text(stdout, text);
	if (more[0] != '\0')
		(void)printf(" (%s)", more);
	(void)putchar('\n');
}

static void
verify_say(const struct verification *verification)
{
	const struct ek_verdict *verdict = &verification->verdict;
	char                     when[CLOCK_TEXT_SIZE];

	print_text(stdout, verification->path);
	(void)printf(": %s", verdict->verified ? "verified" : "not verified: ");
	print_text(stdout, verdict->reason);
	(void)putchar('\n');
	if (!verification->read)
		return;
	clock_format(verification->not_after, when);
	verify_say_fact("manufacturer", verdict->facts.manufacturer,
	    tpm_vendor_name(verdict->facts.manufacturer));
	verify_say_fact("model", verdict->facts.model, "");
	verify_say_fact("version", verdict->facts.version, "");
	verify_say_fact("key", verification->key, "");
	verify_say_fact("EK hash", verification->hash, "");
	verify_say_fact("valid until", when, "");
	for (size_t i = 0; i < verdict->chain_count; i++)
		verify_say_fact(i == 0 ? "issued by" : "below", verdict->chain[i], "");
}

static int
verify_files(const struct command_call *call, const struct ek_trust *trust, struct error *err)
{
	size_t refused = 0;

	for (size_t i = 0; i < call->operand_count; i++) {
		struct verification verification = {.path = call->operands[i]};

		verify_file(trust, call->now, &verification);
		refused += !verification.verdict.verified;
		if (call->json)
			print_json_item(verify_json(&verification), i == 0);
		else
			verify_say(&verification);
	}
	if (call->json)
		(void)printf("\n]\n");
	if (refused == 0)
		return 0;
	if (ek_trust_count(trust) == 0)
		return error_set(err, ERROR_EK_UNTRUSTED,
		    "%zu of %zu EK certificates %s not verified: no certificate of a vendor is imported; run"
		    " \"%s trust import PATH\"", refused, call->operand_count, refused == 1 ? "is" : "are",
		    own_command("attest-ca"));
	return error_set(err, ERROR_EK_UNTRUSTED, "%zu of %zu EK certificates %s not verified", refused,
	    call->operand_count, refused == 1 ? "is" : "are");
}

static int
admin_trust_verify(const struct command_call *call, struct error *err)
{
	struct ek_trust *trust = NULL;
	struct store    *store;
	int              rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = trust_load(store, &trust, err);
	store_close(store);
	if (rc == 0)
		rc = verify_files(call, trust, err);
	ek_trust_free(trust);
	return rc;
}
