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

UNIT_TESTS += tests/unit/device/certificate_files_test
UNIT_TESTS += tests/unit/device/chain_test
UNIT_TESTS += tests/unit/device/device_settings_test
UNIT_TESTS += tests/unit/device/host/account_key_test
UNIT_TESTS += tests/unit/device/host/approval_test
UNIT_TESTS += tests/unit/device/host/attestation_test
UNIT_TESTS += tests/unit/device/state_test
UNIT_TESTS += tests/unit/device/tpm/ek_test
UNIT_TESTS += tests/unit/device/tpm/key_file_test
UNIT_TESTS += tests/unit/device/tpm/sign_key_test
UNIT_TESTS += tests/unit/device/tpm/template_test
