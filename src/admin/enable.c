/* attest-ca disable and enable: devices switched off, and on again. */
#include "config.h"

#include "admin/each.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"

static int
disable_one(struct store *store, const struct admin_call *call, struct store_device *device,
    size_t *revoked, struct error *err)
{
	device->enabled = false;
	return store_device_enable(store, device->ek_hash, false, call->now, revoked, err);
}

static int
enable_one(struct store *store, const struct admin_call *call, struct store_device *device,
    size_t *revoked, struct error *err)
{
	device->enabled = true;
	return store_device_enable(store, device->ek_hash, true, call->now, revoked, err);
}

int
admin_disable(const struct admin_call *call, struct error *err)
{
	static const struct each_act act = {"disabled", "nothing was disabled", disable_one};

	return each_run(call, &act, err);
}

int
admin_enable(const struct admin_call *call, struct error *err)
{
	static const struct each_act act = {"enabled", "nothing was enabled", enable_one};

	return each_run(call, &act, err);
}
