/* attest-ca show: one device with its AK certificates. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "admin/call.h"
#include "admin/describe.h"
#include "admin/print.h"
#include "store/hash.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"

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

static int
show_json(struct store *store, const struct store_device *device, struct error *err)
{
	struct show show = {.certificates = json_array()};
	json_t     *object;

	if (store_certificate_list(store, device->ek_hash, show_json_cb, &show, err) != 0) {
		json_decref(show.certificates);
		return -1;
	}
	object = describe_device_json(device);
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
	char         state[DESCRIBE_STATE_SIZE];

	if (show->count++ == 0)
		(void)printf("\nAK certificates:\n");
	hex_encode(certificate->serial, certificate->serial_size, serial);
	hex_encode(certificate->ak_name, certificate->ak_name_size, ak_name);
	clock_format(certificate->not_before, not_before);
	clock_format(certificate->not_after, not_after);
	describe_certificate_state(certificate, show->now, state);
	(void)printf("  serial   %s\n"
	             "  AK Name  %s\n"
	             "  valid    %s to %s\n"
	             "  state    %s\n\n",
	    serial, ak_name, not_before, not_after, state);
	return ferror(stdout) == 0;
}

static int
show_text(struct store *store, const struct store_device *device, int64_t now, struct error *err)
{
	struct show show = {.now = now};
	char        hash[STORE_HASH_TEXT_SIZE];
	char        enrolled[CLOCK_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	clock_format(device->enrolled, enrolled);
	(void)printf("EK hash   %s\n", hash);
	for (size_t i = 0; i < device->name_count; i++) {
		(void)printf("name      ");
		print_text(stdout, device->names[i]);
		(void)putchar('\n');
	}
	if (device->name_count == 0)
		(void)printf("name      none: AK certificates carry the hash\n");
	if (*device->note != '\0') {
		(void)printf("note      ");
		print_text(stdout, device->note);
		(void)putchar('\n');
	}
	(void)printf("state     %s\n", device->enabled ? "enabled" : "disabled");
	(void)printf("enrolled  %s\n", enrolled);
	if (store_certificate_list(store, device->ek_hash, show_text_cb, &show, err) != 0)
		return -1;
	if (show.count == 0)
		(void)printf("\nno AK certificates\n");
	return 0;
}

int
admin_show(const struct admin_call *call, struct error *err)
{
	struct store_device device;
	struct store       *store;
	int                 rc;

	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	rc = store_device_resolve(store, call->operands[0], &device, err);
	if (rc == 0) {
		rc = call->json ? show_json(store, &device, err)
		                : show_text(store, &device, call->now, err);
		store_device_clear(&device);
	}
	store_close(store);
	return rc;
}
