noinst_LIBRARIES += src/libpki.a
src_libpki_a_SOURCES = \
	src/pki/ak_certificate.c src/pki/ak_certificate.h \
	src/pki/ak_check.c src/pki/ak_check.h \
	src/pki/alt_name.c src/pki/alt_name.h \
	src/pki/ca.c src/pki/ca.h \
	src/pki/ca_request.c src/pki/ca_request.h \
	src/pki/certificate.c src/pki/certificate.h \
	src/pki/certificate_reader.c src/pki/certificate_reader.h \
	src/pki/chain.c src/pki/chain.h \
	src/pki/crl.c \
	src/pki/crl_read.c \
	src/pki/crl_reason.c src/pki/crl_reason.h \
	src/pki/csr.c src/pki/csr.h \
	src/pki/device_certificate.c src/pki/device_certificate.h \
	src/pki/draft.c src/pki/draft.h \
	src/pki/ek_authority.c src/pki/ek_authority.h \
	src/pki/ek_certificate.c src/pki/ek_certificate.h \
	src/pki/ek_search.c src/pki/ek_search.h \
	src/pki/ek_trust.c src/pki/ek_trust.h \
	src/pki/end_entity.c src/pki/end_entity.h \
	src/pki/extension.c src/pki/extension.h \
	src/pki/key.c src/pki/key.h \
	src/pki/key_uri.c src/pki/key_uri.h \
	src/pki/oid.c src/pki/oid.h \
	src/pki/pem.c src/pki/pem.h \
	src/pki/permanent_identifier.c src/pki/permanent_identifier.h \
	src/pki/pkcs11.c src/pki/pkcs11.h \
	src/pki/pkcs11_uri.c src/pki/pkcs11_uri.h \
	src/pki/revocation.c src/pki/revocation.h \
	src/pki/server_certificate.c src/pki/server_certificate.h \
	src/pki/signing.c src/pki/signing.h \
	src/pki/tpm_key.c src/pki/tpm_key.h \
	src/pki/trust.c src/pki/trust.h

PKI_LIBS = src/libpki.a src/libtpm.a src/libutil.a $(CRYPTO_LIBS) $(TSS2_MU_LIBS) -lpthread
PKI_TEST_LIBS = $(PKI_LIBS) $(UNIT_LIBS)
PKI_SUPPORT = tests/unit/pki_support.h tests/unit/unit.h

PKI_TESTS = \
	tests/unit/ak_certificate_test \
	tests/unit/ak_check_test \
	tests/unit/ca_request_test \
	tests/unit/ca_test \
	tests/unit/certificate_reader_test \
	tests/unit/certificate_test \
	tests/unit/chain_test \
	tests/unit/csr_test \
	tests/unit/device_certificate_test \
	tests/unit/ek_certificate_test \
	tests/unit/ek_trust_test \
	tests/unit/corpus_test \
	tests/unit/key_test \
	tests/unit/key_uri_test \
	tests/unit/pkcs11_uri_test \
	tests/unit/revocation_test \
	tests/unit/server_certificate_test
check_PROGRAMS += $(PKI_TESTS)
TESTS += $(PKI_TESTS)
tests_unit_ak_certificate_test_SOURCES = tests/unit/ak_certificate_test.c $(PKI_SUPPORT)
tests_unit_ak_certificate_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ak_check_test_SOURCES = tests/unit/ak_check_test.c $(PKI_SUPPORT)
tests_unit_ak_check_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_request_test_SOURCES = tests/unit/ca_request_test.c $(PKI_SUPPORT)
tests_unit_ca_request_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ca_test_SOURCES = tests/unit/ca_test.c $(PKI_SUPPORT)
tests_unit_ca_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_certificate_reader_test_SOURCES = tests/unit/certificate_reader_test.c \
	tests/unit/ek_support.h $(PKI_SUPPORT)
tests_unit_certificate_reader_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_certificate_test_SOURCES = tests/unit/certificate_test.c $(PKI_SUPPORT)
tests_unit_certificate_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_chain_test_SOURCES = tests/unit/chain_test.c tests/unit/chain_support.h $(PKI_SUPPORT)
tests_unit_chain_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_csr_test_SOURCES = tests/unit/csr_test.c $(PKI_SUPPORT)
tests_unit_csr_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_device_certificate_test_SOURCES = tests/unit/device_certificate_test.c $(PKI_SUPPORT)
tests_unit_device_certificate_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ek_certificate_test_SOURCES = tests/unit/ek_certificate_test.c \
	tests/unit/ek_support.h $(PKI_SUPPORT)
tests_unit_ek_certificate_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_ek_trust_test_SOURCES = tests/unit/ek_trust_test.c tests/unit/ek_support.h $(PKI_SUPPORT)
tests_unit_ek_trust_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_corpus_test_SOURCES = tests/unit/corpus_test.c $(PKI_SUPPORT)
tests_unit_corpus_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_key_test_SOURCES = tests/unit/key_test.c $(PKI_SUPPORT)
tests_unit_key_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_key_uri_test_SOURCES = tests/unit/key_uri_test.c $(PKI_SUPPORT)
tests_unit_key_uri_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_pkcs11_uri_test_SOURCES = tests/unit/pkcs11_uri_test.c tests/unit/unit.h
tests_unit_pkcs11_uri_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_revocation_test_SOURCES = tests/unit/revocation_test.c tests/unit/chain_support.h $(PKI_SUPPORT)
tests_unit_revocation_test_LDADD = $(PKI_TEST_LIBS)
tests_unit_server_certificate_test_SOURCES = tests/unit/server_certificate_test.c $(PKI_SUPPORT)
tests_unit_server_certificate_test_LDADD = $(PKI_TEST_LIBS)

# What decodes hostile DER, fuzzed (tests/local.mk says how).
FUZZERS += tests/fuzz/certificate_fuzz tests/fuzz/csr_fuzz
tests_fuzz_certificate_fuzz_SOURCES = tests/fuzz/certificate_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_certificate_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_certificate_fuzz_LDADD = $(PKI_LIBS)
tests_fuzz_csr_fuzz_SOURCES = tests/fuzz/csr_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_csr_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_csr_fuzz_LDADD = $(PKI_LIBS)
FUZZ_SEEDERS += tests/fuzz/pki_seeds
EXTRA_PROGRAMS += tests/fuzz/pki_seeds
CLEANFILES += tests/fuzz/pki_seeds
tests_fuzz_pki_seeds_SOURCES = tests/fuzz/pki_seeds.c tests/fuzz/fuzz.h
tests_fuzz_pki_seeds_LDADD = $(PKI_LIBS)
FUZZERS += tests/fuzz/ek_certificate_fuzz
tests_fuzz_ek_certificate_fuzz_SOURCES = tests/fuzz/ek_certificate_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_ek_certificate_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ek_certificate_fuzz_LDADD = $(PKI_LIBS)
