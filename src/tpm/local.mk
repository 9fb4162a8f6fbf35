noinst_LIBRARIES += src/libtpm.a
src_libtpm_a_SOURCES = \
	src/tpm/ak.c src/tpm/ak.h \
	src/tpm/attest.c src/tpm/attest.h \
	src/tpm/certify.c src/tpm/certify.h \
	src/tpm/creation.c src/tpm/creation.h \
	src/tpm/credential.c src/tpm/credential.h \
	src/tpm/digest.c src/tpm/digest.h \
	src/tpm/ek.c src/tpm/ek.h \
	src/tpm/kdf.c src/tpm/kdf.h \
	src/tpm/key.c src/tpm/key.h \
	src/tpm/name.c src/tpm/name.h \
	src/tpm/openssl_error.c src/tpm/openssl_error.h \
	src/tpm/public.c src/tpm/public.h \
	src/tpm/roca.c src/tpm/roca.h \
	src/tpm/signature.c src/tpm/signature.h \
	src/tpm/spki.c src/tpm/spki.h \
	src/tpm/tss2_error.c src/tpm/tss2_error.h \
	src/tpm/vendor.c src/tpm/vendor.h

# Software that claims to be a TPM, for the tests of every folder that meets one.
check_LIBRARIES += tests/unit/libforge.a
tests_unit_libforge_a_SOURCES = \
	tests/unit/forge.c tests/unit/forge.h tests/unit/forge_flaws.h tests/unit/forge_must.h \
	tests/unit/forge_ak.c \
	tests/unit/forge_certify.c \
	tests/unit/forge_ek.c
FORGE_LIBS = tests/unit/libforge.a

TPM_LIBS = src/libtpm.a src/libutil.a $(CRYPTO_LIBS) $(TSS2_MU_LIBS)
TPM_TEST_LIBS = $(FORGE_LIBS) $(TPM_LIBS) $(UNIT_LIBS)

TPM_TESTS = tests/unit/ak_test tests/unit/certify_test tests/unit/creation_test tests/unit/credential_test tests/unit/ek_test \
	tests/unit/kdf_test tests/unit/name_test tests/unit/public_test tests/unit/roca_test \
	tests/unit/signature_test tests/unit/vendor_test
check_PROGRAMS += $(TPM_TESTS)
TESTS += $(TPM_TESTS)
tests_unit_ak_test_SOURCES = tests/unit/ak_test.c tests/unit/unit.h
tests_unit_ak_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_certify_test_SOURCES = tests/unit/certify_test.c tests/unit/unit.h
tests_unit_certify_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_creation_test_SOURCES = tests/unit/creation_test.c tests/unit/unit.h
tests_unit_creation_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_credential_test_SOURCES = tests/unit/credential_test.c tests/unit/unit.h
tests_unit_credential_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_ek_test_SOURCES = tests/unit/ek_test.c tests/unit/unit.h
tests_unit_ek_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_kdf_test_SOURCES = tests/unit/kdf_test.c tests/unit/unit.h tests/unit/kdf_vectors.h tests/unit/unit_hex.h
tests_unit_kdf_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_name_test_SOURCES = tests/unit/name_test.c tests/unit/unit.h
tests_unit_name_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_public_test_SOURCES = tests/unit/public_test.c tests/unit/unit.h
tests_unit_public_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_roca_test_SOURCES = tests/unit/roca_test.c tests/unit/unit.h
tests_unit_roca_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_signature_test_SOURCES = tests/unit/signature_test.c tests/unit/unit.h
tests_unit_signature_test_LDADD = $(TPM_TEST_LIBS)
tests_unit_vendor_test_SOURCES = tests/unit/vendor_test.c tests/unit/unit.h
tests_unit_vendor_test_LDADD = $(TPM_TEST_LIBS)

# A TPM opens what we make: the program writes credentials, the script has them opened.
check_PROGRAMS += tests/e2e/make_credential
tests_e2e_make_credential_SOURCES = tests/e2e/make_credential.c
tests_e2e_make_credential_LDADD = $(TPM_LIBS)

# What decodes hostile octets, fuzzed (tests/local.mk says how); the seeds are forged.
FUZZERS += tests/fuzz/ak_fuzz tests/fuzz/certify_fuzz tests/fuzz/creation_fuzz tests/fuzz/ek_fuzz
tests_fuzz_ak_fuzz_SOURCES = tests/fuzz/ak_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_ak_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ak_fuzz_LDADD = $(TPM_LIBS)
tests_fuzz_certify_fuzz_SOURCES = tests/fuzz/certify_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_certify_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_certify_fuzz_LDADD = $(TPM_LIBS)
tests_fuzz_creation_fuzz_SOURCES = tests/fuzz/creation_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_creation_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_creation_fuzz_LDADD = $(TPM_LIBS)
tests_fuzz_ek_fuzz_SOURCES = tests/fuzz/ek_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_ek_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_ek_fuzz_LDADD = $(TPM_LIBS)
FUZZ_SEEDERS = tests/fuzz/tpm_seeds
EXTRA_PROGRAMS += tests/fuzz/tpm_seeds
CLEANFILES += tests/fuzz/tpm_seeds
tests_fuzz_tpm_seeds_SOURCES = tests/fuzz/tpm_seeds.c tests/fuzz/fuzz.h
tests_fuzz_tpm_seeds_LDADD = $(FORGE_LIBS) $(TPM_LIBS)
