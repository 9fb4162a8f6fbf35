/* attest-ca remove: removes devices from the inventory. */
#include "config.h"

#include "admin/commands.h"
#include "admin/each.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"

static command_run admin_remove;

const struct command admin_remove_command = {
    .name = "remove",
    .summary = "take devices out of the inventory and revoke their AK certificates",
    .operands = "HASH | PREFIX | NAME",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .run = admin_remove,
};

/* Counts the certificates that the store is about to revoke, since it returns no number. */
struct good {
	int64_t now;
	size_t  count;
};

static bool
remove_count_cb(const struct store_certificate *certificate, void *arg)
{
	struct good *good = arg;

	if (certificate->revoked == 0 && certificate->not_after >= good->now)
		good->count++;
	return true;
}

static int
remove_one(struct store *store, const struct command_call *call, struct store_device *device,
    size_t *revoked, struct error *err)
{
	struct good good = {.now = call->now};

	if (store_certificate_list(store, device->ek_hash, remove_count_cb, &good, err) != 0)
		return -1;
	*revoked = good.count;
	return store_device_remove(store, device->ek_hash, call->now, err);
}

static int
admin_remove(const struct command_call *call, struct error *err)
{
	static const struct each_act act = {
	    .done = "removed", .acme = true, .nothing = "nothing was removed", .change = remove_one};

	return each_run(call, &act, err);
}
