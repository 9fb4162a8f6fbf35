/* Names and tags of a batch, several rows by one statement. Private to sqlite/. */
#ifndef STORE_SQLITE_BATCH_ROWS_H
#define STORE_SQLITE_BATCH_ROWS_H

#include <stdint.h>

struct error;
struct store;

/*
 * As device_name_insert and device_tag_insert (store/inventory/rows.h), for so many rows at once. After
 * a failure some rows are there: the caller takes the transaction back.
 */
#define BATCH_ROWS 8
struct batch_name_row {
	int64_t     device;
	const char *name;
	uint32_t    position;
};
struct batch_tag_row {
	int64_t     device;
	const char *tag;
};
int batch_names_insert(struct store *store, const struct batch_name_row rows[BATCH_ROWS], int64_t since,
    struct error *err);
int batch_tags_insert(struct store *store, const struct batch_tag_row rows[BATCH_ROWS], struct error *err);

#endif
