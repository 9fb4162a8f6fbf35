/* Formats the details of audit entries. */
#include "config.h"

#include "store/inventory/audit_detail.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/audit_chain.h"

void
audit_detail_text(struct bytes *detail, const char *text)
{
	bytes_append(detail, text, strlen(text));
}

void
audit_detail_revoked(struct bytes *detail, size_t revoked)
{
	char text[64];

	(void)snprintf(text, sizeof text, "certificates revoked: %zu", revoked);
	audit_detail_text(detail, text);
}

void
audit_detail_list(struct bytes *detail, const char *what, char *const *list, size_t count)
{
	audit_detail_text(detail, what);
	if (count == 0)
		audit_detail_text(detail, " none");
	for (size_t i = 0; i < count; i++) {
		audit_detail_text(detail, i == 0 ? " " : ", ");
		audit_detail_text(detail, list[i]);
	}
}

int
audit_detail_record(struct store *store, enum audit_action action, const uint8_t *ek_hash,
    const char *names, struct bytes *detail, int64_t now, struct error *err)
{
	bytes_append_u8(detail, '\0');
	return audit_add_named(store, action, ek_hash, names, "done", (const char *)detail->data, now,
	    err);
}
