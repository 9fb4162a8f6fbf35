/* Owns the statements that insert several names or tags at once, in words that SQLite alone knows. */
#include "config.h"

#include "store/sqlite/batch_rows.h"

#include "store/inventory/name_check.h"
#include "store/sql.h"
#include "util/bytes.h"
#include "util/error.h"

/*
 * Several rows by one statement cost less than as many statements. OR FAIL, because taking back the rows
 * before would need a journal: the caller takes back the transaction.
 */
#define ROWS(row) row ", " row ", " row ", " row ", " row ", " row ", " row ", " row
_Static_assert(BATCH_ROWS == 8, "so many rows");

static const char names_text[] =
    "INSERT OR FAIL INTO name (name, device, position, since, skeleton) VALUES " ROWS("(?, ?, ?, ?, ?)");
static const char tags_text[] = "INSERT OR FAIL INTO tag (device, tag) VALUES " ROWS("(?, ?)");

static void
name_row_bind(struct sql_statement *statement, size_t row, const struct batch_name_row *name,
    int64_t since, const char *skeleton)
{
	int parameter = (int)row * 5;

	sql_bind_text(statement, ++parameter, name->name);
	sql_bind_int64(statement, ++parameter, name->device);
	sql_bind_int64(statement, ++parameter, name->position);
	sql_bind_int64(statement, ++parameter, since);
	sql_bind_text(statement, ++parameter, skeleton);
}

int
batch_names_insert(struct store *store, const struct batch_name_row rows[BATCH_ROWS],
    int64_t since, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, names_text, err);
	struct bytes          skeletons[BATCH_ROWS] = {{0}};
	int                   rc = statement != NULL ? 0 : -1;

	for (size_t i = 0; i < BATCH_ROWS && rc == 0; i++) {
		rc = name_skeleton(rows[i].name, &skeletons[i], err);
		if (rc == 0)
			name_row_bind(statement, i, &rows[i], since, (const char *)skeletons[i].data);
	}
	if (rc == 0)
		rc = sql_step(statement, "adding names", err);
	for (size_t i = 0; i < BATCH_ROWS; i++)
		bytes_clear(&skeletons[i]);
	return rc;
}

int
batch_tags_insert(struct store *store, const struct batch_tag_row rows[BATCH_ROWS], struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, tags_text, err);

	if (statement == NULL)
		return -1;
	for (int i = 0; i < BATCH_ROWS; i++) {
		sql_bind_int64(statement, 2 * i + 1, rows[i].device);
		sql_bind_text(statement, 2 * i + 2, rows[i].tag);
	}
	return sql_step(statement, "adding tags", err);
}
