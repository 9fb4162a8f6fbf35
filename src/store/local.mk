noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/acme.h src/store/acme_sqlite.h \
	src/store/acme_account.c \
	src/store/acme_authorization.c \
	src/store/acme_issued.c \
	src/store/acme_open.c \
	src/store/acme_order.c \
	src/store/acme_sweep.c \
	src/store/audit.h src/store/batch.h src/store/change.h src/store/evidence.h \
	src/store/crl.c src/store/crl.h \
	src/store/crl_bundle.c src/store/crl_bundle.h \
	src/store/device_check.c src/store/device_check.h \
	src/store/files.h \
	src/store/glob.c src/store/glob.h \
	src/store/hash.c src/store/hash.h \
	src/store/issuer_files.c src/store/issuer_files.h \
	src/store/issuer_replace.c src/store/issuer_replace.h \
	src/store/lock.c src/store/lock.h \
	src/store/name_run.c src/store/name_run.h \
	src/store/sqlite.c src/store/sqlite.h src/store/store.h \
	src/store/trust_store.h src/store/waiting.h \
	src/store/sqlite_actor.c src/store/sqlite_actor.h \
	src/store/sqlite_audit.c src/store/sqlite_audit.h \
	src/store/sqlite_audit_cut.c \
	src/store/sqlite_audit_read.c \
	src/store/sqlite_batch.c src/store/sqlite_batch.h \
	src/store/sqlite_batch_write.c \
	src/store/check.h \
	src/store/sqlite_certificate.c \
	src/store/sqlite_check.c \
	src/store/sqlite_crl.c \
	src/store/sqlite_change.c \
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
	src/store/sqlite_waiting.c src/store/sqlite_waiting.h \
	src/store/sqlite_trust.c \
	src/store/status.c src/store/status.h \
	src/store/writer.c src/store/writer.h

STORE_TESTS = tests/unit/audit_test tests/unit/store_check_test tests/unit/store_hash_test tests/unit/store_lock_test \
	tests/unit/store_certificate_test tests/unit/store_device_test \
	tests/unit/store_test tests/unit/store_upgrade_test tests/unit/store_waiting_test \
	tests/unit/writer_test
STORE_TESTS += tests/unit/trust_store_test
tests_unit_trust_store_test_SOURCES = tests/unit/trust_store_test.c $(STORE_FIXTURE)
tests_unit_trust_store_test_LDADD = $(STORE_TEST_LIBS)
STORE_FIXTURE = tests/unit/scratch.h tests/unit/store_fixture.h tests/unit/unit.h
STORE_DEVICES = tests/unit/store_devices.h $(STORE_FIXTURE)
STORE_TEST_LIBS = src/libstore.a src/libpki.a src/libutil.a $(SQLITE_LIBS) $(CRYPTO_LIBS) \
	$(CBOR_LIBS) $(UNIT_LIBS) -lpthread
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
tests_unit_store_check_test_SOURCES = tests/unit/store_check_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_store_check_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_audit_test_SOURCES = tests/unit/audit_test.c $(STORE_FIXTURE)
tests_unit_audit_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_hash_test_SOURCES = tests/unit/store_hash_test.c tests/unit/unit.h
tests_unit_store_hash_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_lock_test_SOURCES = tests/unit/store_lock_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_store_lock_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_certificate_test_SOURCES = tests/unit/store_certificate_test.c $(STORE_DEVICES)
tests_unit_store_certificate_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_device_test_SOURCES = tests/unit/store_device_test.c $(STORE_DEVICES)
tests_unit_store_device_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_test_SOURCES = tests/unit/store_test.c $(STORE_DEVICES)
tests_unit_store_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_upgrade_test_SOURCES = tests/unit/store_upgrade_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_store_upgrade_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_store_waiting_test_SOURCES = tests/unit/store_waiting_test.c $(STORE_FIXTURE)
tests_unit_store_waiting_test_LDADD = $(STORE_TEST_LIBS)
tests_unit_writer_test_SOURCES = tests/unit/writer_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_writer_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/acme_store_test
TESTS += tests/unit/acme_store_test
tests_unit_acme_store_test_SOURCES = tests/unit/acme_store_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_store_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/store_crl_test
TESTS += tests/unit/store_crl_test
tests_unit_store_crl_test_SOURCES = tests/unit/store_crl_test.c tests/unit/scratch.h \
	tests/unit/pki_support.h tests/unit/unit.h
tests_unit_store_crl_test_LDADD = src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) $(UNIT_LIBS) -lpthread
check_PROGRAMS += tests/unit/store_evidence_test
TESTS += tests/unit/store_evidence_test
tests_unit_store_evidence_test_SOURCES = tests/unit/store_evidence_test.c tests/unit/scratch.h \
	tests/unit/unit.h
tests_unit_store_evidence_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/store_change_test
TESTS += tests/unit/store_change_test
tests_unit_store_change_test_SOURCES = tests/unit/store_change_test.c tests/unit/scratch.h \
	tests/unit/unit.h
tests_unit_store_change_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/store_batch_test
TESTS += tests/unit/store_batch_test
tests_unit_store_batch_test_SOURCES = tests/unit/store_batch_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_store_batch_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/store_list_test
TESTS += tests/unit/store_list_test
tests_unit_store_list_test_SOURCES = tests/unit/store_list_test.c tests/unit/scratch.h \
	tests/unit/unit.h
tests_unit_store_list_test_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/unit/issuer_replace_test
TESTS += tests/unit/issuer_replace_test
tests_unit_issuer_replace_test_SOURCES = tests/unit/issuer_replace_test.c tests/unit/pki_support.h \
	tests/unit/unit.h
tests_unit_issuer_replace_test_LDADD = src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(UNIT_LIBS) -lpthread
check_PROGRAMS += tests/unit/store_model_test
TESTS += tests/unit/store_model_test
tests_unit_store_model_test_SOURCES = tests/unit/store_model_test.c tests/unit/scratch.h \
	tests/unit/unit.h
tests_unit_store_model_test_LDADD = $(STORE_TEST_LIBS)
