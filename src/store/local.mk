noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/acme.h \
	src/store/acme_account.c \
	src/store/acme_authorization.c \
	src/store/acme_issued.c \
	src/store/acme_open.c \
	src/store/acme_order.c \
	src/store/acme_sqlite.h \
	src/store/acme_sweep.c \
	src/store/audit.h \
	src/store/batch.h \
	src/store/change.h \
	src/store/check.h \
	src/store/device_check.c src/store/device_check.h \
	src/store/evidence.h \
	src/store/glob.c src/store/glob.h \
	src/store/hash.c src/store/hash.h \
	src/store/name_run.c src/store/name_run.h \
	src/store/sqlite.c src/store/sqlite.h \
	src/store/sqlite_actor.c src/store/sqlite_actor.h \
	src/store/sqlite_audit.c src/store/sqlite_audit.h \
	src/store/sqlite_audit_cut.c \
	src/store/sqlite_audit_read.c \
	src/store/sqlite_batch.c src/store/sqlite_batch.h \
	src/store/sqlite_batch_write.c \
	src/store/sqlite_certificate.c \
	src/store/sqlite_change.c \
	src/store/sqlite_check.c \
	src/store/sqlite_crl.c \
	src/store/sqlite_detail.c src/store/sqlite_detail.h \
	src/store/sqlite_device.c \
	src/store/sqlite_evidence.c src/store/sqlite_evidence.h \
	src/store/sqlite_inventory.c src/store/sqlite_inventory.h \
	src/store/sqlite_leftover.c src/store/sqlite_leftover.h \
	src/store/sqlite_list.c \
	src/store/sqlite_open.c \
	src/store/sqlite_replace.c \
	src/store/sqlite_revoke.c \
	src/store/sqlite_search.c \
	src/store/sqlite_stage.c src/store/sqlite_stage.h \
	src/store/sqlite_trust.c \
	src/store/sqlite_waiting.c src/store/sqlite_waiting.h \
	src/store/store.h \
	src/store/trust_store.h \
	src/store/waiting.h \
	src/store/writer.c src/store/writer.h

UNIT_TESTS += tests/unit/store/acme/acme_test
UNIT_TESTS += tests/unit/store/hash_test
UNIT_TESTS += tests/unit/store/inventory/audit_test
UNIT_TESTS += tests/unit/store/inventory/certificate_test
UNIT_TESTS += tests/unit/store/inventory/change_test
UNIT_TESTS += tests/unit/store/inventory/device_test
UNIT_TESTS += tests/unit/store/inventory/evidence_test
UNIT_TESTS += tests/unit/store/inventory/list_test
UNIT_TESTS += tests/unit/store/inventory/model_test
UNIT_TESTS += tests/unit/store/inventory/trust_test
UNIT_TESTS += tests/unit/store/inventory/waiting_test
UNIT_TESTS += tests/unit/store/sqlite/batch_test
UNIT_TESTS += tests/unit/store/sqlite/check_test
UNIT_TESTS += tests/unit/store/sqlite/upgrade_test
UNIT_TESTS += tests/unit/store/store_test
UNIT_TESTS += tests/unit/store/writer_test
