noinst_LIBRARIES += src/libdevice.a
src_libdevice_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DDEVICE_CONFIG_FILE='"$(sysconfdir)/attest-device/device.conf"'
src_libdevice_a_SOURCES = \
	src/device/account_key.c src/device/account_key.h \
	src/device/acme_client.c src/device/acme_client.h \
	src/device/acme_order.c src/device/acme_order.h \
	src/device/ak.c src/device/ak.h \
	src/device/ak_type.c src/device/ak_type.h \
	src/device/approval.c src/device/approval.h \
	src/device/attestation.c src/device/attestation.h \
	src/device/certificate_files.c src/device/certificate_files.h \
	src/device/certification.c src/device/certification.h \
	src/device/chain.c src/device/chain.h \
	src/device/command.c src/device/command.h \
	src/device/command_attest.c \
	src/device/command_certificate.c \
	src/device/command_ek.c \
	src/device/command_renew.c \
	src/device/command_status.c \
	src/device/device_csr.c src/device/device_csr.h \
	src/device/device_settings.c src/device/device_settings.h \
	src/device/ek.c src/device/ek.h \
	src/device/evidence.c src/device/evidence.h \
	src/device/exhibits.c src/device/exhibits.h \
	src/device/http_client.c src/device/http_client.h \
	src/device/identity.c src/device/identity.h \
	src/device/interrupt.c src/device/interrupt.h \
	src/device/key_file.c src/device/key_file.h \
	src/device/key_load.c src/device/key_load.h \
	src/device/nv.c src/device/nv.h \
	src/device/parent.c src/device/parent.h \
	src/device/problem.c src/device/problem.h \
	src/device/renewal.c src/device/renewal.h \
	src/device/run_command.c src/device/run_command.h \
	src/device/sign_key.c src/device/sign_key.h \
	src/device/state.c src/device/state.h \
	src/device/template.c src/device/template.h \
	src/device/tpm.c src/device/tpm.h

DEVICE_TEST_LIBS = src/libdevice.a src/libwebauthn.a src/libpki.a src/libtpm.a src/libutil.a \
	$(UNIT_LIBS) $(CURL_LIBS) $(CRYPTO_LIBS) $(TSS2_ESYS_LIBS) $(TSS2_MU_LIBS) \
	$(JANSSON_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS)

check_PROGRAMS += tests/unit/approval_test
TESTS += tests/unit/approval_test
tests_unit_approval_test_SOURCES = tests/unit/approval_test.c tests/unit/unit.h
tests_unit_approval_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/template_test
TESTS += tests/unit/template_test
tests_unit_template_test_SOURCES = tests/unit/template_test.c tests/unit/unit.h
tests_unit_template_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/key_file_test
TESTS += tests/unit/key_file_test
tests_unit_key_file_test_SOURCES = tests/unit/key_file_test.c tests/unit/unit.h
tests_unit_key_file_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/device_ek_test
TESTS += tests/unit/device_ek_test
tests_unit_device_ek_test_SOURCES = tests/unit/device_ek_test.c tests/unit/unit.h
tests_unit_device_ek_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/attestation_client_test
TESTS += tests/unit/attestation_client_test
tests_unit_attestation_client_test_SOURCES = tests/unit/attestation_client_test.c tests/unit/unit.h
tests_unit_attestation_client_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/state_test
TESTS += tests/unit/state_test
tests_unit_state_test_SOURCES = tests/unit/state_test.c tests/unit/unit.h
tests_unit_state_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/device_chain_test
TESTS += tests/unit/device_chain_test
tests_unit_device_chain_test_SOURCES = tests/unit/device_chain_test.c tests/unit/unit.h
tests_unit_device_chain_test_LDADD = $(FORGE_LIBS) $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/account_key_test
TESTS += tests/unit/account_key_test
tests_unit_account_key_test_SOURCES = tests/unit/account_key_test.c tests/unit/scratch.h \
	tests/unit/unit.h
tests_unit_account_key_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/certificate_files_test
TESTS += tests/unit/certificate_files_test
tests_unit_certificate_files_test_SOURCES = tests/unit/certificate_files_test.c \
	tests/unit/scratch.h tests/unit/unit.h
tests_unit_certificate_files_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/sign_key_test
TESTS += tests/unit/sign_key_test
tests_unit_sign_key_test_SOURCES = tests/unit/sign_key_test.c tests/unit/unit.h
tests_unit_sign_key_test_LDADD = $(DEVICE_TEST_LIBS)

check_PROGRAMS += tests/unit/device_settings_test
TESTS += tests/unit/device_settings_test
tests_unit_device_settings_test_SOURCES = tests/unit/device_settings_test.c \
	tests/unit/scratch.h tests/unit/unit.h
tests_unit_device_settings_test_LDADD = $(DEVICE_TEST_LIBS)
