/* attest-ca replace: gives a device a new EK, as after a change of the mainboard. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/similar.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting.h"
#include "store/store.h"
#include "util/ek_hash.h"
#include "util/error.h"
#include "util/own_command.h"

static command_run admin_replace;

const struct command admin_replace_command = {
    .name = "replace",
    .summary = "give names, tags and note of a device to the EK of its new mainboard",
    .size = sizeof(struct similar_options),
    .options = {{similar_rows, 0}},
    .operands = "OLD NEW",
    .operands_min = 2,
    .operands_max = 2,
    .run = admin_replace,
};

/* Reads a whole hash in any form, or the prefix of one on the waiting list. */
static int
replace_read_new(struct store *store, const char *text, uint8_t hash[STORE_HASH_SIZE],
    struct error *err)
{
	struct store_waiting waiting;

	if (store_hash_parse(text, hash))
		return 0;
	if (store_waiting_resolve(store, text, &waiting, err) != 0)
		return err->kind != ERROR_NOT_FOUND
		    ? -1
		    : error_set(err, ERROR_NOT_FOUND,
		          "\"%.100s\" is no EK hash, and no waiting EK begins with it; on the device,"
		          " \"attest-device ek --hash\" prints it",
		          text);
	memcpy(hash, waiting.ek_hash, STORE_HASH_SIZE);
	return 0;
}

/* Fills the device before and after; the caller clears both. */
static int
replace_in_store(const struct command_call *call, struct store_device *old, struct store_device *new,
    size_t *revoked, struct error *err)
{
	struct store  *store = NULL;
	struct similar similar = {.count = 0};
	uint8_t        hash[STORE_HASH_SIZE];
	int            rc = -1;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	similar_begin(call->options, store, &similar);
	if (store_device_resolve(store, call->operands[0], old, err) == 0 &&
	    replace_read_new(store, call->operands[1], hash, err) == 0 &&
	    store_device_replace(store, old->ek_hash, hash, call->now, revoked, err) == 0)
		rc = store_device_find(store, hash, new, err);
	store_close(store);
	similar_end(&similar, rc == 0);
	return rc;
}

static void
replace_say(const struct store_device *old, const struct store_device *new, size_t revoked,
    bool json)
{
	json_t *object;

	if (json) {
		object = describe_device_json(new);
		(void)json_object_set_new(object, "replaces",
		    describe_octets(old->ek_hash, STORE_HASH_SIZE));
		(void)json_object_set_new(object, "certificates_revoked",
		    json_integer((json_int_t)revoked));
		print_json(object);
		return;
	}
	(void)printf("replaced ");
	describe_device_line(stdout, old);
	(void)printf("\nby       ");
	describe_device_line(stdout, new);
	(void)printf("; ");
	describe_revoked(stdout, revoked);
	describe_crl_hint(stdout, revoked);
	if (!new->enabled)
		(void)printf("it is disabled, as the old one was; \"%s enable\" enables it\n",
		    own_command("attest-ca"));
	/* The AK certificates are superseded, which revoke_with_attestation leaves alone. */
	(void)printf("device certificates of the old mainboard stay good, and those of the new one will;"
	             " to revoke the\nold ones alone, run on the ACME server's host\n");
	describe_acme_command(stdout, old->ek_hash, NULL);
}

static int
admin_replace(const struct command_call *call, struct error *err)
{
	struct store_device old = {.enabled = false};
	struct store_device new = {.enabled = false};
	size_t              revoked = 0;
	int                 rc = replace_in_store(call, &old, &new, &revoked, err);

	if (rc == 0)
		replace_say(&old, &new, revoked, call->json);
	store_device_clear(&old);
	store_device_clear(&new);
	return rc;
}
