noinst_LIBRARIES += src/libattestation.a
src_libattestation_a_SOURCES = \
	src/attestation/message.c src/attestation/message.h \
	src/attestation/settings.c src/attestation/settings.h \
	src/attestation/front/front.c src/attestation/front/front.h \
	src/attestation/front/request.c src/attestation/front/request.h \
	src/attestation/keeper/admission.c src/attestation/keeper/admission.h \
	src/attestation/keeper/answered.c src/attestation/keeper/answered.h \
	src/attestation/keeper/auto_enroll.c src/attestation/keeper/auto_enroll.h \
	src/attestation/keeper/certify.c \
	src/attestation/keeper/challenge.c \
	src/attestation/keeper/challenge_cell.c src/attestation/keeper/challenge_cell.h \
	src/attestation/keeper/challenge_facts.c src/attestation/keeper/challenge_facts.h \
	src/attestation/keeper/challenge_pack.c src/attestation/keeper/challenge_pack.h \
	src/attestation/keeper/crl_issuers.c src/attestation/keeper/crl_issuers.h \
	src/attestation/keeper/copies.c src/attestation/keeper/copies.h \
	src/attestation/keeper/ek_judge.c src/attestation/keeper/ek_judge.h \
	src/attestation/keeper/ek_keys.c src/attestation/keeper/ek_keys.h \
	src/attestation/keeper/ek_policy.c src/attestation/keeper/ek_policy.h \
	src/attestation/keeper/enroll_rule.c src/attestation/keeper/enroll_rule.h \
	src/attestation/keeper/issuer_new.c src/attestation/keeper/issuer_new.h \
	src/attestation/keeper/issuers.c src/attestation/keeper/issuers.h \
	src/attestation/keeper/keeper.c src/attestation/keeper/keeper.h \
	src/attestation/keeper/keeper_parts.h \
	src/attestation/keeper/operation.c src/attestation/keeper/operation.h \
	src/attestation/keeper/peer.c src/attestation/keeper/peer.h \
	src/attestation/keeper/pending.c src/attestation/keeper/pending.h \
	src/attestation/keeper/publish.c src/attestation/keeper/publish.h \
	src/attestation/keeper/quota.c src/attestation/keeper/quota.h \
	src/attestation/keeper/refusals.c src/attestation/keeper/refusals.h \
	src/attestation/keeper/retention.c src/attestation/keeper/retention.h \
	src/attestation/keeper/revision.c src/attestation/keeper/revision.h \
	src/attestation/keeper/serial_list.c src/attestation/keeper/serial_list.h \
	src/attestation/keeper/throttle.c src/attestation/keeper/throttle.h \
	src/attestation/keeper/vendor_expiry.c src/attestation/keeper/vendor_expiry.h \
	src/attestation/keeper/vendor_trust.c src/attestation/keeper/vendor_trust.h \
	src/attestation/keeper/waiting.c src/attestation/keeper/waiting.h \
	src/attestation/keeper/watch.c src/attestation/keeper/watch.h

UNIT_TESTS += tests/unit/attestation/front/front_test
UNIT_TESTS += tests/unit/attestation/front/request_test
UNIT_TESTS += tests/unit/attestation/keeper/challenge_cell_test
UNIT_TESTS += tests/unit/attestation/keeper/challenge_facts_test
UNIT_TESTS += tests/unit/attestation/keeper/challenge_pack_test
UNIT_TESTS += tests/unit/attestation/keeper/copies_test
UNIT_TESTS += tests/unit/attestation/keeper/ek_judge_test
UNIT_TESTS += tests/unit/attestation/keeper/ek_keys_test
UNIT_TESTS += tests/unit/attestation/keeper/ek_policy_test
UNIT_TESTS += tests/unit/attestation/keeper/enroll_rule_test
UNIT_TESTS += tests/unit/attestation/keeper/issuers_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_ek_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_enroll_name_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_enroll_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_slow_ek_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_failing_test
UNIT_TESTS += tests/unit/attestation/keeper/keeper_test
UNIT_TESTS += tests/unit/attestation/keeper/pending_test
UNIT_TESTS += tests/unit/attestation/keeper/quota_test
UNIT_TESTS += tests/unit/attestation/keeper/refusals_test
UNIT_TESTS += tests/unit/attestation/keeper/retention_test
UNIT_TESTS += tests/unit/attestation/keeper/throttle_test
UNIT_TESTS += tests/unit/attestation/keeper/vendor_expiry_test
UNIT_TESTS += tests/unit/attestation/keeper/waiting_test
UNIT_TESTS += tests/unit/attestation/message_test
UNIT_TESTS += tests/unit/attestation/settings_test
tests_unit_attestation_keeper_keeper_slow_ek_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ek_keys_keep,--wrap=store_waiting_find
tests_unit_attestation_keeper_keeper_ek_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=store_trust_revision
tests_unit_attestation_keeper_keeper_enroll_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=auto_enroll_decide

FUZZERS += tests/fuzz/attest_request_fuzz
tests_fuzz_attest_request_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZERS += tests/fuzz/attestd_fuzz
tests_fuzz_attestd_fuzz_LDFLAGS = $(LIBFUZZER)
tests_unit_attestation_front_front_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=ask_for,--wrap=front_run,--wrap=service_front_tell
tests_unit_attestation_keeper_refusals_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=call_submit,--wrap=clock_monotonic_ms
tests_unit_attestation_keeper_retention_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=store_audit_cut \
	-Wl,--wrap=store_audit_list,--wrap=store_certificate_sweep
tests_unit_attestation_keeper_keeper_failing_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=EVP_Digest,--wrap=RAND_priv_bytes \
	-Wl,--wrap=ak_certificate_issue,--wrap=copies_refresh,--wrap=issuers_refresh,--wrap=service_keeper_confine \
	-Wl,--wrap=shelf_put,--wrap=store_batch_sweep,--wrap=store_device_at,--wrap=store_device_find_with \
	-Wl,--wrap=store_evidence_record,--wrap=store_waiting_add,--wrap=store_waiting_find,--wrap=tpm_ak_decode_again,--wrap=vendor_trust_refresh
tests_unit_attestation_keeper_issuers_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_SQL) -Wl,--wrap=ca_request_check
