/* attest-ca revoke: revokes all certificates of a device, or single ones. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "pki/crl_reason.h"
#include "store/hash.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"

struct revoke {
	struct option_list serials;
	const char        *reason;
};

static const struct command_option revoke_rows[] = {
    {OPTION(LIST, "serial", "HEX", struct revoke, serials,
        "the AK certificate with this serial number; may be repeated")},
    {OPTION(TEXT, "reason", "REASON", struct revoke, reason,
         "keyCompromise, superseded, cessationOfOperation, ..."),
        .value = "unspecified"},
    {0},
};

static command_check revoke_check;
static command_run admin_revoke;

const struct command admin_revoke_command = {
    .name = "revoke",
    .summary = "revoke AK certificates and change nothing else",
    .size = sizeof(struct revoke),
    .options = {{revoke_rows, 0}},
    .operands = "HASH | PREFIX | NAME",
    .operands_max = COMMAND_OPERANDS_ANY,
    .check = revoke_check,
    .run = admin_revoke,
};

/* "4001ab", "40:01:AB" and "0x4001ab" are equal; leading zeros are ignored. */
static int
serial_parse(const char *text, uint8_t serial[STORE_SERIAL_MAX], size_t *size, struct error *err)
{
	char   digits[2 * STORE_SERIAL_MAX + 1];
	size_t count = 0;

	text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
	text += strspn(text, "0:");
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == ':')
			continue;
		if (count == sizeof digits - 1)
			return error_set(err, ERROR_MALFORMED, "a serial number has at most %d digits",
			    2 * STORE_SERIAL_MAX);
		digits[count++] = *p;
	}
	if (count % 2 == 1) {
		memmove(digits + 1, digits, count++);
		digits[0] = '0';
	}
	digits[count] = '\0';
	*size = count / 2;
	if (count == 0 || !hex_decode(digits, serial, *size))
		return error_set(err, ERROR_MALFORMED, "\"%.100s\" is no serial number in hexadecimal", text);
	return 0;
}

/* An enrolled device, or the whole hash of a removed one; sets `hash`, of STORE_HASH_SIZE octets. */
static int
revoke_device(struct store *store, const struct command_call *call, const char *text, int reason,
    uint8_t *hash, size_t *revoked, struct error *err)
{
	struct store_device device = {.enabled = false};

	if (!store_hash_parse(text, hash)) {
		if (store_device_resolve(store, text, &device, err) != 0)
			return -1;
		memcpy(hash, device.ek_hash, STORE_HASH_SIZE);
		store_device_clear(&device);
	}
	return store_revoke_device(store, hash, (enum crl_reason)reason, call->now, revoked, err);
}

static int
revoke_serial(struct store *store, const struct command_call *call, const char *text, int reason,
    size_t *revoked, struct error *err)
{
	uint8_t serial[STORE_SERIAL_MAX];
	size_t  size = 0;

	if (serial_parse(text, serial, &size, err) != 0)
		return -1;
	return store_revoke_serial(store, (struct view){serial, size}, (enum crl_reason)reason, call->now,
	    revoked, err);
}

/* Arguments of the transaction; the number of certificates that it revoked, and the devices' EK
 * hashes, one after the other. */
struct revocation {
	const struct command_call *call;
	int                        reason;
	size_t                     total;
	uint8_t                   *hashes;
};

static int
revoke_all(struct store *store, struct revocation *revocation, struct error *err)
{
	const struct command_call *call = revocation->call;
	const struct option_list  *serials = &((const struct revoke *)call->options)->serials;
	int                        reason = revocation->reason;
	size_t                     revoked = 0;

	for (size_t i = 0; i < call->operand_count; i++, revocation->total += revoked)
		if (revoke_device(store, call, call->operands[i], reason,
		        revocation->hashes + i * STORE_HASH_SIZE, &revoked, err) != 0)
			return -1;
	for (size_t i = 0; i < serials->count; i++, revocation->total += revoked)
		if (revoke_serial(store, call, serials->texts[i], reason, &revoked, err) != 0)
			return -1;
	return 0;
}

static int
revoke_all_cb(struct store *store, void *arg, struct error *err)
{
	if (revoke_all(store, arg, err) == 0)
		return 0;
	return error_wrap(err, "nothing was revoked");
}

static int
revoke_in_store(struct revocation *revocation, struct error *err)
{
	struct store *store = NULL;
	int           rc;

	if (admin_store_open(revocation->call, &store, err) != 0)
		return -1;
	rc = store_change(store, revoke_all_cb, revocation, err);
	store_close(store);
	return rc;
}

/* What is superseded was good until now: device certificates that it attested stay good by intent. */
static void
revoke_say(const struct revocation *revocation)
{
	describe_revoked(stdout, revocation->total);
	describe_crl_hint(stdout, revocation->total);
	if (revocation->reason == REASON_SUPERSEDED)
		return;
	for (size_t i = 0; i < revocation->call->operand_count; i++) {
		const uint8_t *hash = revocation->hashes + i * STORE_HASH_SIZE;

		if (i == 0)
			describe_acme_hint(stdout, hash, NULL, 0);
		else
			describe_acme_command(stdout, hash, NULL);
	}
}

static int
revoke_check(const struct command_call *call, struct error *err)
{
	const struct revoke *revoke = call->options;
	int                  reason;

	if (call->operand_count == 0 && revoke->serials.count == 0)
		return error_set(err, ERROR_MALFORMED, "revoke needs a DEVICE or --serial HEX");
	return crl_reason_parse(revoke->reason, &reason, err);
}

static int
admin_revoke(const struct command_call *call, struct error *err)
{
	const struct revoke *revoke = call->options;
	AUTO_FREE uint8_t   *hashes = memory_new((call->operand_count + 1) * STORE_HASH_SIZE);
	struct revocation    revocation = {.call = call, .hashes = hashes};

	(void)crl_reason_parse(revoke->reason, &revocation.reason, err); /* as the check has found it to be */
	if (revoke_in_store(&revocation, err) != 0)
		return -1;
	if (call->json)
		print_json(json_pack("{s:I}", "certificates_revoked", (json_int_t)revocation.total));
	else
		revoke_say(&revocation);
	return 0;
}
