/* attest-ca enroll: adds an EK to the inventory, with its device's names. */
#include "config.h"

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/ek_file.h"
#include "admin/enrolment.h"
#include "admin/similar.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/error.h"

struct enroll {
	struct enrolment       enrolment;
	struct similar_options similar;
	const char            *ek;
};

static const struct command_option enroll_rows[] = {
    {OPTION(TEXT, "ek", "FILE", struct enroll, ek,
         "take the hash from the EK's public key, public area or certificate"),
        .named = true},
    {0},
};

static command_check enroll_check;
static command_run admin_enroll;

const struct command admin_enroll_command = {
    .name = "enroll",
    .summary = "enroll an EK, so that its device gets AK certificates",
    .size = sizeof(struct enroll),
    .options = {{enrolment_rows, offsetof(struct enroll, enrolment)}, {enroll_rows, 0},
        {similar_rows, offsetof(struct enroll, similar)}},
    .operands = "HASH",
    .operands_max = 1,
    .check = enroll_check,
    .run = admin_enroll,
};

static int
enroll_check(const struct command_call *call, struct error *err)
{
	const struct enroll *enroll = call->options;

	if (enroll->ek != NULL && call->operand_count != 0)
		return error_set(err, ERROR_MALFORMED, "enroll takes HASH or --ek FILE, not both");
	if (enroll->ek == NULL && call->operand_count == 0)
		return error_set(err, ERROR_MALFORMED, "enroll needs a HASH or --ek FILE");
	return 0;
}

static int
enroll_read_hash(const struct command_call *call, struct ek_hash *hash, struct error *err)
{
	const struct enroll *enroll = call->options;

	if (enroll->ek != NULL)
		return ek_file_hash(enroll->ek, hash, err);
	if (ek_hash_parse(call->operands[0], hash, err) != 0) {
		struct error inner = *err;

		return error_set(err, inner.kind, "%s; on the device, \"attest-device ek --hash\" prints it",
		    inner.detail);
	}
	return 0;
}

static int
admin_enroll(const struct command_call *call, struct error *err)
{
	const struct enroll *enroll = call->options;
	struct ek_hash       hash;
	struct store_device  device;
	struct store        *store;
	struct similar       similar = {.count = 0};
	int                  rc;

	if (enroll_read_hash(call, &hash, err) != 0)
		return -1;
	enrolment_fill(&enroll->enrolment, hash.bytes, call->now, &device);
	if (admin_store_open(call, &store, err) != 0)
		return -1;
	similar_begin(&enroll->similar, store, &similar);
	rc = store_device_enroll(store, &device, call->now, err);
	store_close(store);
	similar_end(&similar, rc == 0);
	if (rc != 0)
		return -1;
	if (call->json)
		print_json(describe_device_json(&device));
	else
		enrolment_print("enrolled", &device);
	describe_long_names(&device);
	return 0;
}
