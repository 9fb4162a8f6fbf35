/* From options to a filter; asks the store nothing. */
#include "config.h"

#include "admin/filter.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/device.h"
#include "util/duration.h"
#include "util/error.h"

/* A number alone is one of days. */
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
	*since = now > seconds ? now - seconds : 1; /* never is before that, too */
	return 0;
}

int
filter_read(const struct admin_call *call, struct store_filter *filter, struct error *err)
{
	const char *unseen = admin_call_value(call, "unseen", NULL);

	*filter = (struct store_filter){
	    .tag = admin_call_value(call, "tag", NULL),
	    .name_glob = admin_call_value(call, "name", NULL),
	};
	if (unseen != NULL && filter_read_unseen(unseen, call->now, &filter->unseen_since, err) != 0)
		return ADMIN_USAGE;
	return 0;
}
