noinst_LIBRARIES += src/libpki.a
src_libpki_a_SOURCES = \
	src/pki/ak_certificate.c src/pki/ak_certificate.h \
	src/pki/alt_name.c src/pki/alt_name.h \
	src/pki/ca.c src/pki/ca.h \
	src/pki/certificate.c src/pki/certificate.h \
	src/pki/crl.c \
	src/pki/draft.c src/pki/draft.h \
	src/pki/extension.c src/pki/extension.h \
	src/pki/key.c src/pki/key.h \
	src/pki/oid.c src/pki/oid.h \
	src/pki/permanent_identifier.c src/pki/permanent_identifier.h

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
