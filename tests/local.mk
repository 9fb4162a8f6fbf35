# How tests run: every one prints TAP (unit tests through Check, end-to-end
# tests through tests/e2e/lib.sh), so that automake counts each case. Check's own
# limit, 4 s for a case, is too short for an RSA-4096 key on a busy machine.
#
# A unit test is one line in the local.mk of the folder that it tests: its program is
# made from the source of the same name, and linked with $(LDADD).

check_PROGRAMS += $(UNIT_TESTS)

# What several tests share: a TPM in software that can lie, and attest-acmed's keeper.
check_LIBRARIES += tests/unit/libforge.a
tests_unit_libforge_a_SOURCES = \
	tests/unit/acme_world.c \
	tests/unit/bad_disk.c \
	tests/unit/cleansed.c \
	tests/unit/failing.c \
	tests/unit/failing_calls.c \
	tests/unit/failing_crypto.c \
	tests/unit/failing_processes.c \
	tests/unit/failing_sql.c \
	tests/unit/failing_tpm.c \
	tests/unit/forge.c \
	tests/unit/forge_ak.c \
	tests/unit/forge_certify.c \
	tests/unit/forge_ek.c
noinst_HEADERS = tests/fuzz/check_alone.h \
	tests/fuzz/edits.h \
	tests/fuzz/fuzz.h \
	tests/fuzz/scratch_directory.h \
	tests/fuzz/served.h \
	tests/fuzz/sign.h \
	tests/unit/acme_keeper_support.h \
	tests/unit/acme_records.h \
	tests/unit/acme_world.h \
	tests/unit/attestation/keeper/keeper_ek_world.h \
	tests/unit/audit_world.h \
	tests/unit/bad_disk.h \
	tests/unit/bare_front.h \
	tests/unit/batch_world.h \
	tests/unit/ca/crl_support.h \
	tests/unit/chain_support.h \
	tests/unit/cleansed.h \
	tests/unit/command_answer.h \
	tests/unit/command_failing.h \
	tests/unit/daemon/channel_support.h \
	tests/unit/daemon/sandbox_support.h \
	tests/unit/device_records.h \
	tests/unit/ek_shown_world.h \
	tests/unit/ek_support.h \
	tests/unit/failing.h \
	tests/unit/failing_calls.h \
	tests/unit/failing_crypto.h \
	tests/unit/failing_processes.h \
	tests/unit/failing_sql.h \
	tests/unit/failing_tpm.h \
	tests/unit/forge.h \
	tests/unit/forge_flaws.h \
	tests/unit/forge_must.h \
	tests/unit/http_client.h \
	tests/unit/http_fixture.h \
	tests/unit/jws_vectors.h \
	tests/unit/kdf_vectors.h \
	tests/unit/keeper_world.h \
	tests/unit/key_change_vectors.h \
	tests/unit/pkcs11/material_support.h \
	tests/unit/pkcs11/module_support.h \
	tests/unit/pki/ek_trust_support.h \
	tests/unit/pki_support.h \
	tests/unit/race.h \
	tests/unit/records.h \
	tests/unit/rename_watch.h \
	tests/unit/scratch.h \
	tests/unit/service/keeper/call_world.h \
	tests/unit/service_world.h \
	tests/unit/statement_world.h \
	tests/unit/store/inventory/change_support.h \
	tests/unit/store_acme_schema.h \
	tests/unit/store_devices.h \
	tests/unit/store_failing.h \
	tests/unit/store_fixture.h \
	tests/unit/store_tamper.h \
	tests/unit/store_writer.h \
	tests/unit/tls_client.h \
	tests/unit/unit.h \
	tests/unit/unit_hex.h \
	tests/unit/waiting_world.h \
	tests/unit/wrong_server.h

# What a test is linked with whose system calls are to fail (tests/unit/failing_calls.h).
FAILING_CALLS = -Wl,--wrap=read,--wrap=__read_chk,--wrap=write,--wrap=pread,--wrap=pwrite \
	-Wl,--wrap=open,--wrap=__open_2,--wrap=openat,--wrap=mkostemp,--wrap=fcntl,--wrap=fstat,--wrap=fstatat \
	-Wl,--wrap=fchmod,--wrap=fchown,--wrap=fsync,--wrap=rename,--wrap=renameat,--wrap=renameat2 \
	-Wl,--wrap=mkdir,--wrap=mkdirat,--wrap=unlink,--wrap=unlinkat,--wrap=fstatvfs

# The same of sockets, threads and processes (tests/unit/failing_processes.h).
FAILING_PROCESSES = -Wl,--wrap=socket,--wrap=socketpair,--wrap=bind,--wrap=listen,--wrap=connect \
	-Wl,--wrap=setsockopt,--wrap=getsockopt,--wrap=getsockname,--wrap=send,--wrap=sendmsg \
	-Wl,--wrap=recvmsg,--wrap=eventfd,--wrap=signalfd,--wrap=fork,--wrap=pthread_create

# The same of digests, random numbers, keys and certificates (tests/unit/failing_crypto.h).
FAILING_CRYPTO = -Wl,--wrap=EVP_Digest,--wrap=EVP_DigestInit_ex,--wrap=EVP_DigestUpdate \
	-Wl,--wrap=EVP_MD_CTX_new,--wrap=EVP_KDF_derive,--wrap=EVP_PKEY_fromdata_init \
	-Wl,--wrap=EVP_PKEY_CTX_get_params,--wrap=EVP_PKEY_set_ex_data,--wrap=X509_ALGOR_new \
	-Wl,--wrap=OSSL_LIB_CTX_new,--wrap=RAND_bytes,--wrap=BIO_new_mem_buf,--wrap=BN_bn2bin \
	-Wl,--wrap=X509_digest,--wrap=X509_CRL_digest,--wrap=spki_encode \
	-Wl,--wrap=X509_NAME_get0_der,--wrap=i2d_PUBKEY,--wrap=i2d_X509,--wrap=SSL_CTX_set_cipher_list \
	-Wl,--wrap=EVP_DigestFinal_ex,--wrap=key_generate,--wrap=key_encode \
	-Wl,--wrap=certificate_encode_pem,--wrap=ca_root_create,--wrap=ca_issuing_create

# The same for statements of a store (tests/unit/failing_sql.h).
FAILING_SQL = -Wl,--wrap=sqlite3_prepare_v2,--wrap=sqlite3_prepare_v3,--wrap=sqlite3_step \
	-Wl,--wrap=sqlite3_extended_errcode,--wrap=sqlite3_file_control

# The same for commands of a TPM (tests/unit/failing_tpm.h).
FAILING_TPM = -Wl,--wrap=Tss2_TctiLdr_Initialize,--wrap=Tss2_TctiLdr_Finalize \
	-Wl,--wrap=Esys_TR_Serialize

# A test that has not ended after so many seconds has failed: it is told to end, and
# killed when it has not after so many more.
TEST_DEADLINE = 600
TEST_GRACE = 20
DEADLINE = timeout --kill-after=$(TEST_GRACE) $(TEST_DEADLINE)

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(DEADLINE)
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(DEADLINE) $(BASH_PROGRAM)
CLEANFILES += tests/keys/*.pem tests/keys/swtpm-ca/*
# In memory where there is room for programs: no test proves what a disk does, and each waits for it.
AM_TESTS_ENVIRONMENT = \
	if test -z "$$TMPDIR" && test -w /dev/shm && ! grep -q ' /dev/shm [^ ]* [^ ]*noexec' /proc/mounts; then \
		TMPDIR=/dev/shm; export TMPDIR; fi; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	CK_DEFAULT_TIMEOUT=$${CK_DEFAULT_TIMEOUT:-60}; export CK_DEFAULT_TIMEOUT; \
	FORGE_KEYS='$(abs_top_builddir)/tests/keys'; export FORGE_KEYS; $(MKDIR_P) "$$FORGE_KEYS";

# End-to-end tests: one line per script, so that they can be added side by side.
# The longest come first, so that none is left over alone at the end.
E2E_TESTS =
E2E_TESTS += tests/e2e/attest-acmed_reload.sh
E2E_TESTS += tests/e2e/attestd_reload.sh
E2E_TESTS += tests/e2e/attestd_signers.sh
E2E_TESTS += tests/e2e/attest-acmed_attest.sh
E2E_TESTS += tests/e2e/attest-acmed_protocol.sh
E2E_TESTS += tests/e2e/attest-device_attest.sh
E2E_TESTS += tests/e2e/attestd_protocol.sh
E2E_TESTS += tests/e2e/attest-ca_trust.sh
E2E_TESTS += tests/e2e/attestd_flood.sh
E2E_TESTS += tests/e2e/attest-acmed_signers.sh
E2E_TESTS += tests/e2e/attest-ca_root.sh
E2E_TESTS += tests/e2e/attest-acmed_faults.sh
E2E_TESTS += tests/e2e/attestd_faults.sh
E2E_TESTS += tests/e2e/attestd_overload.sh
E2E_TESTS += tests/e2e/daemons_storm.sh
E2E_TESTS += tests/e2e/pkcs11.sh
E2E_TESTS += tests/e2e/attest-device_use_clients.sh
E2E_TESTS += tests/e2e/attest-device_hundred.sh
E2E_TESTS += tests/e2e/attest-ca_issuing.sh
E2E_TESTS += tests/e2e/attest-device_certificate.sh
E2E_TESTS += tests/e2e/attest-ca_init.sh
E2E_TESTS += tests/e2e/attest-ca_enroll.sh
E2E_TESTS += tests/e2e/build_configure.sh
E2E_TESTS += tests/e2e/attest-device_failures.sh
E2E_TESTS += tests/e2e/attest-device_renew.sh
E2E_TESTS += tests/e2e/attest-device_keys.sh
E2E_TESTS += tests/e2e/attest-device_use.sh
E2E_TESTS += tests/e2e/attest-device_use_servers.sh
E2E_TESTS += tests/e2e/attestd_forgeries.sh
E2E_TESTS += tests/e2e/attestd_processes.sh
E2E_TESTS += tests/e2e/attest-device_acme.sh
E2E_TESTS += tests/e2e/attestd_ek_certificate.sh
E2E_TESTS += tests/e2e/attest-ca_options.sh
E2E_TESTS += tests/e2e/attest-ca_backup.sh
E2E_TESTS += tests/e2e/attest-device_approval.sh
E2E_TESTS += tests/e2e/attest-ca_change.sh
E2E_TESTS += tests/e2e/attest-acmed_revocation.sh
E2E_TESTS += tests/e2e/attest-ca_batch.sh
E2E_TESTS += tests/e2e/attest-device_ek.sh
E2E_TESTS += tests/e2e/attest-ca_check.sh
E2E_TESTS += tests/e2e/attest-ca_claims.sh
E2E_TESTS += tests/e2e/tpm_activatecredential.sh
E2E_TESTS += tests/e2e/attest-acmed_crl.sh
E2E_TESTS += tests/e2e/attest-device_auth.sh
E2E_TESTS += tests/e2e/attest-ca_kill.sh
E2E_TESTS += tests/e2e/attestd_start.sh
E2E_TESTS += tests/e2e/attestd_record.sh
E2E_TESTS += tests/e2e/acme_nginx.sh
E2E_TESTS += tests/e2e/pkcs11_abrmd.sh
E2E_TESTS += tests/e2e/pkcs11_programs.sh
E2E_TESTS += tests/e2e/attest-ca_inventory.sh
E2E_TESTS += tests/e2e/attest-ca_import.sh
E2E_TESTS += tests/e2e/attestd_challenges.sh
E2E_TESTS += tests/e2e/attest-ca_live.sh
E2E_TESTS += tests/e2e/attest-ca_crowd.sh
E2E_TESTS += tests/e2e/attestd_full.sh
E2E_TESTS += tests/e2e/attest-acmed_full.sh
E2E_TESTS += tests/e2e/attestd_crowd.sh
E2E_TESTS += tests/e2e/attestd_vanish.sh
E2E_TESTS += tests/e2e/attestd_proxy.sh
E2E_TESTS += tests/e2e/attest-acmed_proxy.sh
E2E_TESTS += tests/e2e/attestd_sandbox.sh
E2E_TESTS += tests/e2e/attestd_service.sh
E2E_TESTS += tests/e2e/manual_pages.sh
E2E_TESTS += tests/e2e/attest-acmed_start.sh
E2E_TESTS += tests/e2e/install_services.sh
E2E_TESTS += tests/e2e/build_deadline.sh
E2E_TESTS += tests/e2e/attest-ca_audit.sh
E2E_TESTS += tests/e2e/file_limit.sh
E2E_TESTS += tests/e2e/readme_tour.sh
E2E_TESTS += tests/e2e/attestd_hidden.sh
E2E_TESTS += tests/e2e/attest-ca_store.sh
E2E_TESTS += tests/e2e/build_hardening.sh

# What they play a device and an ACME client with, and what writes credentials for a real TPM.
check_PROGRAMS += tests/e2e/flood tests/e2e/make_credential tests/e2e/module_driver tests/e2e/old_kernel tests/e2e/only_calls tests/e2e/quick_jq tests/e2e/racer tests/e2e/sign_jws tests/e2e/software_device \
	tests/e2e/storm \
	tests/e2e/software_acme_device

tests_e2e_module_driver_SOURCES = tests/e2e/module_driver.c tests/e2e/p11.c tests/e2e/p11.h tests/e2e/p11_rules.c \
	tests/e2e/p11_sign.c

# Preloaded into a daemon; not a library that anything links with.
check_DATA = tests/e2e/bad_host.so
EXTRA_DIST += tests/e2e/bad_host.c tests/e2e/Choose.java
CLEANFILES += tests/e2e/bad_host.so
tests/e2e/bad_host.so: tests/e2e/bad_host.c
	$(AM_V_CCLD)$(MKDIR_P) tests/e2e && $(CC) -D_GNU_SOURCE -O1 -g -fPIC -shared -o $@ $(srcdir)/tests/e2e/bad_host.c

TESTS += $(E2E_TESTS)
EXTRA_DIST += tests/e2e/certificate.sh
EXTRA_DIST += tests/e2e/acme.sh tests/e2e/acme_mock.py tests/e2e/bad_host.sh tests/e2e/device.sh tests/e2e/full.sh tests/e2e/reload.sh \
	tests/e2e/lib.sh tests/e2e/module.sh tests/e2e/odd_relay.py tests/e2e/overload.py tests/e2e/programs.sh tests/e2e/protocol.sh tests/e2e/proxy.sh tests/e2e/relay.py \
	tests/e2e/signers.sh \
	$(E2E_TESTS)

# The layers, over the #include lines.
TESTS += tests/layers_test.sh
EXTRA_DIST += tests/layers_test.sh

# Who works on files by their path.
TESTS += tests/paths_test.sh
EXTRA_DIST += tests/paths_test.sh

# The SQL of rows, which every engine takes.
TESTS += tests/sql_test.sh
EXTRA_DIST += tests/sql_test.sh

# After the longer ones.
TESTS += $(UNIT_TESTS)

# Interoperability needs Go and, once, the network and some minutes: not a part
# of `make check`, but of contrib/check.
INTEROP_TESTS = tests/interop/step.sh tests/interop/step_acmed.sh tests/interop/certbot.sh
EXTRA_DIST += $(INTEROP_TESTS) tests/interop/build.sh tests/interop/go.mod tests/interop/go.sum \
	tests/interop/certbot.py tests/interop/requirements.txt
INTEROP_TESTS += tests/interop/device.sh
EXTRA_DIST += tests/interop/step_ca.sh
# Browsers take as much of the processors as ten other scripts.
INTEROP_TESTS += tests/e2e/attest-device_use_browsers.sh
INTEROP_TESTS += tests/interop/java.sh
EXTRA_DIST += tests/interop/java.sh
INTEROP_TESTS += tests/interop/go_verify.sh
EXTRA_DIST += tests/interop/go_verify.sh tests/interop/client_auth.go
INTEROP_TESTS += tests/interop/systemd.sh
EXTRA_DIST += tests/interop/systemd.sh
INTEROP_TESTS += tests/interop/renewals.sh
EXTRA_DIST += tests/interop/renewals.sh tests/interop/Live.java tests/interop/marionette.py \
	tests/interop/tpm_client/go.mod tests/interop/tpm_client/go.sum tests/interop/tpm_client/main.go

.PHONY: check-interop
check-interop:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(INTEROP_TESTS)'

# A million requests that are nearly right to each daemon, best of a build with --enable-sanitizers:
#   make storm REQUESTS=1000000 SEED=7
REQUESTS = 1000000
SEED = 1
.PHONY: storm
storm: all tests/e2e/storm tests/e2e/software_device tests/e2e/software_acme_device tests/e2e/sign_jws
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' REQUESTS=$(REQUESTS) SEED=$(SEED) \
		$(BASH_PROGRAM) $(srcdir)/tests/e2e/daemons_storm.sh

# One attestation and one issuance, and all that is refused, under valgrind.
EXTRA_DIST += tests/valgrind.sh
.PHONY: valgrind
valgrind: all tests/e2e/software_device tests/e2e/software_acme_device tests/e2e/sign_jws
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		$(BASH_PROGRAM) $(srcdir)/tests/valgrind.sh attest-acmed_attest.sh attestd_protocol.sh

# What clang-tidy finds.
EXTRA_DIST += .clang-tidy tests/analyze.h tests/analyze.sh
.PHONY: analyze
analyze:
	$(BASH_PROGRAM) $(srcdir)/tests/analyze.sh '$(abs_top_srcdir)' -std=gnu17 $(DEFS) $(DEFAULT_INCLUDES) \
		$(src_libdevice_a_CPPFLAGS) $(CPPFLAGS)

# Fuzzers, in a build tree of its own, each for so many seconds from what it found before, in
# tests/fuzz/found, and from the inputs in tests/fuzz/corpus, of which each past finding is one:
#   configure CC=clang CFLAGS='-g -O1 -fsanitize=fuzzer-no-link' --enable-sanitizers
#   make fuzz FUZZ_SECONDS=600
# At the end a line for each says how often it ran, and how many of its edges that reached.
# `make fuzz-regressions` runs the committed inputs alone, each once.
FUZZ_SECONDS = 60
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/run.sh tests/fuzz/summary.awk \
	tests/fuzz/config.dict tests/fuzz/http.dict tests/fuzz/webauthn.dict
LIBFUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
EXTRA_PROGRAMS += $(FUZZERS) $(FUZZ_SEEDERS)
CLEANFILES += $(FUZZERS) $(FUZZ_SEEDERS) $(FUZZERS:=.log)

# `make -j2 fuzz` runs two at once.
FUZZ_RUNS = $(FUZZERS:=.run)
.PHONY: fuzz fuzz-regressions fuzz-seeds $(FUZZ_RUNS)
fuzz: $(FUZZ_RUNS)
	$(AWK) -f $(srcdir)/tests/fuzz/summary.awk $(FUZZERS:=.log)
fuzz-seeds: $(FUZZ_SEEDERS)
	set -e; for seeder in $(FUZZ_SEEDERS); do "./$$seeder" tests/fuzz/found; done
$(FUZZ_RUNS): $(FUZZERS) fuzz-seeds
	$(BASH_PROGRAM) $(srcdir)/tests/fuzz/run.sh '$(srcdir)' $(@:.run=) $(FUZZ_SECONDS)
fuzz-regressions: $(FUZZERS)
	set -e; for fuzzer in $(FUZZERS); do \
		$(BASH_PROGRAM) $(srcdir)/tests/fuzz/run.sh '$(srcdir)' "$$fuzzer" 0; \
	done

# What things cost, beside the bare work of the same run, and in counts; nothing is asserted. Figures
# are gathered in bench.rows, from which bench.json, bench.svg and a table with the goals are made.
#   make bench BENCH_FLAGS='--seconds 1' LOAD_BENCH_FLAGS='--devices 10000 --pending 1000' \
#       IMPORT_BENCH_FLAGS='--devices 10000' CRL_BENCH_FLAGS=10000
BENCHES = tests/bench/acme_bench tests/bench/attest_bench tests/bench/crl_bench tests/bench/import_bench \
	tests/bench/kinds_bench tests/bench/load_bench tests/bench/pkcs11_bench tests/bench/refusal_bench
EXTRA_DIST += tests/bench/NOTES.md tests/bench/count.py tests/bench/pcap_count.py tests/bench/pkcs11.sh \
	tests/bench/report.py tests/bench/rows.py
EXTRA_PROGRAMS += $(BENCHES)
CLEANFILES += $(BENCHES) bench.json bench.rows bench.svg
ATTEST_BENCH = tests/bench/attest_client.c tests/bench/attest_client.h tests/bench/attest_server.c \
	tests/bench/attest_server.h tests/bench/bench.c tests/bench/bench.h tests/bench/machine.c \
	tests/bench/machine.h
tests_bench_acme_bench_SOURCES = tests/bench/acme_bare.c tests/bench/acme_bare.h tests/bench/acme_bench.c \
	tests/bench/acme_issuance.c tests/bench/acme_issuance.h tests/bench/acme_peer.c \
	tests/bench/acme_peer.h tests/bench/bench.c tests/bench/bench.h
tests_bench_attest_bench_SOURCES = tests/bench/attest_bare.c tests/bench/attest_bare.h \
	tests/bench/attest_bench.c $(ATTEST_BENCH)
tests_bench_crl_bench_SOURCES = tests/bench/bench.c tests/bench/bench.h tests/bench/crl_bench.c
tests_bench_import_bench_SOURCES = tests/bench/bench.c tests/bench/bench.h tests/bench/devices.c \
	tests/bench/devices.h tests/bench/import_bench.c
tests_bench_kinds_bench_SOURCES = tests/bench/kinds_bench.c $(ATTEST_BENCH)
tests_bench_load_bench_SOURCES = tests/bench/devices.c tests/bench/devices.h tests/bench/load_bench.c \
	$(ATTEST_BENCH)
tests_bench_pkcs11_bench_SOURCES = tests/bench/bench.c tests/bench/bench.h tests/bench/pkcs11_bench.c
tests_bench_refusal_bench_SOURCES = tests/bench/hostile.c tests/bench/hostile.h \
	tests/bench/refusal_bench.c $(ATTEST_BENCH)

.PHONY: bench
bench: src/attestd src/attest-ca src/attest-acmed src/attest-device src/attest-pkcs11.so \
		tests/e2e/module_driver $(BENCHES)
	rm -f bench.rows
	set -e; top_builddir='$(abs_top_builddir)'; BENCH_ROWS='$(abs_top_builddir)/bench.rows'; \
	export top_builddir BENCH_ROWS; \
	python3 -B $(srcdir)/tests/bench/count.py --build .; \
	tests/bench/attest_bench $(BENCH_FLAGS); \
	tests/bench/attest_bench --machines 300 $(BENCH_FLAGS); \
	tests/bench/attest_bench --ek-certificate $(BENCH_FLAGS); \
	tests/bench/kinds_bench $(BENCH_FLAGS); \
	tests/bench/refusal_bench $(BENCH_FLAGS); \
	tests/bench/load_bench $(BENCH_FLAGS) $(LOAD_BENCH_FLAGS); \
	peer=; if programs=$$($(srcdir)/tests/interop/build.sh --find); then peer="--step-ca $$programs"; \
	else echo "$$programs"; fi; \
	tests/bench/acme_bench $$peer $(BENCH_FLAGS); \
	tests/bench/import_bench $(IMPORT_BENCH_FLAGS); \
	tests/bench/crl_bench $(CRL_BENCH_FLAGS); \
	top_srcdir='$(abs_top_srcdir)' $(BASH_PROGRAM) $(srcdir)/tests/bench/pkcs11.sh
	python3 -B $(srcdir)/tests/bench/report.py --rows bench.rows --json bench.json --svg bench.svg

# Small faults in the code, one at a time, against the tests: tests/mutation/mutants.py says how.
#   make mutants MUTANTS_FLAGS='src/pki --unit'
EXTRA_DIST += tests/mutation/mutants.py tests/mutation/mutant.c tests/mutation/mutant.h
EXTRA_DIST += \
	tests/mutation/acme.faults \
	tests/mutation/acme_admin.faults \
	tests/mutation/admin.faults \
	tests/mutation/attestation.faults \
	tests/mutation/ca.faults \
	tests/mutation/daemon.faults \
	tests/mutation/device.faults \
	tests/mutation/http.faults \
	tests/mutation/named.faults \
	tests/mutation/named_device.faults \
	tests/mutation/pkcs11.faults \
	tests/mutation/pki.faults \
	tests/mutation/service.faults \
	tests/mutation/store.faults \
	tests/mutation/tpm.faults \
	tests/mutation/util.faults \
	tests/mutation/webauthn.faults

.PHONY: mutants
mutants:
	python3 $(srcdir)/tests/mutation/mutants.py run --source '$(abs_top_srcdir)' --work mutation $(MUTANTS_FLAGS)

# Which lines no test executes.
EXTRA_DIST += tests/coverage.py tests/coverage.reasons

.PHONY: coverage
coverage:
	python3 $(srcdir)/tests/coverage.py --source '$(abs_top_srcdir)' --work coverage $(COVERAGE_FLAGS)
