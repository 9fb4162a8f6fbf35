/* Common parts of the operations: questions, refusals, and the device of an EK. */
#include "config.h"

#include "attestation/keeper/operation.h"

#include <string.h>

#include "service/keeper/keeper.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "util/ek_hash.h"
#include "util/own_command.h"

/* Decoding lets no other kind through. */
static const struct call_operation *const operations[] = {
#define X(kind, name, number) [ATTESTATION_##kind] = &attestation_operation_##name,
    ATTESTATION_QUESTIONS(X)
#undef X
};

const struct attestation_question *
attestation_operation_asked(const struct call *call)
{
	return call->asked;
}

struct attestation_keeper *
attestation_operation_keeper(const struct call *call)
{
	return service_keeper_state(call);
}

const struct attestation_revision *
attestation_operation_revision(const struct call *call)
{
	return service_keeper_revision(call);
}

static int
operation_decode_cb(struct call *call, struct error *err)
{
	struct attestation_question *asked = call->asked;
	int rc = attestation_question_decode(bytes_view(&call->body), asked, err);

	call_asker_set(&call->asker, asked->request, "peer", asked->peer);
	call->source = source_of_text(asked->peer);
	if (rc == 0)
		call->operation = operations[asked->kind];
	return rc;
}

static void
operation_act_cb(const struct call_asker *asker, struct store *store)
{
	store_actor_set(store, &(struct store_actor){"attestd", asker->name, asker->request});
}

const struct call_service attestation_operation_service = {
    .asked_size = sizeof(struct attestation_question),
    .decode = operation_decode_cb,
    .act = operation_act_cb,
    .refuse = attestation_refusal_encode,
    .hold = service_keeper_hold,
    .release = service_keeper_release,
};

int
attestation_operation_device(struct store *store, const struct ek_hash *ek, unsigned lists,
    struct store_device *device, struct error *err)
{
	char text[EK_HASH_TEXT_SIZE];

	if (store_device_find_with(store, ek->bytes, lists, device, err) != 0) {
		if (err->kind != ERROR_NOT_ENROLLED)
			return -1;
		ek_hash_format(ek, text);
		return error_set(err, ERROR_NOT_ENROLLED,
		    "EK %s is not enrolled; an administrator can run: %s enroll %s", text,
		    own_command("attest-ca"), text);
	}
	return attestation_operation_enabled(device, err);
}

int
attestation_operation_enabled(const struct store_device *device, struct error *err)
{
	struct ek_hash ek;
	char           text[EK_HASH_TEXT_SIZE];

	if (device->enabled)
		return 0;
	memcpy(ek.bytes, device->ek_hash, sizeof ek.bytes);
	ek_hash_format(&ek, text);
	return error_set(err, ERROR_DEVICE_DISABLED,
	    "the device with EK %s is disabled; an administrator can run: %s enable %s", text,
	    own_command("attest-ca"), text);
}
