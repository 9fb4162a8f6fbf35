noinst_LIBRARIES += src/libutil.a
src_libutil_a_SOURCES = \
	src/util/base64.c src/util/base64.h \
	src/util/bytes.c src/util/bytes.h \
	src/util/cbor.c src/util/cbor.h \
	src/util/clock.c src/util/clock.h \
	src/util/config_file.c src/util/config_file.h \
	src/util/duration.c src/util/duration.h \
	src/util/error.c src/util/error.h \
	src/util/file.c src/util/file.h \
	src/util/hex.c src/util/hex.h \
	src/util/identifier.c src/util/identifier.h \
	src/util/json_depth.c src/util/json_depth.h \
	src/util/log.c src/util/log.h \
	src/util/shared.c src/util/shared.h \
	src/util/secret.c src/util/secret.h \
	src/util/utf8.c src/util/utf8.h

check_PROGRAMS += tests/unit/base64_test
TESTS += tests/unit/base64_test
tests_unit_base64_test_SOURCES = tests/unit/base64_test.c tests/unit/unit.h
tests_unit_base64_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/utf8_test
TESTS += tests/unit/utf8_test
tests_unit_utf8_test_SOURCES = tests/unit/utf8_test.c tests/unit/unit.h
tests_unit_utf8_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/bytes_test
TESTS += tests/unit/bytes_test
tests_unit_bytes_test_SOURCES = tests/unit/bytes_test.c tests/unit/unit.h
tests_unit_bytes_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/cbor_test
TESTS += tests/unit/cbor_test
tests_unit_cbor_test_SOURCES = tests/unit/cbor_test.c tests/unit/unit.h
tests_unit_cbor_test_LDADD = src/libutil.a $(CBOR_LIBS) $(UNIT_LIBS)

check_PROGRAMS += tests/unit/clock_test
TESTS += tests/unit/clock_test
tests_unit_clock_test_SOURCES = tests/unit/clock_test.c tests/unit/unit.h
tests_unit_clock_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/duration_test
TESTS += tests/unit/duration_test
tests_unit_duration_test_SOURCES = tests/unit/duration_test.c tests/unit/unit.h
tests_unit_duration_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/error_test
TESTS += tests/unit/error_test
tests_unit_error_test_SOURCES = tests/unit/error_test.c tests/unit/unit.h
tests_unit_error_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/file_test
TESTS += tests/unit/file_test
tests_unit_file_test_SOURCES = tests/unit/file_test.c tests/unit/unit.h tests/unit/scratch.h
tests_unit_file_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/hex_test
TESTS += tests/unit/hex_test
tests_unit_hex_test_SOURCES = tests/unit/hex_test.c tests/unit/unit.h
tests_unit_hex_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/identifier_test
TESTS += tests/unit/identifier_test
tests_unit_identifier_test_SOURCES = tests/unit/identifier_test.c tests/unit/unit.h
tests_unit_identifier_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/log_test
TESTS += tests/unit/log_test
tests_unit_log_test_SOURCES = tests/unit/log_test.c tests/unit/unit.h
tests_unit_log_test_LDADD = src/libutil.a $(UNIT_LIBS)

check_PROGRAMS += tests/unit/config_file_test
TESTS += tests/unit/config_file_test
tests_unit_config_file_test_SOURCES = tests/unit/config_file_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_config_file_test_LDADD = src/libutil.a $(UNIT_LIBS) $(CONFUSE_LIBS)

check_PROGRAMS += tests/unit/shared_test
TESTS += tests/unit/shared_test
tests_unit_shared_test_SOURCES = tests/unit/shared_test.c tests/unit/unit.h
tests_unit_shared_test_LDADD = src/libutil.a $(UNIT_LIBS) -lpthread
check_PROGRAMS += tests/unit/secret_test
TESTS += tests/unit/secret_test
tests_unit_secret_test_SOURCES = tests/unit/secret_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_secret_test_LDADD = src/libutil.a $(UNIT_LIBS)
check_PROGRAMS += tests/unit/json_depth_test
TESTS += tests/unit/json_depth_test
tests_unit_json_depth_test_SOURCES = tests/unit/json_depth_test.c tests/unit/unit.h
tests_unit_json_depth_test_LDADD = src/libutil.a $(UNIT_LIBS)
