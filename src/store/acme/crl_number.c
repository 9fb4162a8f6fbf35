/*
 * The numbers of CRLs, which increase independently of the clock, and a counter of
 * revocations. Signs nothing.
 */
#include "config.h"

#include "store/acme/rows.h"

int
store_acme_crl_number_next(struct store *store, int64_t least, int64_t *number, struct error *err)
{
	static const char     text[] =
	    "UPDATE counter SET crl_number ="
	    " CASE WHEN crl_number >= ?1 THEN crl_number + 1 ELSE ?1 END RETURNING crl_number";
	struct sql_statement *statement;
	bool                  marked;
	int                   rc = -1;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	if ((statement = sql_prepare(store, text, err)) != NULL) {
		sql_bind_int64(statement, 1, least);
		rc = sql_one_number(statement, "drawing the number of a CRL", number, err);
	}
	return sql_change_end(store, marked, rc, err);
}

int
store_acme_crl_number_last(struct store *store, int64_t *number, struct error *err)
{
	static const char     text[] = "SELECT crl_number FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);

	return statement == NULL
	    ? -1
	    : sql_one_number(statement, "asking for the number of a CRL", number, err);
}

int
store_acme_revocations(struct store *store, int64_t *revocations, struct error *err)
{
	static const char     text[] = "SELECT revocations FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);

	return statement == NULL
	    ? -1
	    : sql_one_number(statement, "asking for revocations", revocations, err);
}
