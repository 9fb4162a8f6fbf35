/* attest-ca revoke: certificates of devices, or single ones, and nothing else of them. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/describe.h"
#include "command/call.h"
#include "command/print.h"
#include "pki/crl_reason.h"
#include "store/hash.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"
#include "util/hex.h"

/* "4001ab", "40:01:AB" and "0x4001ab" are the same, leading zeros or not. */
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

/* A device that is enrolled, or the whole hash of one that was. */
static int
revoke_device(struct store *store, const struct admin_call *call, const char *text, int reason,
    size_t *revoked, struct error *err)
{
	struct store_device device = {.enabled = false};
	uint8_t             hash[STORE_HASH_SIZE];

	if (!store_hash_parse(text, hash)) {
		if (store_device_resolve(store, text, &device, err) != 0)
			return -1;
		memcpy(hash, device.ek_hash, sizeof hash);
		store_device_clear(&device);
	}
	return store_revoke_device(store, hash, (enum crl_reason)reason, call->now, revoked, err);
}

static int
revoke_serial(struct store *store, const struct admin_call *call, const char *text, int reason,
    size_t *revoked, struct error *err)
{
	uint8_t serial[STORE_SERIAL_MAX];
	size_t  size = 0;

	if (serial_parse(text, serial, &size, err) != 0)
		return -1;
	return store_revoke_serial(store, serial, size, (enum crl_reason)reason, call->now, revoked,
	    err);
}

static int
revoke_all(struct store *store, const struct admin_call *call, int reason, size_t *total,
    struct error *err)
{
	size_t revoked = 0;

	for (size_t i = 0; i < call->operand_count; i++, *total += revoked)
		if (revoke_device(store, call, call->operands[i], reason, &revoked, err) != 0)
			return -1;
	for (size_t i = 0; i < call->value_count; i++) {
		const struct admin_value *value = &call->values[i];

		if (strcmp(value->option->name, "serial") != 0)
			continue;
		if (revoke_serial(store, call, value->text, reason, &revoked, err) != 0)
			return -1;
		*total += revoked;
	}
	return 0;
}

static int
revoke_in_store(const struct admin_call *call, int reason, size_t *total, struct error *err)
{
	struct store *store = NULL;
	int           rc;

	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	rc = store_begin(store, err);
	if (rc == 0) {
		rc = revoke_all(store, call, reason, total, err);
		if (rc == 0) {
			rc = store_commit(store, err);
		} else {
			store_rollback(store);
			error_wrap(err, "nothing was revoked");
		}
	}
	store_close(store);
	return rc;
}

int
admin_revoke(const struct admin_call *call, struct error *err)
{
	size_t total = 0;
	int    reason = 0;

	if (crl_reason_parse(admin_call_value(call, "reason", "unspecified"), &reason, err) != 0)
		return ADMIN_USAGE;
	if (call->operand_count == 0 && !admin_call_given(call, "serial")) {
		error_set(err, ERROR_MALFORMED, "revoke needs a DEVICE or --serial HEX");
		return ADMIN_USAGE;
	}
	if (revoke_in_store(call, reason, &total, err) != 0)
		return -1;
	if (call->json) {
		print_json(json_pack("{s:I}", "certificates_revoked", (json_int_t)total));
		return 0;
	}
	describe_revoked(stdout, total);
	describe_crl_hint(stdout, total);
	return 0;
}
