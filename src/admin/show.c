/* attest-ca show: one device with its AK certificates. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/store.h"
#include "command/print.h"
#include "pki/crl_reason.h"
#include "store/hash.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/removed.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/own_command.h"

static command_run admin_show;

const struct command admin_show_command = {
    .name = "show",
    .summary = "show a device and its AK certificates",
    .operands = "HASH | PREFIX | NAME",
    .operands_min = 1,
    .operands_max = 1,
    .run = admin_show,
};

struct show {
	int64_t now;
	size_t  count;
	json_t *certificates;
};

static bool
show_json_cb(const struct store_certificate *certificate, void *arg)
{
	struct show *show = arg;

	(void)json_array_append_new(show->certificates, describe_certificate_json(certificate));
	return true;
}

/* Prints the facts about the EK certificate; *found is false when the device never attested. */
static int
show_find_evidence(struct store *store, const struct store_device *device,
    struct store_evidence *evidence, int64_t *checked, bool *found, struct error *err)
{
	int rc = store_evidence_find(store, device->ek_hash, evidence, checked, err);

	*found = rc == 0;
	return rc == 0 || err->kind == ERROR_NOT_FOUND ? 0 : -1;
}

static int
show_evidence(struct store *store, const struct store_device *device, struct error *err)
{
	struct store_evidence evidence;
	int64_t               checked = 0;
	bool                  found;
	char                  when[CLOCK_TEXT_SIZE];

	if (show_find_evidence(store, device, &evidence, &checked, &found, err) != 0)
		return -1;
	if (!found)
		return 0;
	clock_format(checked, when);
	(void)printf("EK cert   %s at %s", store_verdict_word(evidence.verdict), when);
	if (*evidence.reason != '\0') {
		(void)printf(": ");
		print_text(stdout, evidence.reason);
	}
	(void)printf("\nTPM       ");
	print_text(stdout, evidence.manufacturer);
	(void)printf(", model ");
	print_text(stdout, evidence.model);
	(void)printf(", version ");
	print_text(stdout, evidence.version);
	(void)printf("%s\n", evidence.verdict == STORE_VERDICT_VERIFIED
	    ? "" : " (as it says itself)");
	return 0;
}

static json_t *
show_evidence_json(const struct store_evidence *evidence, int64_t checked)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "verdict", store_verdict_word(evidence->verdict),
	    "reason", *evidence->reason != '\0' ? print_json_text(evidence->reason) : json_null(),
	    "manufacturer", print_json_text(evidence->manufacturer),
	    "model", print_json_text(evidence->model),
	    "version", print_json_text(evidence->version),
	    "root", evidence->verdict == STORE_VERDICT_VERIFIED
	        ? describe_octets(evidence->root, sizeof evidence->root)
	        : json_null(),
	    "checked", print_json_time(checked));
}

static int
show_json(struct store *store, const struct store_device *device, struct error *err)
{
	struct show           show = {.certificates = json_array()};
	struct store_evidence evidence;
	int64_t               checked = 0;
	bool                  found;
	json_t               *object;

	if (store_certificate_list(store, device->ek_hash, show_json_cb, &show, err) != 0 ||
	    show_find_evidence(store, device, &evidence, &checked, &found, err) != 0) {
		json_decref(show.certificates);
		return -1;
	}
	object = describe_device_json(device);
	(void)json_object_set_new(object, "evidence",
	    found ? show_evidence_json(&evidence, checked) : json_null());
	(void)json_object_set_new(object, "certificates", show.certificates);
	print_json(object);
	return 0;
}

static bool
show_text_cb(const struct store_certificate *certificate, void *arg)
{
	struct show *show = arg;
	char         serial[2 * STORE_SERIAL_MAX + 1];
	char         ak_name[2 * STORE_NAME_MAX + 1];
	char         not_before[CLOCK_TEXT_SIZE];
	char         not_after[CLOCK_TEXT_SIZE];
	char         state[PRINT_STATE_SIZE];
	const char  *reason = certificate->revoked != 0 ? crl_reason_word(certificate->reason) : NULL;

	(void)printf("\n%s", show->count++ == 0 ? "AK certificates:\n" : "");
	hex_encode(certificate->serial, certificate->serial_size, serial);
	hex_encode(certificate->ak_name, certificate->ak_name_size, ak_name);
	clock_format(certificate->not_before, not_before);
	clock_format(certificate->not_after, not_after);
	print_state(certificate->revoked, certificate->not_after, show->now, state);
	(void)printf("  serial   %s\n"
	             "  AK Name  %s\n"
	             "  valid    %s to %s\n"
	             "  state    %s%s%s\n",
	    serial, ak_name, not_before, not_after, state, reason != NULL ? ", " : "",
	    reason != NULL ? reason : "");
	return ferror(stdout) == 0;
}

static int
show_text(struct store *store, const struct store_device *device, int64_t now, struct error *err)
{
	struct show show = {.now = now};

	describe_device(stdout, device);
	if (show_evidence(store, device, err) != 0)
		return -1;
	if (store_certificate_list(store, device->ek_hash, show_text_cb, &show, err) != 0)
		return -1;
	if (show.count == 0)
		(void)printf("\nno AK certificates\n");
	return 0;
}

/* One that was removed is no stranger: says when, and by whom. */
static int
show_refuse(struct store *store, const char *text, struct error *err)
{
	struct store_removed removed;
	struct error         ignored;
	uint8_t              ek_hash[STORE_HASH_SIZE];
	char                 hash[STORE_HASH_TEXT_SIZE];
	char                 when[CLOCK_TEXT_SIZE];

	if (err->kind != ERROR_NOT_ENROLLED || !store_hash_parse(text, ek_hash) ||
	    store_removed_find(store, ek_hash, &removed, &ignored) != 0)
		return -1;
	store_hash_format(ek_hash, hash);
	clock_format(removed.at, when);
	removed.names[strcspn(removed.names, "\n")] = '\0';
	return error_set(err, ERROR_NOT_ENROLLED,
	    "EK %s is not enrolled: it was%s%.64s%s %s at %s%s%.64s; to let it in again, run \"%s enroll %s\"", hash,
	    removed.names[0] != '\0' ? " enrolled as " : "", removed.names,
	    removed.names[0] != '\0' ? ", and was" : "",
	    removed.reason[0] != '\0' ? removed.reason : "removed", when, removed.actor[0] != '\0' ? " by " : "", removed.actor,
	    own_command("attest-ca"), hash);
}

static int
admin_show(const struct command_call *call, struct error *err)
{
	struct store_device device;
	struct store       *store;
	int                 rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_device_resolve(store, call->operands[0], &device, err);
	if (rc == 0) {
		rc = call->json ? show_json(store, &device, err)
		                : show_text(store, &device, call->now, err);
		store_device_clear(&device);
	} else {
		rc = show_refuse(store, call->operands[0], err);
	}
	store_close(store);
	return rc;
}
