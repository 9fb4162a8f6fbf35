/* Owns where a command finds the inventory. */
#include "config.h"

#include "admin/store.h"

#include "command/command.h"
#include "store/store.h"
#include "util/error.h"

int
admin_store_open(const struct command_call *call, struct store **out, struct error *err)
{
	return store_open(call->store != NULL ? call->store : call->state_dir, out, err);
}

int
admin_store_check_own(const struct command_call *call, struct error *err)
{
	return call->store == NULL
	    ? 0
	    : error_set(err, ERROR_MALFORMED,
	          "a new store is made in the state directory: leave --store out, and move it "
	          "afterwards");
}
