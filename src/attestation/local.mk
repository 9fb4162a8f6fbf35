noinst_LIBRARIES += src/libattestation.a
src_libattestation_a_SOURCES = \
	src/attestation/auto_enroll.c src/attestation/auto_enroll.h \
	src/attestation/certify.c \
	src/attestation/challenge.c \
	src/attestation/ek_judge.c src/attestation/ek_judge.h \
	src/attestation/ek_policy.c src/attestation/ek_policy.h \
	src/attestation/enroll_rule.c src/attestation/enroll_rule.h \
	src/attestation/front.c src/attestation/front.h \
	src/attestation/front_files.c src/attestation/front_files.h \
	src/attestation/issuer_new.c src/attestation/issuer_new.h \
	src/attestation/issuers.c src/attestation/issuers.h \
	src/attestation/keeper.c src/attestation/keeper.h \
	src/attestation/keeper_state.c src/attestation/keeper_state.h \
	src/attestation/message.c src/attestation/message.h \
	src/attestation/peer.c src/attestation/peer.h \
	src/attestation/pending.c src/attestation/pending.h \
	src/attestation/refusals.c src/attestation/refusals.h \
	src/attestation/retention.c src/attestation/retention.h \
	src/attestation/request.c src/attestation/request.h \
	src/attestation/serial_list.c src/attestation/serial_list.h \
	src/attestation/settings.c src/attestation/settings.h \
	src/attestation/quota.c src/attestation/quota.h \
	src/attestation/throttle.c src/attestation/throttle.h \
	src/attestation/vendor_trust.c src/attestation/vendor_trust.h \
	src/attestation/waiting.c src/attestation/waiting.h

check_PROGRAMS += tests/unit/message_test tests/unit/pending_test tests/unit/settings_test
TESTS += tests/unit/message_test tests/unit/pending_test tests/unit/settings_test
ATTESTATION_TEST_LIBS = src/libattestation.a src/libdaemon.a src/libpki.a src/libtpm.a \
	src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(CBOR_LIBS) \
	$(CONFUSE_LIBS)
tests_unit_message_test_SOURCES = tests/unit/message_test.c
tests_unit_message_test_LDADD = $(ATTESTATION_TEST_LIBS)
tests_unit_pending_test_SOURCES = tests/unit/pending_test.c
tests_unit_pending_test_LDADD = $(ATTESTATION_TEST_LIBS)
tests_unit_settings_test_SOURCES = tests/unit/settings_test.c
tests_unit_settings_test_LDADD = $(ATTESTATION_TEST_LIBS)

check_PROGRAMS += tests/unit/quota_test
TESTS += tests/unit/quota_test
tests_unit_quota_test_SOURCES = tests/unit/quota_test.c tests/unit/unit.h
tests_unit_quota_test_LDADD = $(ATTESTATION_TEST_LIBS) -lpthread
check_PROGRAMS += tests/unit/throttle_test
TESTS += tests/unit/throttle_test
tests_unit_throttle_test_SOURCES = tests/unit/throttle_test.c tests/unit/unit.h
tests_unit_throttle_test_LDADD = $(ATTESTATION_TEST_LIBS) -lpthread

# The keeper, and the test as a front that somebody else controls.
check_PROGRAMS += tests/unit/keeper_test
TESTS += tests/unit/keeper_test
tests_unit_keeper_test_SOURCES = tests/unit/keeper_test.c tests/unit/keeper_world.h
tests_unit_keeper_test_LDADD = $(FORGE_LIBS) src/libattestation.a src/libdaemon.a src/libstore.a \
	src/libpki.a src/libtpm.a src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(CRYPTO_LIBS) \
	$(TSS2_MU_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS) -lpthread

check_PROGRAMS += tests/unit/ek_policy_test
TESTS += tests/unit/ek_policy_test
tests_unit_ek_policy_test_SOURCES = tests/unit/ek_policy_test.c
tests_unit_ek_policy_test_LDADD = src/libattestation.a src/libstore.a src/libtpm.a src/libutil.a \
	$(UNIT_LIBS) $(CRYPTO_LIBS) $(CONFUSE_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS)

check_PROGRAMS += tests/unit/ek_judge_test
TESTS += tests/unit/ek_judge_test
tests_unit_ek_judge_test_SOURCES = tests/unit/ek_judge_test.c tests/unit/ek_support.h
tests_unit_ek_judge_test_LDADD = $(FORGE_LIBS) src/libattestation.a src/libstore.a src/libpki.a \
	src/libtpm.a src/libutil.a $(UNIT_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(SQLITE_LIBS) \
	$(CBOR_LIBS) $(CONFUSE_LIBS) -lpthread

check_PROGRAMS += tests/unit/keeper_ek_test
TESTS += tests/unit/keeper_ek_test
tests_unit_keeper_ek_test_SOURCES = tests/unit/keeper_ek_test.c tests/unit/ek_support.h \
	tests/unit/keeper_world.h
tests_unit_keeper_ek_test_LDADD = $(tests_unit_keeper_test_LDADD)

check_PROGRAMS += tests/unit/waiting_test
TESTS += tests/unit/waiting_test
tests_unit_waiting_test_SOURCES = tests/unit/waiting_test.c tests/unit/keeper_world.h
tests_unit_waiting_test_LDADD = $(tests_unit_keeper_test_LDADD)

check_PROGRAMS += tests/unit/enroll_rule_test
TESTS += tests/unit/enroll_rule_test
tests_unit_enroll_rule_test_SOURCES = tests/unit/enroll_rule_test.c
tests_unit_enroll_rule_test_LDADD = $(tests_unit_ek_policy_test_LDADD) $(TSS2_MU_LIBS)

check_PROGRAMS += tests/unit/refusals_test
TESTS += tests/unit/refusals_test
tests_unit_refusals_test_SOURCES = tests/unit/refusals_test.c tests/unit/unit.h
tests_unit_refusals_test_LDADD = $(tests_unit_keeper_test_LDADD)

FUZZERS += tests/fuzz/attest_message_fuzz
tests_fuzz_attest_message_fuzz_SOURCES = tests/fuzz/attest_message_fuzz.c tests/fuzz/fuzz.h
tests_fuzz_attest_message_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_attest_message_fuzz_LDADD = src/libattestation.a src/libutil.a $(CBOR_LIBS)

EXTRA_PROGRAMS += tests/fuzz/attest_seeds
CLEANFILES += tests/fuzz/attest_seeds
FUZZ_SEEDERS += tests/fuzz/attest_seeds
tests_fuzz_attest_seeds_SOURCES = tests/fuzz/attest_seeds.c
tests_fuzz_attest_seeds_LDADD = src/libattestation.a src/libutil.a $(CBOR_LIBS)
check_PROGRAMS += tests/unit/retention_test
TESTS += tests/unit/retention_test
tests_unit_retention_test_SOURCES = tests/unit/retention_test.c tests/unit/scratch.h tests/unit/unit.h
tests_unit_retention_test_LDADD = $(tests_unit_keeper_test_LDADD)

check_PROGRAMS += tests/unit/front_files_test
TESTS += tests/unit/front_files_test
tests_unit_front_files_test_SOURCES = tests/unit/front_files_test.c tests/unit/unit.h
tests_unit_front_files_test_LDADD = src/libattestation.a src/libhttp.a src/libdaemon.a src/libpki.a \
	src/libtpm.a src/libutil.a $(UNIT_LIBS) $(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) \
	$(TSS2_MU_LIBS) $(JANSSON_LIBS) $(CBOR_LIBS) -lpthread
