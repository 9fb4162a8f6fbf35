/* attest-ca list: prints devices as they are read; a million need no memory. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>

#include "admin/commands.h"
#include "admin/describe.h"
#include "admin/filter.h"
#include "admin/store.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/own_command.h"

static command_run admin_list;

const struct command admin_list_command = {
    .name = "list",
    .summary = "show the devices, by name",
    .size = sizeof(struct filter_options),
    .options = {{filter_rows, 0}},
    .run = admin_list,
};

/* Column width; a longer name shifts its own line only. */
#define LIST_NAMES_MAX 40

/* On a terminal the whole hash would fill the line; every command accepts a prefix. */
#define LIST_DIGITS 16

/* The column of the names on a terminal, behind all that has a fixed width. */
#define LIST_NAMES_COLUMN 52

struct list {
	size_t count;
	size_t names_width;
	size_t tags_width; /* 0: no device has one */
};

static void
list_widen(size_t *width, size_t wanted)
{
	if (wanted > *width && wanted <= LIST_NAMES_MAX)
		*width = wanted;
}

static bool
list_measure_cb(const struct store_device *device, void *arg)
{
	struct list    *list = arg;
	AUTO_FREE char *names = describe_names(device);
	AUTO_FREE char *tags = describe_tags(device);

	list->count++;
	list_widen(&list->names_width, print_width(names));
	if (device->tag_count != 0)
		list_widen(&list->tags_width, sizeof "TAGS" - 1);
	list_widen(&list->tags_width, print_width(tags));
	return true;
}

/* The cells of a fixed width. */
static void
list_print_fixed(const struct store_device *device, int digits)
{
	char hash[STORE_HASH_TEXT_SIZE];
	char enrolled[CLOCK_TEXT_SIZE];
	char seen[CLOCK_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	clock_format(device->enrolled, enrolled);
	clock_format(device->seen, seen);
	(void)printf("%.*s  %-8s  %.10s  %-10.10s  ", digits, hash,
	    device->enabled ? "enabled" : "disabled", enrolled, device->seen != 0 ? seen : "never");
}

static void
list_print_more(const char *label, const char *text)
{
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = 2 + sizeof "tags  " - 1, .indent = 8};

	if (*text == '\0')
		return;
	(void)printf("  %s  ", label);
	print_folded(&fold, text);
	(void)putchar('\n');
}

/* On a terminal: the names, which may be long, at the end; tags and note below. */
static bool
list_print_narrow_cb(const struct store_device *device, void *arg)
{
	AUTO_FREE char   *names = describe_names(device);
	AUTO_FREE char   *tags = describe_tags(device);
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = LIST_NAMES_COLUMN, .indent = 2};

	(void)arg;
	list_print_fixed(device, LIST_DIGITS);
	print_folded(&fold, device->name_count != 0 ? names : "-");
	(void)putchar('\n');
	list_print_more("tags", tags);
	list_print_more("note", device->note);
	return ferror(stdout) == 0;
}

static bool
list_print_cb(const struct store_device *device, void *arg)
{
	const struct list *list = arg;
	AUTO_FREE char    *names = describe_names(device);
	AUTO_FREE char    *tags = describe_tags(device);

	print_cell(stdout, device->name_count != 0 ? names : "-", list->names_width);
	list_print_fixed(device, STORE_HASH_TEXT_SIZE - 1);
	if (list->tags_width != 0)
		print_cell(stdout, device->tag_count != 0 ? tags : "-", list->tags_width);
	print_text(stdout, device->note);
	(void)putchar('\n');
	return ferror(stdout) == 0;
}

static bool
list_json_cb(const struct store_device *device, void *arg)
{
	struct list *list = arg;

	print_json_item(describe_device_json(device), list->count++ == 0);
	return ferror(stdout) == 0;
}

static int
list_json(struct store *store, const struct store_filter *filter, struct error *err)
{
	struct list list = {.count = 0};

	if (store_device_search(store, filter, list_json_cb, &list, err) != 0)
		return -1;
	(void)printf(list.count == 0 ? "[]\n" : "\n]\n");
	return 0;
}

static bool
list_is_all(const struct store_filter *filter)
{
	return filter->tag == NULL && filter->name_glob == NULL && filter->unseen_since == 0 &&
	    !filter->never_seen;
}

static int
list_table(struct store *store, const struct store_filter *filter, struct error *err)
{
	struct list list = {.names_width = sizeof "NAMES" - 1};

	if (store_device_search(store, filter, list_measure_cb, &list, err) != 0)
		return -1;
	if (list.count == 0) {
		if (list_is_all(filter))
			(void)fprintf(stderr, "no device is enrolled; run \"%s enroll HASH\"\n",
			    own_command("attest-ca"));
		else
			(void)fputs("no device matches\n", stderr);
		return 0;
	}
	if (print_is_narrow()) {
		(void)printf("%-*s  %-8s  %-10s  %-10s  NAMES\n", LIST_DIGITS, "EK HASH", "STATE",
		    "ENROLLED", "SEEN");
		return store_device_search(store, filter, list_print_narrow_cb, NULL, err);
	}
	print_cell(stdout, "NAMES", list.names_width);
	(void)printf("%-*s  %-8s  %-10s  %-10s  ", STORE_HASH_TEXT_SIZE - 1, "EK HASH", "STATE",
	    "ENROLLED", "SEEN");
	if (list.tags_width != 0)
		print_cell(stdout, "TAGS", list.tags_width);
	(void)printf("NOTE\n");
	return store_device_search(store, filter, list_print_cb, &list, err);
}

static int
admin_list(const struct command_call *call, struct error *err)
{
	struct store_filter filter;
	struct store       *store;
	int                 rc = filter_read(call->options, call->now, &filter, err);

	if (rc != 0)
		return rc;
	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = call->json ? list_json(store, &filter, err) : list_table(store, &filter, err);
	store_close(store);
	return rc;
}
