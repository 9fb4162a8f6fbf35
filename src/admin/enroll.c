/* attest-ca enroll: which EK it is, and what its device is called. */
#include "config.h"

#include "admin/describe.h"
#include "admin/ek_file.h"
#include "admin/enrolment.h"
#include "command/call.h"
#include "command/print.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "tpm/ek.h"
#include "util/bytes.h"
#include "util/error.h"

static int
enroll_read_hash(const struct admin_call *call, struct ek_hash *hash, struct error *err)
{
	const char *file = admin_call_value(call, "ek", NULL);

	if (file != NULL && call->operand_count != 0) {
		error_set(err, ERROR_MALFORMED, "enroll takes HASH or --ek FILE, not both");
		return ADMIN_USAGE;
	}
	if (file != NULL)
		return ek_file_hash(file, hash, err);
	if (call->operand_count == 0) {
		error_set(err, ERROR_MALFORMED, "enroll needs a HASH or --ek FILE");
		return ADMIN_USAGE;
	}
	if (ek_hash_parse(call->operands[0], hash, err) != 0) {
		struct error inner = *err;

		return error_set(err, inner.kind, "%s; on the device, \"attest-device ek --hash\" prints it",
		    inner.detail);
	}
	return 0;
}

int
admin_enroll(const struct admin_call *call, struct error *err)
{
	struct enrolment    enrolment;
	struct ek_hash      hash;
	struct store_device device;
	struct store       *store;
	int                 rc = enroll_read_hash(call, &hash, err);

	if (rc != 0)
		return rc;
	enrolment_fill(call, hash.bytes, &enrolment, &device);
	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	rc = store_device_enroll(store, &device, call->now, err);
	store_close(store);
	if (rc != 0)
		return -1;
	if (call->json)
		print_json(describe_device_json(&device));
	else
		enrolment_print("enrolled", &device);
	return 0;
}
