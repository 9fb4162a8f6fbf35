/* Collects warnings inside a transaction, and prints them after it. */
#include "config.h"

#include "admin/similar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/similar.h"
#include "util/bytes.h"

static const char *
similar_word(size_t index)
{
	static const char *const words[] = {"refuse", "warn"};

	return index < sizeof words / sizeof words[0] ? words[index] : NULL;
}

const struct command_option similar_rows[] = {
    {OPTION(WORD, "similar-names", "WHAT", struct similar_options, names,
         "what to do with a name that looks like another device's"),
        .value = "refuse", .word = similar_word},
    {0},
};

static void
similar_warn_cb(const char *name, const struct store_similar *other, void *arg)
{
	struct similar *similar = arg;
	char            hash[STORE_HASH_TEXT_SIZE];
	char            text[3 * sizeof other->name];

	if (similar->count++ >= SIMILAR_KEPT)
		return;
	store_hash_format(other->ek_hash, hash);
	(void)snprintf(text, sizeof text, "\"%s\" looks like \"%s\" of device %s", name, other->name,
	    hash);
	similar->kept[similar->count - 1] = memory_strdup(text);
}

void
similar_begin(const struct similar_options *options, struct store *store, struct similar *similar)
{
	if (strcmp(options->names, "warn") == 0)
		store_similar_allow(store, similar_warn_cb, similar);
}

void
similar_end(struct similar *similar, bool done)
{
	for (size_t i = 0; i < SIMILAR_KEPT && similar->kept[i] != NULL; i++) {
		if (done) {
			(void)fprintf(stderr, "warning: name ");
			print_text(stderr, similar->kept[i]);
			(void)fputc('\n', stderr);
		}
		free(similar->kept[i]);
	}
	if (done && similar->count > SIMILAR_KEPT)
		(void)fprintf(stderr, "warning: %" PRIu64 " more names look like another device's\n",
		    similar->count - SIMILAR_KEPT);
	*similar = (struct similar){.count = 0};
}
