/* Finds and formats the names of a device for an audit entry, at the time of the act. */
#include "config.h"

#include <string.h>

#include "store/inventory/audit_chain.h"
#include "store/inventory/rows.h"
#include "util/error.h"

/* Stands for the names that do not fit: no name contains a control character. */
#define NAMES_CUT "\n"

void
audit_names_add(char names[AUDIT_NAMES_SIZE], const char *name)
{
	size_t used = strlen(names);
	size_t length = strlen(name);

	/* A line end at the end means that there are more names. */
	if (used > 0 && names[used - 1] == '\n')
		return;
	if (used + length + 2 * sizeof NAMES_CUT >= AUDIT_NAMES_SIZE) {
		memcpy(names + used, NAMES_CUT, sizeof NAMES_CUT);
		return;
	}
	if (used > 0)
		names[used++] = '\n';
	memcpy(names + used, name, length + 1);
}

int
audit_names_find(struct store *store, const uint8_t *ek_hash, char names[AUDIT_NAMES_SIZE],
    struct error *err)
{
	static const char     text[] =
	    "SELECT name FROM enrolled AS device JOIN name ON name.device = device.id"
	    " WHERE device.ek_hash = ?1 ORDER BY name.position";
	struct sql_statement *statement;
	int                   rc;

	names[0] = '\0';
	if (ek_hash == NULL)
		return 0;
	if ((statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	while ((rc = sql_step(statement, "looking for a device's names", err)) > 0)
		audit_names_add(names, sql_column_text(statement, 0));
	return rc;
}
