noinst_LIBRARIES += src/libca.a
src_libca_a_SOURCES = \
	src/ca/crl.c src/ca/crl.h \
	src/ca/crl_bundle.c src/ca/crl_bundle.h \
	src/ca/crl_inventory.c src/ca/crl_inventory.h \
	src/ca/directory.c src/ca/directory.h \
	src/ca/files.h \
	src/ca/issuer.c src/ca/issuer.h \
	src/ca/issuer_replace.c src/ca/issuer_replace.h \
	src/ca/running.c src/ca/running.h

UNIT_TESTS += tests/unit/ca/crl_bundle_test
UNIT_TESTS += tests/unit/ca/crl_file_test
UNIT_TESTS += tests/unit/ca/crl_test
UNIT_TESTS += tests/unit/ca/directory_test
UNIT_TESTS += tests/unit/ca/issuer_replace_test
UNIT_TESTS += tests/unit/ca/issuer_test
UNIT_TESTS += tests/unit/ca/race_test
UNIT_TESTS += tests/unit/ca/running_test
tests_unit_ca_crl_bundle_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pem_wrap
tests_unit_ca_issuer_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=certificate_encode
tests_unit_ca_issuer_replace_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS)
