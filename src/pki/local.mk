noinst_LIBRARIES += src/libpki.a
src_libpki_a_SOURCES = \
	src/pki/ak_certificate.c src/pki/ak_certificate.h \
	src/pki/ak_check.c src/pki/ak_check.h \
	src/pki/alt_name.c src/pki/alt_name.h \
	src/pki/ca.c src/pki/ca.h \
	src/pki/certificate.c src/pki/certificate.h \
	src/pki/chain.c src/pki/chain.h \
	src/pki/crl.c \
	src/pki/csr.c src/pki/csr.h \
	src/pki/device_certificate.c src/pki/device_certificate.h \
	src/pki/draft.c src/pki/draft.h \
	src/pki/end_entity.c src/pki/end_entity.h \
	src/pki/extension.c src/pki/extension.h \
	src/pki/key.c src/pki/key.h \
	src/pki/oid.c src/pki/oid.h \
	src/pki/pem.c src/pki/pem.h \
	src/pki/permanent_identifier.c src/pki/permanent_identifier.h \
	src/pki/revocation.c src/pki/revocation.h \
	src/pki/server_certificate.c src/pki/server_certificate.h \
	src/pki/trust.c src/pki/trust.h

PKI_TEST_LIBS = src/libpki.a src/libtpm.a src/libutil.a $(UNIT_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS)

check_PROGRAMS += tests/unit/key_test tests/unit/certificate_test tests/unit/ca_test
TESTS += tests/unit/key_test tests/unit/certificate_test tests/unit/ca_test
tests_unit_key_test_SOURCES = tests/unit/key_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_key_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_certificate_test_SOURCES = tests/unit/certificate_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_certificate_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_test_SOURCES = tests/unit/ca_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_ca_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/ak_certificate_test
TESTS += tests/unit/ak_certificate_test
tests_unit_ak_certificate_test_SOURCES = tests/unit/ak_certificate_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_ak_certificate_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/ak_check_test
TESTS += tests/unit/ak_check_test
tests_unit_ak_check_test_SOURCES = tests/unit/ak_check_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_ak_check_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/csr_test
TESTS += tests/unit/csr_test
tests_unit_csr_test_SOURCES = tests/unit/csr_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_csr_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/device_certificate_test
TESTS += tests/unit/device_certificate_test
tests_unit_device_certificate_test_SOURCES = tests/unit/device_certificate_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_device_certificate_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/server_certificate_test
TESTS += tests/unit/server_certificate_test
tests_unit_server_certificate_test_SOURCES = tests/unit/server_certificate_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_server_certificate_test_LDADD = $(PKI_TEST_LIBS)

check_PROGRAMS += tests/unit/chain_test
TESTS += tests/unit/chain_test
tests_unit_chain_test_SOURCES = tests/unit/chain_test.c tests/unit/pki_support.h tests/unit/unit.h
tests_unit_chain_test_LDADD = $(PKI_TEST_LIBS)

EXTRA_DIST += tests/fuzz/certificate_fuzz.c tests/fuzz/csr_fuzz.c
