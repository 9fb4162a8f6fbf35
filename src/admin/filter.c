/* Converts options to a filter; does not use the store. */
#include "config.h"

#include "admin/filter.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/device.h"
#include "util/duration.h"
#include "util/error.h"

const struct command_option filter_rows[] = {
    {OPTION(TEXT, "tag", "TAG", struct filter_options, tag, "those with this tag")},
    {OPTION(TEXT, "name", "PATTERN", struct filter_options, name,
        "devices with a name like this: *, ?, [a-z]")},
    {OPTION(TEXT, "unseen", "DAYS", struct filter_options, unseen,
        "devices that were seen once, but not for that many days, or 12h, 2w, ...")},
    {OPTION(FLAG, "never-seen", NULL, struct filter_options, never_seen,
        "devices that were not seen since they were enrolled")},
    {0},
};

/* A number without unit means days. */
static int
filter_read_unseen(const char *text, int64_t now, int64_t *since, struct error *err)
{
	char    days[16];
	int64_t seconds;

	if (text[strspn(text, "0123456789")] == '\0' && strlen(text) < sizeof days - 1) {
		(void)snprintf(days, sizeof days, "%sd", text);
		text = days;
	}
	if (duration_parse(text, &seconds, err) != 0)
		return error_wrap(err, "--unseen");
	*since = now > seconds ? now - seconds : 1; /* before 1970: none */
	return 0;
}

int
filter_read(const struct filter_options *options, int64_t now, struct store_filter *filter,
    struct error *err)
{
	*filter = (struct store_filter){
	    .tag = options->tag, .name_glob = options->name, .never_seen = options->never_seen};
	if (options->unseen != NULL && options->never_seen) {
		error_set(err, ERROR_MALFORMED, "--unseen and --never-seen contradict each other");
		return COMMAND_USAGE;
	}
	if (options->unseen != NULL &&
	    filter_read_unseen(options->unseen, now, &filter->unseen_since, err) != 0)
		return COMMAND_USAGE;
	return 0;
}
