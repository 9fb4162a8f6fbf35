/* What challenge.c and certify.c both do: find the device of an EK, refuse, and say who asked. */
#include "config.h"

#include "attestation/keeper/state.h"

#include <stdio.h>
#include <string.h>

#include "attestation/message.h"
#include "daemon/keeper.h"
#include "store/inventory/device.h"
#include "tpm/ek.h"
#include "util/error.h"
#include "util/log.h"

int
attestation_device_find(struct attestation_worker *worker, const uint8_t ek_hash[32],
    struct store_device *device, struct error *err)
{
	struct ek_hash hash;
	char           text[EK_HASH_TEXT_SIZE];

	memcpy(hash.bytes, ek_hash, sizeof hash.bytes);
	ek_hash_format(&hash, text);
	if (store_device_find(worker->store, ek_hash, device, err) != 0) {
		if (err->kind != ERROR_NOT_ENROLLED)
			return -1;
		return error_set(err, ERROR_NOT_ENROLLED,
		    "EK %s is not enrolled; an administrator can run: attest-ca enroll %s", text, text);
	}
	if (!device->enabled)
		return error_set(err, ERROR_DEVICE_DISABLED, "the device with EK %s is switched off",
		    text);
	return 0;
}

void
asker_set(struct asker *asker, const struct attestation_question *asked)
{
	(void)snprintf(asker->request, sizeof asker->request, "%llu",
	    (unsigned long long)asked->request);
	(void)snprintf(asker->peer, sizeof asker->peer, "%.*s", (int)asked->peer.size,
	    (const char *)asked->peer.data);
}

void
attestation_refuse(struct keeper_question *question, const struct asker *asker, const char *what,
    const struct error *err)
{
	AUTO_BYTES answer = {0};

	LOG(INFO, {"request", asker->request}, {"event", "refused"}, {"what", what},
	    {"peer", asker->peer}, {"kind", error_type(err->kind)}, {"reason", err->detail});
	attestation_refusal_encode(err, &answer);
	keeper_answer(question, bytes_view(&answer));
}
