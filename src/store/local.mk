noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/actor.c src/store/actor.h \
	src/store/check.c src/store/check.h \
	src/store/engine.h \
	src/store/hash.c src/store/hash.h \
	src/store/sql.c src/store/sql.h \
	src/store/similar.c src/store/similar.h \
	src/store/store.c src/store/store.h \
	src/store/writer.c src/store/writer.h \
	src/store/acme/account.c \
	src/store/acme/acme.h \
	src/store/acme/authorization.c \
	src/store/acme/crl_mark.c \
	src/store/acme/crl_number.c \
	src/store/acme/issued.c \
	src/store/acme/order.c \
	src/store/acme/rows.c src/store/acme/rows.h \
	src/store/acme/sweep.c \
	src/store/inventory/audit.h \
	src/store/inventory/audit_chain.c src/store/inventory/audit_chain.h \
	src/store/inventory/audit_cut.c \
	src/store/inventory/audit_detail.c src/store/inventory/audit_detail.h \
	src/store/inventory/audit_names.c \
	src/store/inventory/audit_read.c \
	src/store/inventory/batch.c src/store/inventory/batch.h \
	src/store/inventory/batch_engine.h \
	src/store/inventory/certificate.c src/store/inventory/certificate.h \
	src/store/inventory/change.c src/store/inventory/change.h \
	src/store/inventory/device.c src/store/inventory/device.h \
	src/store/inventory/device_check.c src/store/inventory/device_check.h \
	src/store/inventory/device_text.h \
	src/store/inventory/evidence.c src/store/inventory/evidence.h \
	src/store/inventory/issuer.c src/store/inventory/issuer.h \
	src/store/inventory/list.c \
	src/store/inventory/name_check.c src/store/inventory/name_check.h \
	src/store/inventory/removed.c src/store/inventory/removed.h \
	src/store/inventory/replace.c \
	src/store/inventory/revoke.c \
	src/store/inventory/rows.h \
	src/store/inventory/search.c \
	src/store/inventory/similar.c src/store/inventory/similar.h \
	src/store/inventory/trust.c src/store/inventory/trust.h \
	src/store/inventory/waiting.c src/store/inventory/waiting.h \
	src/store/inventory/waiting_shares.c src/store/inventory/waiting_shares.h \
	src/store/sqlite/batch.c src/store/sqlite/batch.h \
	src/store/sqlite/batch_rows.c src/store/sqlite/batch_rows.h \
	src/store/sqlite/batch_write.c \
	src/store/sqlite/check.c src/store/sqlite/check.h \
	src/store/sqlite/connection.c src/store/sqlite/connection.h \
	src/store/sqlite/durable.c src/store/sqlite/durable.h \
	src/store/sqlite/engine.h \
	src/store/sqlite/glob.c src/store/sqlite/glob.h \
	src/store/sqlite/leftover.c src/store/sqlite/leftover.h \
	src/store/sqlite/name_run.c src/store/sqlite/name_run.h \
	src/store/sqlite/open.c \
	src/store/sqlite/schema.h \
	src/store/sqlite/schema_acme.c \
	src/store/sqlite/schema_inventory.c \
	src/store/sqlite/stage.c src/store/sqlite/stage.h \
	src/store/sqlite/wal_file.c src/store/sqlite/wal_file.h

UNIT_TESTS += tests/unit/store/acme/acme_test
UNIT_TESTS += tests/unit/store/acme/damaged_test
UNIT_TESTS += tests/unit/store/acme/failing_test
UNIT_TESTS += tests/unit/store/hash_test
UNIT_TESTS += tests/unit/store/inventory/audit_test
UNIT_TESTS += tests/unit/store/inventory/audit_verify_test
UNIT_TESTS += tests/unit/store/inventory/certificate_test
UNIT_TESTS += tests/unit/store/inventory/change_revoke_test
UNIT_TESTS += tests/unit/store/inventory/change_test
UNIT_TESTS += tests/unit/store/inventory/damaged_test
UNIT_TESTS += tests/unit/store/inventory/device_test
UNIT_TESTS += tests/unit/store/inventory/evidence_test
UNIT_TESTS += tests/unit/store/inventory/failing_test
UNIT_TESTS += tests/unit/store/inventory/list_test
UNIT_TESTS += tests/unit/store/inventory/model_test
UNIT_TESTS += tests/unit/store/inventory/name_check_test
UNIT_TESTS += tests/unit/store/inventory/removed_test
UNIT_TESTS += tests/unit/store/inventory/similar_test
UNIT_TESTS += tests/unit/store/inventory/trust_test
UNIT_TESTS += tests/unit/store/inventory/waiting_shares_test
UNIT_TESTS += tests/unit/store/inventory/waiting_bound_test
UNIT_TESTS += tests/unit/store/inventory/waiting_test
UNIT_TESTS += tests/unit/store/sqlite/batch_names_test
UNIT_TESTS += tests/unit/store/sqlite/batch_process_test
UNIT_TESTS += tests/unit/store/sqlite/batch_test
UNIT_TESTS += tests/unit/store/sqlite/batch_yield_test
UNIT_TESTS += tests/unit/store/sqlite/check_test
UNIT_TESTS += tests/unit/store/sqlite/connection_test
UNIT_TESTS += tests/unit/store/sqlite/disk_test
UNIT_TESTS += tests/unit/store/sqlite/failing_test
UNIT_TESTS += tests/unit/store/sqlite/undone_test
UNIT_TESTS += tests/unit/store/sqlite/upgrade_acme_test
UNIT_TESTS += tests/unit/store/sqlite/upgrade_test
UNIT_TESTS += tests/unit/store/sqlite/wal_file_test
UNIT_TESTS += tests/unit/store/store_test
UNIT_TESTS += tests/unit/store/writer_test
tests_unit_store_acme_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_SQL) -Wl,--wrap=getrandom
tests_unit_store_inventory_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_SQL)
tests_unit_store_sqlite_batch_yield_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms
tests_unit_store_sqlite_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_SQL)
tests_unit_store_writer_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_PROCESSES)
