/* attest-ca set: what a device is called, and what is said of it. */
#include "config.h"

#include <stdio.h>

#include "admin/describe.h"
#include "command/call.h"
#include "command/print.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"

/* What is given for one of the two lists, or that it shall be empty. */
struct set_list {
	const char **texts;
	size_t       max;
	bool         set;
	size_t       count;
};

/* One more than may be is enough for the store to refuse it. */
static int
set_read_list(const struct admin_call *call, const char *name, const char *none,
    struct set_list *list, struct error *err)
{
	size_t count = admin_call_values(call, name, list->texts, list->max);
	bool   empty = admin_call_given(call, none);

	if (count != 0 && empty)
		return error_set(err, ERROR_MALFORMED, "--%s and --%s contradict each other", name, none);
	list->set = count != 0 || empty;
	list->count = count < list->max ? count : list->max;
	return 0;
}

static int
set_read(const struct admin_call *call, struct set_list *names, struct set_list *tags,
    struct store_edit *edit, struct error *err)
{
	if (set_read_list(call, "name", "no-names", names, err) != 0 ||
	    set_read_list(call, "tag", "no-tags", tags, err) != 0)
		return -1;
	*edit = (struct store_edit){
	    .set_names = names->set,
	    .names = names->texts,
	    .name_count = names->count,
	    .set_tags = tags->set,
	    .tags = tags->texts,
	    .tag_count = tags->count,
	    .note = admin_call_value(call, "note", NULL),
	};
	if (!edit->set_names && !edit->set_tags && edit->note == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "set needs one of --name, --no-names, --tag, --no-tags and --note");
	return 0;
}

static int
set_in_store(const struct admin_call *call, const struct store_edit *edit,
    struct store_device *device, size_t *revoked, struct error *err)
{
	struct store_device before = {.enabled = false};
	struct store       *store = NULL;
	int                 rc = -1;

	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	if (store_device_resolve(store, call->operands[0], &before, err) == 0 &&
	    store_device_set(store, before.ek_hash, edit, call->now, revoked, err) == 0)
		rc = store_device_find(store, before.ek_hash, device, err);
	store_device_clear(&before);
	store_close(store);
	return rc;
}

static void
set_say(const struct store_device *device, size_t revoked, bool json)
{
	json_t *object;

	if (json) {
		object = describe_device_json(device);
		(void)json_object_set_new(object, "certificates_revoked",
		    json_integer((json_int_t)revoked));
		print_json(object);
		return;
	}
	describe_device(stdout, device);
	describe_revoked(stdout, revoked);
	describe_crl_hint(stdout, revoked);
}

int
admin_set(const struct admin_call *call, struct error *err)
{
	const char         *names[STORE_DEVICE_NAMES_MAX + 1];
	const char         *tags[STORE_DEVICE_TAGS_MAX + 1];
	struct set_list     name_list = {.texts = names, .max = STORE_DEVICE_NAMES_MAX + 1};
	struct set_list     tag_list = {.texts = tags, .max = STORE_DEVICE_TAGS_MAX + 1};
	struct store_device device = {.enabled = false};
	struct store_edit   edit;
	size_t              revoked = 0;

	if (set_read(call, &name_list, &tag_list, &edit, err) != 0)
		return ADMIN_USAGE;
	if (set_in_store(call, &edit, &device, &revoked, err) != 0)
		return -1;
	set_say(&device, revoked, call->json);
	store_device_clear(&device);
	return 0;
}
