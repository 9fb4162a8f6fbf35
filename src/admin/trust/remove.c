/* attest-ca trust remove: removes all given certificates, or none. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "admin/commands.h"
#include "admin/store.h"
#include "admin/trust/trust.h"
#include "command/print.h"
#include "pki/certificate.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/own_command.h"

static command_run admin_trust_remove;

const struct command admin_trust_remove_command = {
    .name = "trust remove",
    .summary = "no longer trust imported certificates",
    .operands = "FINGERPRINT",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .run = admin_trust_remove,
};

/* Shortest accepted prefix of a fingerprint. */
#define REMOVE_DIGITS_MIN 8

struct removal {
	char    digits[TRUST_FINGERPRINT_TEXT_SIZE]; /* in lower case, without colons */
	uint8_t fingerprint[STORE_FINGERPRINT_SIZE];
	json_t *described;
	size_t  count; /* number of matching certificates */
	uint8_t key[32]; /* hash of its key */
	char    twin[TRUST_FINGERPRINT_TEXT_SIZE]; /* subject of a remaining one with that key, or "" */
};

/* Reads digits of either case, and ignores colons. */
static int
remove_parse(const char *text, struct removal *removal, struct error *err)
{
	size_t length = 0;

	for (const char *p = text; *p != '\0'; p++) {
		char c = *p >= 'A' && *p <= 'F' ? (char)(*p - 'A' + 'a') : *p;

		if (c == ':')
			continue;
		if (strchr("0123456789abcdef", c) == NULL || length + 1 == sizeof removal->digits)
			return error_set(err, ERROR_MALFORMED,
			    "\"%.100s\" is no fingerprint; \"%s trust list\" shows them", text,
			    own_command("attest-ca"));
		removal->digits[length++] = c;
	}
	removal->digits[length] = '\0';
	if (length < REMOVE_DIGITS_MIN)
		return error_set(err, ERROR_MALFORMED, "\"%.100s\" has less than %d digits", text,
		    REMOVE_DIGITS_MIN);
	return 0;
}

static bool
remove_key_hash(const struct store_trusted *trusted, uint8_t hash[32])
{
	struct view  der = {trusted->certificate, trusted->certificate_size};
	X509        *certificate = NULL;
	struct error ignored;
	bool         done;

	if (certificate_decode(der, &certificate, &ignored) != 0)
		return false;
	done = certificate_key_hash(certificate, hash, &ignored) == 0;
	X509_free(certificate);
	return done;
}

static bool
remove_find_cb(const struct store_trusted *trusted, void *arg)
{
	struct removal *removal = arg;
	char            fingerprint[TRUST_FINGERPRINT_TEXT_SIZE];

	trust_fingerprint_format(trusted->fingerprint, fingerprint);
	if (strncmp(fingerprint, removal->digits, strlen(removal->digits)) != 0)
		return true;
	if (removal->count++ == 0) {
		memcpy(removal->fingerprint, trusted->fingerprint, sizeof removal->fingerprint);
		removal->described = trust_describe_json(trusted);
		(void)remove_key_hash(trusted, removal->key);
	}
	return true;
}

/* Roots are sometimes reissued with the same key: warns if another certificate with the key
 * stays. */
static bool
remove_find_twin_cb(const struct store_trusted *trusted, void *arg)
{
	struct removal *removal = arg;
	uint8_t         key[32];

	if (remove_key_hash(trusted, key) && memcmp(key, removal->key, sizeof key) == 0)
		trust_fingerprint_format(trusted->fingerprint, removal->twin);
	return removal->twin[0] == '\0';
}

static int
remove_one(struct store *store, const char *text, struct removal *removal, int64_t now,
    struct error *err)
{
	if (remove_parse(text, removal, err) != 0 ||
	    store_trust_list(store, remove_find_cb, removal, err) != 0)
		return -1;
	if (removal->count == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "no imported certificate has the fingerprint %s; see \"%s trust list\"",
		    removal->digits, own_command("attest-ca"));
	if (removal->count > 1)
		return error_set(err, ERROR_CONFLICT,
		    "%zu imported certificates have fingerprints that begin with %s; give more of it",
		    removal->count, removal->digits);
	return store_trust_remove(store, removal->fingerprint, now, err);
}

/* Arguments of the transaction. */
struct removals {
	const struct command_call *call;
	struct removal            *each; /* one for each operand */
};

static int
remove_all_cb(struct store *store, void *arg, struct error *err)
{
	const struct removals     *removals = arg;
	const struct command_call *call = removals->call;

	for (size_t i = 0; i < call->operand_count; i++) {
		if (remove_one(store, call->operands[i], &removals->each[i], call->now, err) != 0)
			return call->operand_count > 1 ? error_wrap(err, "nothing was removed") : -1;
	}
	for (size_t i = 0; i < call->operand_count; i++)
		if (store_trust_list(store, remove_find_twin_cb, &removals->each[i], err) != 0)
			return -1;
	return 0;
}

static void
remove_say(const struct removal *removals, size_t count, bool json)
{
	for (size_t i = 0; i < count; i++) {
		json_t     *described = removals[i].described;
		const char *subject = json_string_value(json_object_get(described, "subject"));

		if (json) {
			(void)json_object_set_new(described, "same_key",
			    removals[i].twin[0] != '\0' ? json_string(removals[i].twin) : json_null());
			print_json_item(json_incref(described), i == 0);
			continue;
		}
		(void)printf("removed the %s ", json_string_value(json_object_get(described, "role")));
		print_text(stdout, subject != NULL ? subject : "");
		(void)putchar('\n');
		if (removals[i].twin[0] != '\0')
			(void)printf("one with the same key is still imported: %s\n", removals[i].twin);
	}
	if (json)
		(void)printf("\n]\n");
}

static int
admin_trust_remove(const struct command_call *call, struct error *err)
{
	struct removal *removals = memory_new(call->operand_count * sizeof *removals);
	struct store   *store = NULL;
	int             rc;

	rc = admin_store_open(call, &store, err);
	if (rc == 0)
		rc = store_change(store, remove_all_cb, &(struct removals){call, removals}, err);
	store_close(store);
	if (rc == 0)
		remove_say(removals, call->operand_count, call->json);
	for (size_t i = 0; i < call->operand_count; i++)
		json_decref(removals[i].described);
	free(removals);
	return rc;
}
