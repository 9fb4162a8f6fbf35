/* attest-ca disable and enable: disables devices and enables them again. */
#include "config.h"

#include "admin/commands.h"
#include "admin/each.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"

static command_run admin_disable;

const struct command admin_disable_command = {
    .name = "disable",
    .summary = "disable devices and revoke their AK certificates",
    .operands = "HASH | PREFIX | NAME",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .run = admin_disable,
};

static command_run admin_enable;

const struct command admin_enable_command = {
    .name = "enable",
    .summary = "enable devices again; they must attest again",
    .operands = "HASH | PREFIX | NAME",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .run = admin_enable,
};

static int
disable_one(struct store *store, const struct command_call *call, struct store_device *device,
    size_t *revoked, struct error *err)
{
	device->enabled = false;
	return store_device_enable(store, device->ek_hash, false, call->now, revoked, err);
}

static int
enable_one(struct store *store, const struct command_call *call, struct store_device *device,
    size_t *revoked, struct error *err)
{
	device->enabled = true;
	return store_device_enable(store, device->ek_hash, true, call->now, revoked, err);
}

static int
admin_disable(const struct command_call *call, struct error *err)
{
	static const struct each_act act = {
	    .done = "disabled", .acme = true, .nothing = "nothing was disabled", .change = disable_one};

	return each_run(call, &act, err);
}

static int
admin_enable(const struct command_call *call, struct error *err)
{
	static const struct each_act act = {
	    .done = "enabled", .nothing = "nothing was enabled", .change = enable_one};

	return each_run(call, &act, err);
}
