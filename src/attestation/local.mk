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
	src/attestation/quota.c src/attestation/quota.h \
	src/attestation/refusals.c src/attestation/refusals.h \
	src/attestation/request.c src/attestation/request.h \
	src/attestation/retention.c src/attestation/retention.h \
	src/attestation/serial_list.c src/attestation/serial_list.h \
	src/attestation/settings.c src/attestation/settings.h \
	src/attestation/throttle.c src/attestation/throttle.h \
	src/attestation/vendor_trust.c src/attestation/vendor_trust.h \
	src/attestation/waiting.c src/attestation/waiting.h

UNIT_TESTS += tests/unit/attestation/front/files_test
UNIT_TESTS += tests/unit/attestation/keeper/ek_judge_test
UNIT_TESTS += tests/unit/attestation/keeper/ek_policy_test
UNIT_TESTS += tests/unit/attestation/keeper/enroll_rule_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_ek_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_test
UNIT_TESTS += tests/unit/attestation/keeper/pending_test
UNIT_TESTS += tests/unit/attestation/keeper/quota_test
UNIT_TESTS += tests/unit/attestation/keeper/refusals_test
UNIT_TESTS += tests/unit/attestation/keeper/retention_test
UNIT_TESTS += tests/unit/attestation/keeper/throttle_test
UNIT_TESTS += tests/unit/attestation/keeper/waiting_test
UNIT_TESTS += tests/unit/attestation/message_test
UNIT_TESTS += tests/unit/attestation/settings_test

FUZZERS += tests/fuzz/attest_message_fuzz
tests_fuzz_attest_message_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/attest_seeds
