noinst_LIBRARIES += src/libadmin.a
src_libadmin_a_SOURCES = \
	src/admin/access.c src/admin/access.h \
	src/admin/approve.c \
	src/admin/attest_ca.c \
	src/admin/audit.c \
	src/admin/commands.h \
	src/admin/crl.c \
	src/admin/describe.c src/admin/describe.h \
	src/admin/each.c src/admin/each.h \
	src/admin/ek_content.c src/admin/ek_content.h \
	src/admin/ek_file.c src/admin/ek_file.h \
	src/admin/enable.c \
	src/admin/enroll.c \
	src/admin/enrolment.c src/admin/enrolment.h \
	src/admin/filter.c src/admin/filter.h \
	src/admin/init.c \
	src/admin/list.c \
	src/admin/new_ca.c src/admin/new_ca.h \
	src/admin/pending.c \
	src/admin/remove.c \
	src/admin/replace.c \
	src/admin/revoke.c \
	src/admin/seen.c \
	src/admin/set.c \
	src/admin/show.c \
	src/admin/similar.c src/admin/similar.h \
	src/admin/store.c src/admin/store.h \
	src/admin/backup/archive.c src/admin/backup/archive.h \
	src/admin/backup/backup.c \
	src/admin/backup/files.c src/admin/backup/files.h \
	src/admin/backup/manifest.c src/admin/backup/manifest.h \
	src/admin/backup/restore.c \
	src/admin/check/ca.c \
	src/admin/check/check.c \
	src/admin/check/daemon.c \
	src/admin/check/files.c \
	src/admin/check/report.c src/admin/check/report.h \
	src/admin/check/store.c \
	src/admin/fleet/csv.c src/admin/fleet/csv.h \
	src/admin/fleet/device_csv.c \
	src/admin/fleet/device_file.c src/admin/fleet/device_file.h \
	src/admin/fleet/device_jsonl.c \
	src/admin/fleet/export.c \
	src/admin/fleet/fault.c src/admin/fleet/fault.h \
	src/admin/fleet/import.c \
	src/admin/issuing/csr.c \
	src/admin/issuing/install.c \
	src/admin/issuing/issuing.c src/admin/issuing/issuing.h \
	src/admin/issuing/renew.c \
	src/admin/trust/archive.c src/admin/trust/archive.h \
	src/admin/trust/import.c \
	src/admin/trust/list.c \
	src/admin/trust/remove.c \
	src/admin/trust/report.c src/admin/trust/report.h \
	src/admin/trust/scan.c src/admin/trust/scan.h \
	src/admin/trust/trust.c src/admin/trust/trust.h \
	src/admin/trust/verify.c

UNIT_TESTS += tests/unit/admin/admin_test
UNIT_TESTS += tests/unit/admin/approve_test
UNIT_TESTS += tests/unit/admin/attest_ca_test
UNIT_TESTS += tests/unit/admin/backup/archive_test
UNIT_TESTS += tests/unit/admin/backup/files_test
UNIT_TESTS += tests/unit/admin/backup/manifest_test
UNIT_TESTS += tests/unit/admin/backup/restore_test
UNIT_TESTS += tests/unit/admin/check_test
UNIT_TESTS += tests/unit/admin/describe_test
UNIT_TESTS += tests/unit/admin/each_test
UNIT_TESTS += tests/unit/admin/ek_content_test
UNIT_TESTS += tests/unit/admin/ek_file_test
UNIT_TESTS += tests/unit/admin/enable_test
UNIT_TESTS += tests/unit/admin/enrolment_test
UNIT_TESTS += tests/unit/admin/failing_test
UNIT_TESTS += tests/unit/admin/filter_test
UNIT_TESTS += tests/unit/admin/fleet/csv_test
UNIT_TESTS += tests/unit/admin/fleet/device_csv_test
UNIT_TESTS += tests/unit/admin/fleet/device_file_test
UNIT_TESTS += tests/unit/admin/fleet/device_jsonl_test
UNIT_TESTS += tests/unit/admin/fleet/export_test
UNIT_TESTS += tests/unit/admin/issuing_test
UNIT_TESTS += tests/unit/admin/new_ca_test
UNIT_TESTS += tests/unit/admin/options_test
UNIT_TESTS += tests/unit/admin/trust/scan_test
UNIT_TESTS += tests/unit/admin/trust/trust_test

FUZZERS += tests/fuzz/trust_scan_fuzz
FUZZERS += tests/fuzz/device_file_fuzz
FUZZERS += tests/fuzz/backup_manifest_fuzz
FUZZERS += tests/fuzz/ek_content_fuzz
tests_fuzz_trust_scan_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_device_file_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_backup_manifest_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ek_content_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/admin_seeds
tests_unit_admin_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_CRYPTO) $(FAILING_SQL) \
	-Wl,--wrap=store_snapshot
tests_unit_admin_trust_scan_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=archive_read_support_filter_bzip2
tests_unit_admin_check_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms
