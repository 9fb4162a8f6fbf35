/* Changes all of several devices or none; the command defines the change. */
#include "config.h"

#include "admin/each.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

struct each_result {
	struct store_device device;
	size_t              revoked; /* certificates that it revoked */
};

/* Arguments of the transaction. */
struct each {
	const struct command_call *call;
	const struct each_act     *act;
	struct each_result        *results; /* one for each operand */
};

static int
each_change_cb(struct store *store, void *arg, struct error *err)
{
	struct each               *each = arg;
	const struct command_call *call = each->call;
	const struct each_act     *act = each->act;
	struct each_result        *results = each->results;

	for (size_t i = 0; i < call->operand_count; i++) {
		if (store_device_resolve(store, call->operands[i], &results[i].device, err) != 0 ||
		    act->change(store, call, &results[i].device, &results[i].revoked, err) != 0)
			return call->operand_count > 1 ? error_wrap(err, "%s", act->nothing) : -1;
	}
	return 0;
}

static void
each_say(const struct each_act *act, const struct each_result *result)
{
	(void)printf("%s ", act->done);
	describe_device_line(stdout, &result->device);
	(void)printf("; ");
	describe_revoked(stdout, result->revoked);
}

static void
each_say_json(const struct each_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *object = describe_device_json(&results[i].device);

		(void)json_object_set_new(object, "certificates_revoked",
		    json_integer((json_int_t)results[i].revoked));
		print_json_item(object, i == 0);
	}
	(void)printf("\n]\n");
}

int
each_run(const struct command_call *call, const struct each_act *act, struct error *err)
{
	struct each_result *results = memory_new(call->operand_count * sizeof *results);
	struct store       *store = NULL;
	size_t              total = 0;
	int                 rc = admin_store_open(call, &store, err);

	if (rc == 0)
		rc = store_change(store, each_change_cb, &(struct each){call, act, results}, err);
	store_close(store);
	if (rc == 0 && call->json)
		each_say_json(results, call->operand_count);
	for (size_t i = 0; i < call->operand_count; i++) {
		if (rc == 0 && !call->json)
			each_say(act, &results[i]);
		total += results[i].revoked;
	}
	if (rc == 0 && !call->json)
		describe_crl_hint(stdout, total);
	for (size_t i = 0; i < call->operand_count; i++) {
		if (rc == 0 && !call->json && act->acme)
			describe_acme_hint(stdout, results[i].device.ek_hash, NULL, 0);
		store_device_clear(&results[i].device);
	}
	free(results);
	return rc;
}
