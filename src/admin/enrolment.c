/* Puts a device together from the options of a call. Opens no store. */
#include "config.h"

#include "admin/enrolment.h"

#include <stdio.h>
#include <string.h>

#include "admin/describe.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "util/bytes.h"

/* One more than there may be is enough for the store to refuse it. */
static size_t
enrolment_texts(const struct admin_call *call, const char *option, const char **texts, size_t max)
{
	size_t count = admin_call_values(call, option, texts, max + 1);

	return count > max ? max + 1 : count;
}

void
enrolment_fill(const struct admin_call *call, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct enrolment *enrolment, struct store_device *device)
{
	*device = (struct store_device){
	    .names = (char **)(uintptr_t)enrolment->names,
	    .name_count = enrolment_texts(call, "name", enrolment->names, STORE_DEVICE_NAMES_MAX),
	    .tags = (char **)(uintptr_t)enrolment->tags,
	    .tag_count = enrolment_texts(call, "tag", enrolment->tags, STORE_DEVICE_TAGS_MAX),
	    .note = (char *)(uintptr_t)admin_call_value(call, "note", ""),
	    .enabled = true,
	    .enrolled = call->now,
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
