noinst_LIBRARIES += src/libpki.a
src_libpki_a_SOURCES = \
	src/pki/ak_certificate.c src/pki/ak_certificate.h \
	src/pki/ak_check.c src/pki/ak_check.h \
	src/pki/alt_name.c src/pki/alt_name.h \
	src/pki/ca.c src/pki/ca.h \
	src/pki/ca_request.c src/pki/ca_request.h \
	src/pki/certificate.c src/pki/certificate.h \
	src/pki/certificate_memory.c src/pki/certificate_memory.h \
	src/pki/certificate_reader.c src/pki/certificate_reader.h \
	src/pki/chain.c src/pki/chain.h \
	src/pki/crl.c \
	src/pki/crl_read.c \
	src/pki/crl_reason.c src/pki/crl_reason.h \
	src/pki/csr.c src/pki/csr.h \
	src/pki/device_certificate.c src/pki/device_certificate.h \
	src/pki/device_name.c src/pki/device_name.h \
	src/pki/draft.c src/pki/draft.h \
	src/pki/ek_authority.c src/pki/ek_authority.h \
	src/pki/ek_certificate.c src/pki/ek_certificate.h \
	src/pki/ek_child.c src/pki/ek_child.h \
	src/pki/ek_memory.c src/pki/ek_memory.h \
	src/pki/ek_outline.c src/pki/ek_outline.h \
	src/pki/ek_search.c src/pki/ek_search.h \
	src/pki/ek_shown.c src/pki/ek_shown.h \
	src/pki/ek_trust.c src/pki/ek_trust.h \
	src/pki/end_entity.c src/pki/end_entity.h \
	src/pki/extension.c src/pki/extension.h \
	src/pki/key.c src/pki/key.h \
	src/pki/key_needs.c src/pki/key_needs.h \
	src/pki/key_uri.c src/pki/key_uri.h \
	src/pki/oid.c src/pki/oid.h \
	src/pki/pem.c src/pki/pem.h \
	src/pki/permanent_identifier.c src/pki/permanent_identifier.h \
	src/pki/pkcs7.c src/pki/pkcs7.h \
	src/pki/pkcs11.c src/pki/pkcs11.h \
	src/pki/pkcs11_uri.c src/pki/pkcs11_uri.h \
	src/pki/revocation.c src/pki/revocation.h \
	src/pki/server_certificate.c src/pki/server_certificate.h \
	src/pki/signing.c src/pki/signing.h \
	src/pki/tpm_key.c src/pki/tpm_key.h \
	src/pki/trust.c src/pki/trust.h

UNIT_TESTS += tests/unit/pki/ak_certificate_test
UNIT_TESTS += tests/unit/pki/ak_check_test
UNIT_TESTS += tests/unit/pki/ca_request_test
UNIT_TESTS += tests/unit/pki/ca_test
UNIT_TESTS += tests/unit/pki/certificate_memory_test
UNIT_TESTS += tests/unit/pki/certificate_reader_test
UNIT_TESTS += tests/unit/pki/certificate_test
UNIT_TESTS += tests/unit/pki/chain_test
UNIT_TESTS += tests/unit/pki/corpus_test
UNIT_TESTS += tests/unit/pki/csr_test
UNIT_TESTS += tests/unit/pki/device_certificate_test
UNIT_TESTS += tests/unit/pki/device_name_test
UNIT_TESTS += tests/unit/pki/ek_certificate_test
UNIT_TESTS += tests/unit/pki/ek_child_test
UNIT_TESTS += tests/unit/pki/ek_memory_test
UNIT_TESTS += tests/unit/pki/ek_outline_test
UNIT_TESTS += tests/unit/pki/ek_shown_again_test
UNIT_TESTS += tests/unit/pki/ek_shown_cost_test
UNIT_TESTS += tests/unit/pki/ek_shown_test
UNIT_TESTS += tests/unit/pki/ek_trust_ca_test
UNIT_TESTS += tests/unit/pki/ek_trust_test
UNIT_TESTS += tests/unit/pki/end_entity_test
UNIT_TESTS += tests/unit/pki/failing_crypto_test
UNIT_TESTS += tests/unit/pki/failing_issue_test
UNIT_TESTS += tests/unit/pki/failing_verify_test
UNIT_TESTS += tests/unit/pki/key_test
UNIT_TESTS += tests/unit/pki/key_uri_test
UNIT_TESTS += tests/unit/pki/pkcs11_uri_test
UNIT_TESTS += tests/unit/pki/revocation_test
UNIT_TESTS += tests/unit/pki/server_certificate_test
tests_unit_pki_failing_crypto_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_CRYPTO)
tests_unit_pki_key_uri_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=PKCS11_CTX_new,--wrap=PKCS11_enumerate_slots \
	-Wl,--wrap=PKCS11_enumerate_keys,--wrap=PKCS11_get_private_key,--wrap=EVP_PKEY_set_ex_data

FUZZERS += tests/fuzz/certificate_fuzz
FUZZERS += tests/fuzz/csr_fuzz
FUZZERS += tests/fuzz/ek_certificate_fuzz
FUZZERS += tests/fuzz/ek_shown_fuzz
tests_fuzz_certificate_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_csr_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ek_certificate_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ek_shown_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/pki_seeds
FUZZERS += tests/fuzz/crl_fuzz
tests_fuzz_crl_fuzz_LDFLAGS = $(LIBFUZZER)
