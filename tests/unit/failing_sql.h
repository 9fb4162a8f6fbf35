/*
 * Statements that fail: the n-th that is prepared or stepped, for n = 1, 2, …, as failing.h does it with
 * memory; far fewer of them are tried than allocations. The program calls failing_sql first, and is linked
 * with $(FAILING_SQL), which sends its calls here.
 */
#ifndef TESTS_UNIT_FAILING_SQL_H
#define TESTS_UNIT_FAILING_SQL_H

/* What a statement that fails tells: SQLITE_IOERR at first. */
void failing_sql(int code);

#endif
