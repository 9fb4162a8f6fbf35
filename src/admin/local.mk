noinst_LIBRARIES += src/libadmin.a
src_libadmin_a_SOURCES = \
	src/admin/access.c src/admin/access.h \
	src/admin/approve.c \
	src/admin/attest_ca.c \
	src/admin/audit.c \
	src/admin/backup.c \
	src/admin/backup_archive.c src/admin/backup_archive.h \
	src/admin/backup_files.c src/admin/backup_files.h \
	src/admin/backup_manifest.c src/admin/backup_manifest.h \
	src/admin/check.c src/admin/check_report.h \
	src/admin/check_ca.c \
	src/admin/check_files.c \
	src/admin/check_store.c \
	src/admin/restore.c \
	src/admin/call.h \
	src/admin/command.c src/admin/command.h \
	src/admin/csv.c src/admin/csv.h \
	src/admin/crl.c \
	src/admin/describe.c src/admin/describe.h \
	src/admin/device_csv.c \
	src/admin/device_file.c src/admin/device_file.h \
	src/admin/device_jsonl.c \
	src/admin/each.c src/admin/each.h \
	src/admin/ek_file.c src/admin/ek_file.h \
	src/admin/enable.c \
	src/admin/enroll.c \
	src/admin/enrolment.c src/admin/enrolment.h \
	src/admin/export.c \
	src/admin/fault.c src/admin/fault.h \
	src/admin/filter.c src/admin/filter.h \
	src/admin/import.c \
	src/admin/init.c \
	src/admin/issuing.c src/admin/issuing.h \
	src/admin/issuing_csr.c \
	src/admin/issuing_install.c \
	src/admin/issuing_renew.c \
	src/admin/list.c \
	src/admin/main.c \
	src/admin/pending.c \
	src/admin/print.c src/admin/print.h \
	src/admin/progress.c src/admin/progress.h \
	src/admin/remove.c \
	src/admin/replace.c \
	src/admin/revoke.c \
	src/admin/set.c \
	src/admin/show.c \
	src/admin/state.c src/admin/state.h
# The certificates of vendors.
src_libadmin_a_SOURCES += \
	src/admin/trust.c src/admin/trust.h \
	src/admin/trust_archive.c src/admin/trust_archive.h \
	src/admin/trust_import.c \
	src/admin/trust_list.c \
	src/admin/trust_remove.c \
	src/admin/trust_report.c src/admin/trust_report.h \
	src/admin/trust_scan.c src/admin/trust_scan.h \
	src/admin/trust_verify.c

ADMIN_TEST_LIBS = src/libadmin.a src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) \
	$(ARCHIVE_LIBS) $(UNIT_LIBS) -lpthread
check_PROGRAMS += tests/unit/admin_test tests/unit/print_test
TESTS += tests/unit/admin_test tests/unit/print_test
tests_unit_admin_test_SOURCES = tests/unit/admin_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_admin_test_LDADD = $(ADMIN_TEST_LIBS)
tests_unit_print_test_SOURCES = tests/unit/print_test.c tests/unit/unit.h
tests_unit_print_test_LDADD = $(ADMIN_TEST_LIBS)
check_PROGRAMS += tests/unit/progress_test
TESTS += tests/unit/progress_test
tests_unit_progress_test_SOURCES = tests/unit/progress_test.c tests/unit/unit.h
tests_unit_progress_test_LDADD = $(ADMIN_TEST_LIBS)
check_PROGRAMS += tests/unit/csv_test tests/unit/device_file_test
TESTS += tests/unit/csv_test tests/unit/device_file_test
tests_unit_csv_test_SOURCES = tests/unit/csv_test.c tests/unit/unit.h
tests_unit_csv_test_LDADD = $(ADMIN_TEST_LIBS)
tests_unit_device_file_test_SOURCES = tests/unit/device_file_test.c tests/unit/unit.h
tests_unit_device_file_test_LDADD = $(ADMIN_TEST_LIBS)

FUZZERS += tests/fuzz/trust_scan_fuzz
tests_fuzz_trust_scan_fuzz_SOURCES = tests/fuzz/trust_scan_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_trust_scan_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_trust_scan_fuzz_LDADD = src/libadmin.a $(PKI_LIBS) $(ARCHIVE_LIBS)
FUZZERS += tests/fuzz/device_file_fuzz
tests_fuzz_device_file_fuzz_SOURCES = tests/fuzz/device_file_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_device_file_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_device_file_fuzz_LDADD = src/libadmin.a src/libstore.a src/libpki.a src/libtpm.a \
	src/libutil.a $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) -lpthread
FUZZERS += tests/fuzz/backup_manifest_fuzz
tests_fuzz_backup_manifest_fuzz_SOURCES = tests/fuzz/backup_manifest_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_backup_manifest_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_backup_manifest_fuzz_LDADD = $(tests_fuzz_device_file_fuzz_LDADD)
EXTRA_PROGRAMS += tests/fuzz/admin_seeds
CLEANFILES += tests/fuzz/admin_seeds
FUZZ_SEEDERS += tests/fuzz/admin_seeds
tests_fuzz_admin_seeds_SOURCES = tests/fuzz/admin_seeds.c
tests_fuzz_admin_seeds_LDADD = src/libadmin.a src/libstore.a src/libpki.a src/libtpm.a \
	src/libutil.a $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) -lpthread
check_PROGRAMS += tests/unit/trust_scan_test
TESTS += tests/unit/trust_scan_test
tests_unit_trust_scan_test_SOURCES = tests/unit/trust_scan_test.c tests/unit/ek_support.h \
	tests/unit/pki_support.h tests/unit/unit.h
tests_unit_trust_scan_test_LDADD = $(ADMIN_TEST_LIBS)

check_PROGRAMS += tests/unit/backup_manifest_test
TESTS += tests/unit/backup_manifest_test
tests_unit_backup_manifest_test_SOURCES = tests/unit/backup_manifest_test.c tests/unit/unit.h
tests_unit_backup_manifest_test_LDADD = $(ADMIN_TEST_LIBS)
