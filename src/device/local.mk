noinst_LIBRARIES += src/libdevice.a
src_libdevice_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DDEVICE_CONFIG_FILE='"$(sysconfdir)/attest-device/device.conf"' \
	-DPKCS11_MODULE='"$(pkcs11dir)/attest-pkcs11.so"'
src_libdevice_a_SOURCES = \
	src/device/attest_device.c \
	src/device/certificate_files.c src/device/certificate_files.h \
	src/device/certification.c src/device/certification.h \
	src/device/chain.c src/device/chain.h \
	src/device/command_attest.c \
	src/device/command_certificate.c \
	src/device/command_ek.c \
	src/device/command_renew.c \
	src/device/command_status.c \
	src/device/command_use.c \
	src/device/commands.h \
	src/device/device_csr.c src/device/device_csr.h \
	src/device/device_settings.c src/device/device_settings.h \
	src/device/evidence.c src/device/evidence.h \
	src/device/exhibits.c src/device/exhibits.h \
	src/device/former.c src/device/former.h \
	src/device/identity.c src/device/identity.h \
	src/device/interrupt.c src/device/interrupt.h \
	src/device/issued.c src/device/issued.h \
	src/device/open.c src/device/open.h \
	src/device/options.c src/device/options.h \
	src/device/pair.c src/device/pair.h \
	src/device/patience.c src/device/patience.h \
	src/device/progress.c src/device/progress.h \
	src/device/renewal.c src/device/renewal.h \
	src/device/run_command.c src/device/run_command.h \
	src/device/sharing.c src/device/sharing.h \
	src/device/state.c src/device/state.h \
	src/device/wish.c src/device/wish.h \
	src/device/use/access.c src/device/use/access.h \
	src/device/use/check.c src/device/use/check.h \
	src/device/use/clients.c \
	src/device/use/facts.c src/device/use/facts.h \
	src/device/use/path.c src/device/use/path.h \
	src/device/use/place.c src/device/use/place.h \
	src/device/use/program.c src/device/use/program.h \
	src/device/use/server.c src/device/use/server.h \
	src/device/use/servers.c src/device/use/tables.h \
	src/device/host/account_key.c src/device/host/account_key.h \
	src/device/host/acme_client.c src/device/host/acme_client.h \
	src/device/host/acme_order.c src/device/host/acme_order.h \
	src/device/host/approval.c src/device/host/approval.h \
	src/device/host/attestation.c src/device/host/attestation.h \
	src/device/host/http_client.c src/device/host/http_client.h \
	src/device/host/problem.c src/device/host/problem.h \
	src/device/host/retry.c src/device/host/retry.h \
	src/device/tpm/device_ak.c src/device/tpm/device_ak.h \
	src/device/tpm/ak_type.c src/device/tpm/ak_type.h \
	src/device/tpm/auth.c src/device/tpm/auth.h \
	src/device/tpm/device_credential.c src/device/tpm/device_credential.h \
	src/device/tpm/device_ek.c src/device/tpm/device_ek.h \
	src/device/tpm/esys.h \
	src/device/tpm/key_create.c src/device/tpm/key_create.h \
	src/device/tpm/key_file.c src/device/tpm/key_file.h \
	src/device/tpm/key_load.c src/device/tpm/key_load.h \
	src/device/tpm/key_sign.c src/device/tpm/key_sign.h \
	src/device/tpm/nv.c src/device/tpm/nv.h \
	src/device/tpm/octets.c src/device/tpm/octets.h \
	src/device/tpm/parent.c src/device/tpm/parent.h \
	src/device/tpm/room.c src/device/tpm/room.h \
	src/device/tpm/sign_key.c src/device/tpm/sign_key.h \
	src/device/tpm/template.c src/device/tpm/template.h \
	src/device/tpm/tpm.c src/device/tpm/tpm.h \
	src/device/tpm/tpm_error.c src/device/tpm/tpm_error.h

UNIT_TESTS += tests/unit/device/certificate_files_test
UNIT_TESTS += tests/unit/device/chain_test
UNIT_TESTS += tests/unit/device/commands_test
UNIT_TESTS += tests/unit/device/device_settings_test
UNIT_TESTS += tests/unit/device/failing_test
UNIT_TESTS += tests/unit/device/former_test
UNIT_TESTS += tests/unit/device/host/account_key_test
UNIT_TESTS += tests/unit/device/host/acme_order_test
UNIT_TESTS += tests/unit/device/host/approval_test
UNIT_TESTS += tests/unit/device/host/attestation_test
UNIT_TESTS += tests/unit/device/host/http_client_options_test
UNIT_TESTS += tests/unit/device/host/http_client_test
UNIT_TESTS += tests/unit/device/host/problem_test
UNIT_TESTS += tests/unit/device/host/retry_test
UNIT_TESTS += tests/unit/device/failing_calls_test
UNIT_TESTS += tests/unit/device/failing_commands_test
UNIT_TESTS += tests/unit/device/issued_test
UNIT_TESTS += tests/unit/device/patience_test
UNIT_TESTS += tests/unit/device/run_command_test
UNIT_TESTS += tests/unit/device/sharing_test
UNIT_TESTS += tests/unit/device/state_test
UNIT_TESTS += tests/unit/device/tpm/auth_test
UNIT_TESTS += tests/unit/device/tpm/credential_test
UNIT_TESTS += tests/unit/device/tpm/device_ek_test
UNIT_TESTS += tests/unit/device/tpm/ek_test
UNIT_TESTS += tests/unit/device/tpm/failing_test
UNIT_TESTS += tests/unit/device/tpm/key_file_test
UNIT_TESTS += tests/unit/device/tpm/lacking_test
UNIT_TESTS += tests/unit/device/tpm/nv_test
UNIT_TESTS += tests/unit/device/tpm/octets_test
UNIT_TESTS += tests/unit/device/tpm/room_test
UNIT_TESTS += tests/unit/device/tpm/sign_key_test
UNIT_TESTS += tests/unit/device/tpm/template_test
UNIT_TESTS += tests/unit/device/tpm/tpm_test
UNIT_TESTS += tests/unit/device/use/access_test
UNIT_TESTS += tests/unit/device/use/check_test
UNIT_TESTS += tests/unit/device/use/facts_test
UNIT_TESTS += tests/unit/device/use/failing_test
UNIT_TESTS += tests/unit/device/use/place_test
UNIT_TESTS += tests/unit/device/use/programs_test
UNIT_TESTS += tests/unit/device/use/server_test
UNIT_TESTS += tests/unit/device/wish_test
tests_unit_device_failing_calls_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) -Wl,--wrap=flock
tests_unit_device_failing_commands_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_CRYPTO) $(FAILING_TPM) \
	-Wl,--wrap=acme_client_open,--wrap=acme_order_run,--wrap=certificate_files_key_made \
	-Wl,--wrap=device_credential_activate \
	-Wl,--wrap=device_ek_load,--wrap=device_ek_present,--wrap=device_interrupt_check,--wrap=device_key_encode \
	-Wl,--wrap=device_settings_read,--wrap=folder_list,--wrap=http_client_new,--wrap=http_client_post \
	-Wl,--wrap=sign_key_check,--wrap=sign_key_pss_salt,--wrap=tpm_public_key,--wrap=tpm_public_spki
tests_unit_device_host_acme_order_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=http_client_request \
	-Wl,--wrap=device_interrupt_sleep,--wrap=http_client_end
tests_unit_device_host_approval_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=attestation_knock
tests_unit_device_host_http_client_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=curl_global_init,--wrap=curl_easy_init
tests_unit_device_host_retry_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getrandom
tests_unit_device_run_command_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=setenv,--wrap=posix_spawnattr_setflags \
	-Wl,--wrap=posix_spawn,--wrap=waitpid
tests_unit_device_state_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=identity_find
tests_unit_device_sharing_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getgrnam_r
tests_unit_device_wish_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=gethostname
tests_unit_device_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_PROCESSES) -Wl,--wrap=sign_key_sign \
	-Wl,--wrap=OPENSSL_sk_push,--wrap=i2d_X509_REQ
tests_unit_device_use_check_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_monotonic_ms,--wrap=folder_create \
	-Wl,--wrap=posix_spawn,--wrap=use_server_seen,--wrap=waitpid
tests_unit_device_use_server_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=accept4
tests_unit_device_use_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS)
tests_unit_device_tpm_device_ek_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_TPM) -Wl,--wrap=tpm_ek_decode
tests_unit_device_tpm_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_TPM)
tests_unit_device_tpm_room_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_TPM)

# The settings of all programs.
FUZZERS += tests/fuzz/config_fuzz
tests_fuzz_config_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/config_seeds
FUZZERS += tests/fuzz/device_answer_fuzz
tests_fuzz_device_answer_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZERS += tests/fuzz/device_state_fuzz
tests_fuzz_device_state_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZERS += tests/fuzz/use_place_fuzz
tests_fuzz_use_place_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/device_seeds
FUZZERS += tests/fuzz/acme_client_fuzz
tests_fuzz_acme_client_fuzz_LDFLAGS = $(LIBFUZZER)
