/* Owns the words for the statuses of ACME's objects. */
#include "config.h"

#include "util/status.h"

#include <stddef.h>
#include <string.h>

static const char *const names[STATUS_COUNT] = {
#define X(name, text) [STATUS_##name] = text,
    STATUSES(X)
#undef X
};

const char *
status_name(enum status status)
{
	return names[status];
}

bool
status_parse(const char *text, enum status *status)
{
	for (size_t i = 0; i < STATUS_COUNT; i++) {
		if (strcmp(text, names[i]) == 0) {
			*status = (enum status)i;
			return true;
		}
	}
	return false;
}
