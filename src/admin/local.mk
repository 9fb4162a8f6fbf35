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
	src/admin/check.c \
	src/admin/check_ca.c \
	src/admin/check_files.c \
	src/admin/check_report.h \
	src/admin/check_store.c \
	src/admin/crl.c \
	src/admin/csv.c src/admin/csv.h \
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
	src/admin/pending.c \
	src/admin/remove.c \
	src/admin/replace.c \
	src/admin/restore.c \
	src/admin/revoke.c \
	src/admin/set.c \
	src/admin/show.c \
	src/admin/trust.c src/admin/trust.h \
	src/admin/trust_archive.c src/admin/trust_archive.h \
	src/admin/trust_import.c \
	src/admin/trust_list.c \
	src/admin/trust_remove.c \
	src/admin/trust_report.c src/admin/trust_report.h \
	src/admin/trust_scan.c src/admin/trust_scan.h \
	src/admin/trust_verify.c

UNIT_TESTS += tests/unit/admin/admin_test
UNIT_TESTS += tests/unit/admin/backup/backup_manifest_test
UNIT_TESTS += tests/unit/admin/fleet/csv_test
UNIT_TESTS += tests/unit/admin/fleet/device_file_test
UNIT_TESTS += tests/unit/admin/trust/trust_scan_test

FUZZERS += tests/fuzz/trust_scan_fuzz
FUZZERS += tests/fuzz/device_file_fuzz
FUZZERS += tests/fuzz/backup_manifest_fuzz
tests_fuzz_trust_scan_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_device_file_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_backup_manifest_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/admin_seeds
