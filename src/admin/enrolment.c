/* Makes a device from options. Opens no store. */
#include "config.h"

#include "admin/enrolment.h"

#include <stdio.h>
#include <string.h>

#include "admin/describe.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "util/bytes.h"

const struct command_option enrolment_rows[] = {
    {OPTION(LIST, "name", "NAME", struct enrolment, names,
        "a permanent identifier of the device; may be repeated")},
    {OPTION(LIST, "tag", "TAG", struct enrolment, tags,
        "a word to find it by; may be repeated")},
#define X(name, FIELD, number, title, max, argument, summary)                                 \
    {OPTION(TEXT, #name, argument, struct enrolment, name, summary), .value = ""},
    DEVICE_TEXTS(X)
#undef X
    {0},
};

void
enrolment_fill(const struct enrolment *enrolment, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t now, struct store_device *device)
{
	*device = (struct store_device){
	    .names = (char **)(uintptr_t)enrolment->names.texts,
	    .name_count = enrolment->names.count,
	    .tags = (char **)(uintptr_t)enrolment->tags.texts,
	    .tag_count = enrolment->tags.count,
#define X(name, ...) .name = (char *)(uintptr_t)enrolment->name,
	    DEVICE_TEXTS(X)
#undef X
	    .enabled = true,
	    .enrolled = now,
	};
	memcpy(device->ek_hash, ek_hash, STORE_HASH_SIZE);
}

void
enrolment_print(const char *done, const struct store_device *device)
{
	AUTO_FREE char *names = describe_names(device);
	char            hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	(void)printf("%s EK %s\n", done, hash);
	if (device->name_count == 0) {
		(void)printf("it has no name: its AK certificates carry the hash\n");
		return;
	}
	(void)printf("%s: ", device->name_count == 1 ? "name" : "names");
	print_text(stdout, names);
	(void)putchar('\n');
}
