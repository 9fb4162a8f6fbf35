/* attest-ca enroll: which EK it is, and what its device is called. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/call.h"
#include "admin/describe.h"
#include "admin/ek_file.h"
#include "admin/print.h"
#include "store/hash.h"
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

/* Borrows everything from the call; one name more than may be is enough for the store to refuse it. */
static void
enroll_fill(const struct admin_call *call, const struct ek_hash *hash, const char **names,
    const char **tags, struct store_device *device)
{
	size_t count = admin_call_values(call, "name", names, STORE_DEVICE_NAMES_MAX + 1);
	size_t tag_count = admin_call_values(call, "tag", tags, STORE_DEVICE_TAGS_MAX + 1);

	*device = (struct store_device){
	    .names = (char **)(uintptr_t)names,
	    .name_count = count > STORE_DEVICE_NAMES_MAX ? STORE_DEVICE_NAMES_MAX + 1 : count,
	    .tags = (char **)(uintptr_t)tags,
	    .tag_count = tag_count > STORE_DEVICE_TAGS_MAX ? STORE_DEVICE_TAGS_MAX + 1 : tag_count,
	    .note = (char *)(uintptr_t)admin_call_value(call, "note", ""),
	};
	memcpy(device->ek_hash, hash->bytes, STORE_HASH_SIZE);
}

static void
enroll_say(const struct store_device *device, bool json)
{
	char            hash[STORE_HASH_TEXT_SIZE];
	AUTO_FREE char *names = describe_names(device);

	if (json) {
		print_json(describe_device_json(device));
		return;
	}
	store_hash_format(device->ek_hash, hash);
	(void)printf("enrolled EK %s\n", hash);
	if (device->name_count == 0) {
		(void)printf("it has no name: its AK certificates carry the hash\n");
		return;
	}
	(void)printf("%s: ", device->name_count == 1 ? "name" : "names");
	print_text(stdout, names);
	(void)putchar('\n');
}

int
admin_enroll(const struct admin_call *call, struct error *err)
{
	const char         *names[STORE_DEVICE_NAMES_MAX + 1];
	const char         *tags[STORE_DEVICE_TAGS_MAX + 1];
	struct ek_hash      hash;
	struct store_device device;
	struct store       *store;
	int                 rc = enroll_read_hash(call, &hash, err);

	if (rc != 0)
		return rc;
	enroll_fill(call, &hash, names, tags, &device);
	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	rc = store_device_enroll(store, &device, call->now, err);
	store_close(store);
	if (rc != 0)
		return -1;
	device.enabled = true;
	device.enrolled = call->now;
	enroll_say(&device, call->json);
	return 0;
}
