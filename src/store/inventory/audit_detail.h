/* Builds the detail of an audit entry piece by piece. Private to store/. */
#ifndef STORE_INVENTORY_AUDIT_DETAIL_H
#define STORE_INVENTORY_AUDIT_DETAIL_H

#include <stddef.h>
#include <stdint.h>

#include "store/inventory/audit.h"
#include "util/bytes.h"

/* "certificates revoked: 2"; add parts of fixed length first, because a long entry is cut at its
 * end. */
void audit_detail_revoked(struct bytes *detail, size_t revoked);

void audit_detail_text(struct bytes *detail, const char *text);

/* "; names: a, b", or "; names: none". */
void audit_detail_list(struct bytes *detail, const char *what, char *const *list, size_t count);

/* audit_add_named with the outcome "done" and this detail. */
int audit_detail_record(struct store *store, enum audit_action action, const uint8_t *ek_hash,
    const char *names, struct bytes *detail, int64_t now, struct error *err);

#endif
