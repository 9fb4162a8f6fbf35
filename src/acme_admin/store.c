/* Owns where a command finds accounts, orders and certificates. */
#include "config.h"

#include "acme_admin/store.h"

#include "command/command.h"
#include "store/acme/acme.h"

int
acme_admin_store_open(const struct command_call *call, struct store **out, struct error *err)
{
	return store_acme_open(call->store != NULL ? call->store : call->state_dir, out, err);
}
