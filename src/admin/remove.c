/* attest-ca remove: all the devices that it was given, or none. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/call.h"
#include "admin/describe.h"
#include "admin/print.h"
#include "store/hash.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

struct removal {
	struct store_device device;
	size_t              revoked; /* certificates that were good */
	int64_t             now;
};

static bool
remove_count_cb(const struct store_certificate *certificate, void *arg)
{
	struct removal *removal = arg;

	if (certificate->revoked == 0 && certificate->not_after >= removal->now)
		removal->revoked++;
	return true;
}

static int
remove_one(struct store *store, const char *text, struct removal *removal, struct error *err)
{
	if (store_device_resolve(store, text, &removal->device, err) != 0)
		return -1;
	if (store_certificate_list(store, removal->device.ek_hash, remove_count_cb, removal, err) != 0)
		return -1;
	return store_device_remove(store, removal->device.ek_hash, removal->now, err);
}

static int
remove_all(struct store *store, const struct admin_call *call, struct removal *removals,
    struct error *err)
{
	if (store_begin(store, err) != 0)
		return -1;
	for (size_t i = 0; i < call->operand_count; i++) {
		removals[i].now = call->now;
		if (remove_one(store, call->operands[i], &removals[i], err) != 0) {
			store_rollback(store);
			return call->operand_count > 1 ? error_wrap(err, "nothing was removed") : -1;
		}
	}
	return store_commit(store, err);
}

static void
remove_say(const struct removal *removal)
{
	AUTO_FREE char *names = describe_names(&removal->device);
	char            hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(removal->device.ek_hash, hash);
	(void)printf("removed EK %s", hash);
	if (removal->device.name_count != 0) {
		(void)printf(" (");
		print_text(stdout, names);
		(void)putchar(')');
	}
	(void)printf("; %zu AK certificate%s revoked\n", removal->revoked,
	    removal->revoked == 1 ? "" : "s");
}

static void
remove_say_json(const struct removal *removals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *object = describe_device_json(&removals[i].device);

		(void)json_object_set_new(object, "certificates_revoked",
		    json_integer((json_int_t)removals[i].revoked));
		print_json_item(object, i == 0);
	}
	(void)printf("\n]\n");
}

int
admin_remove(const struct admin_call *call, struct error *err)
{
	struct removal *removals = memory_new(call->operand_count * sizeof *removals);
	struct store   *store = NULL;
	int             rc;

	rc = store_open(call->state_dir, &store, err);
	if (rc == 0)
		rc = remove_all(store, call, removals, err);
	store_close(store);
	if (rc == 0 && call->json)
		remove_say_json(removals, call->operand_count);
	for (size_t i = 0; i < call->operand_count; i++) {
		if (rc == 0 && !call->json)
			remove_say(&removals[i]);
		store_device_clear(&removals[i].device);
	}
	free(removals);
	return rc;
}
