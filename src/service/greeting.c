/* The table of the greeting that adds nothing to the common one. */
#include "config.h"

#include "service/greeting.h"

struct alone {
	struct service_greeting service;
};

static const struct field greeting_rows[] = {SERVICE_GREETING_ROWS(struct alone)};

static const struct fields greeting_fields = {
    .noun = "greeting",
    .rows = greeting_rows,
    .row_count = sizeof greeting_rows / sizeof greeting_rows[0],
    .size = sizeof(struct alone),
};

void
service_greeting_encode(const struct service_greeting *greeting, struct bytes *out)
{
	fields_encode(&greeting_fields, &(struct alone){*greeting}, out);
}

int
service_greeting_decode(struct view body, struct service_greeting *greeting, struct error *err)
{
	struct alone alone;
	int          rc = fields_decode(&greeting_fields, body, &alone, err);

	*greeting = alone.service;
	return rc;
}
