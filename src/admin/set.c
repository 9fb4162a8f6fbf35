/* attest-ca set: changes a device's names, tags and note. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/similar.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

struct set {
	struct option_list names;
	bool               no_names;
#define X(name, ...) const char *name;
	DEVICE_TEXTS(X)
#undef X
	struct option_list tags;
	bool               no_tags;
	struct similar_options similar;
};

static const struct command_option set_rows[] = {
    {OPTION(LIST, "name", "NAME", struct set, names,
        "exactly these permanent identifiers; may be repeated")},
    {OPTION(FLAG, "no-names", NULL, struct set, no_names,
        "no permanent identifiers: the hash is used instead")},
#define X(name, FIELD, number, title, max, argument, summary)                                 \
    {OPTION(TEXT, #name, argument, struct set, name, summary)},
    DEVICE_TEXTS(X)
#undef X
    {OPTION(LIST, "tag", "TAG", struct set, tags, "exactly these tags; may be repeated")},
    {OPTION(FLAG, "no-tags", NULL, struct set, no_tags, "no tags")},
    {0},
};

#define SET_COMMA(name, ...)  ", " #name
#define SET_OPTION(name, ...) " and --" #name
#define SET_IS_NULL(name, ...) && set->name == NULL

static command_check set_check;
static command_run admin_set;

const struct command admin_set_command = {
    .name = "set",
    .summary = "change names, tags" DEVICE_TEXTS(SET_COMMA)
               "; certificates with removed names are revoked",
    .size = sizeof(struct set),
    .options = {{set_rows, 0}, {similar_rows, offsetof(struct set, similar)}},
    .operands = "HASH | PREFIX | NAME",
    .operands_min = 1,
    .operands_max = 1,
    .check = set_check,
    .run = admin_set,
};

static int
set_check(const struct command_call *call, struct error *err)
{
	const struct set *set = call->options;

	if (set->names.count != 0 && set->no_names)
		return error_set(err, ERROR_MALFORMED, "--name and --no-names contradict each other");
	if (set->tags.count != 0 && set->no_tags)
		return error_set(err, ERROR_MALFORMED, "--tag and --no-tags contradict each other");
	if (set->names.count == 0 && !set->no_names && set->tags.count == 0 && !set->no_tags
	        DEVICE_TEXTS(SET_IS_NULL))
		return error_set(err, ERROR_MALFORMED,
		    "set needs one of --name, --no-names, --tag, --no-tags" DEVICE_TEXTS(SET_OPTION));
	return 0;
}

static int
set_in_store(const struct command_call *call, const struct store_edit *edit,
    struct store_device *before, struct store_device *device, size_t *revoked, struct error *err)
{
	const struct set *set = call->options;
	struct store     *store = NULL;
	struct similar    similar = {.count = 0};
	int               rc = -1;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	similar_begin(&set->similar, store, &similar);
	if (store_device_resolve(store, call->operands[0], before, err) == 0 &&
	    store_device_set(store, before->ek_hash, edit, call->now, revoked, err) == 0)
		rc = store_device_find(store, before->ek_hash, device, err);
	store_close(store);
	similar_end(&similar, rc == 0);
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

static bool
set_has_name(const struct store_device *device, const char *name)
{
	for (size_t i = 0; i < device->name_count; i++)
		if (strcmp(device->names[i], name) == 0)
			return true;
	return false;
}

/* What the CA has revoked carried the names that are gone; what an ACME server issued still does. */
static void
set_say_gone(const struct store_device *before, const struct store_device *device)
{
	char **gone = memory_new((before->name_count + 1) * sizeof *gone);
	size_t count = 0;

	for (size_t i = 0; i < before->name_count; i++)
		if (!set_has_name(device, before->names[i]))
			gone[count++] = before->names[i];
	if (count != 0)
		describe_acme_hint(stdout, device->ek_hash, gone, count);
	free(gone);
}

static int
admin_set(const struct command_call *call, struct error *err)
{
	const struct set   *set = call->options;
	struct store_device before = {.enabled = false};
	struct store_device device = {.enabled = false};
	struct store_edit   edit = {
	      .set_names = set->names.count != 0 || set->no_names,
	      .names = set->names.texts,
	      .name_count = set->names.count,
	      .set_tags = set->tags.count != 0 || set->no_tags,
	      .tags = set->tags.texts,
	      .tag_count = set->tags.count,
#define X(name, ...) .name = set->name,
	      DEVICE_TEXTS(X)
#undef X
	};
	size_t revoked = 0;
	int    rc;

	rc = set_in_store(call, &edit, &before, &device, &revoked, err);
	if (rc == 0) {
		set_say(&device, revoked, call->json);
		if (!call->json)
			set_say_gone(&before, &device);
		if (edit.set_names)
			describe_long_names(&device);
	}
	store_device_clear(&before);
	store_device_clear(&device);
	return rc;
}
