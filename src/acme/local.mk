noinst_LIBRARIES += src/libacme.a
src_libacme_a_SOURCES = \
	src/acme/message.c src/acme/message.h \
	src/acme/settings.c src/acme/settings.h \
	src/acme/front/front.c src/acme/front/front.h \
	src/acme/front/jwk.c src/acme/front/jwk.h \
	src/acme/front/jwk_memory.c src/acme/front/jwk_memory.h \
	src/acme/front/jws.c src/acme/front/jws.h \
	src/acme/front/nonce.c src/acme/front/nonce.h \
	src/acme/front/post.c src/acme/front/post.h \
	src/acme/front/public.c src/acme/front/public.h \
	src/acme/front/render.c src/acme/front/render.h \
	src/acme/front/reply.c src/acme/front/reply.h \
	src/acme/front/request.c src/acme/front/request.h \
	src/acme/front/resource.c src/acme/front/resource.h \
	src/acme/front/route.c src/acme/front/route.h \
	src/acme/front/state.h \
	src/acme/keeper/account.c \
	src/acme/keeper/attested.c src/acme/keeper/attested.h \
	src/acme/keeper/authorization.c \
	src/acme/keeper/certificate.c \
	src/acme/keeper/crl_mark.c src/acme/keeper/crl_mark.h \
	src/acme/keeper/crl_source.c src/acme/keeper/crl_source.h \
	src/acme/keeper/dns_names.c src/acme/keeper/dns_names.h \
	src/acme/keeper/finalize.c \
	src/acme/keeper/keeper.c src/acme/keeper/keeper.h \
	src/acme/keeper/keeper_parts.h \
	src/acme/keeper/newcomers.c src/acme/keeper/newcomers.h \
	src/acme/keeper/operation.c src/acme/keeper/operation.h \
	src/acme/keeper/order.c src/acme/keeper/order.h \
	src/acme/keeper/policy.c src/acme/keeper/policy.h \
	src/acme/keeper/revision.c src/acme/keeper/revision.h \
	src/acme/keeper/roots.c src/acme/keeper/roots.h \
	src/acme/keeper/server_key.c src/acme/keeper/server_key.h \
	src/acme/keeper/snapshot.c src/acme/keeper/snapshot.h \
	src/acme/keeper/standing.c src/acme/keeper/standing.h \
	src/acme/keeper/statement.c src/acme/keeper/statement.h \
	src/acme/keeper/statement_tpm.c \
	src/acme/keeper/transition.c src/acme/keeper/transition.h \
	src/acme/keeper/watch.c src/acme/keeper/watch.h

UNIT_TESTS += tests/unit/acme/front/failing_test
UNIT_TESTS += tests/unit/acme/front/front_test
UNIT_TESTS += tests/unit/acme/front/jwk_test
UNIT_TESTS += tests/unit/acme/front/jwk_memory_test
UNIT_TESTS += tests/unit/acme/front/jws_test
UNIT_TESTS += tests/unit/acme/front/nonce_test
UNIT_TESTS += tests/unit/acme/front/post_test
UNIT_TESTS += tests/unit/acme/front/render_test
UNIT_TESTS += tests/unit/acme/front/reply_test
UNIT_TESTS += tests/unit/acme/front/request_test
UNIT_TESTS += tests/unit/acme/front/resource_test
UNIT_TESTS += tests/unit/acme/front/route_test
UNIT_TESTS += tests/unit/acme/keeper/account_test
UNIT_TESTS += tests/unit/acme/keeper/attested_test
UNIT_TESTS += tests/unit/acme/keeper/authorization_test
UNIT_TESTS += tests/unit/acme/keeper/crl_mark_test
UNIT_TESTS += tests/unit/acme/keeper/crl_source_test
UNIT_TESTS += tests/unit/acme/keeper/dns_names_test
UNIT_TESTS += tests/unit/acme/keeper/failing_test
UNIT_TESTS += tests/unit/acme/keeper/finalize_test
UNIT_TESTS += tests/unit/acme/keeper/keeper_failing_test
UNIT_TESTS += tests/unit/acme/keeper/keeper_test
UNIT_TESTS += tests/unit/acme/keeper/newcomers_test
UNIT_TESTS += tests/unit/acme/keeper/operation_test
UNIT_TESTS += tests/unit/acme/keeper/order_test
UNIT_TESTS += tests/unit/acme/keeper/policy_test
UNIT_TESTS += tests/unit/acme/keeper/revision_test
UNIT_TESTS += tests/unit/acme/keeper/roots_test
UNIT_TESTS += tests/unit/acme/keeper/server_key_test
UNIT_TESTS += tests/unit/acme/keeper/snapshot_test
UNIT_TESTS += tests/unit/acme/keeper/statement_test
UNIT_TESTS += tests/unit/acme/keeper/statement_tpm_test
UNIT_TESTS += tests/unit/acme/keeper/transition_test
UNIT_TESTS += tests/unit/acme/message_test

FUZZERS += tests/fuzz/acme_request_fuzz
FUZZERS += tests/fuzz/statement_fuzz
tests_fuzz_acme_request_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_statement_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZERS += tests/fuzz/acmed_fuzz
tests_fuzz_acmed_fuzz_LDFLAGS = $(LIBFUZZER)
tests_unit_acme_front_front_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=fetch_get,--wrap=front_run,--wrap=nonces_new
tests_unit_acme_front_jwk_memory_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=EVP_Digest
tests_unit_acme_front_nonce_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=RAND_priv_bytes
tests_unit_acme_front_reply_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=render_problem
tests_unit_acme_front_request_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=jwk_spki
tests_unit_acme_front_post_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=nonces_use
tests_unit_acme_keeper_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_SQL) \
	-Wl,--wrap=EVP_Digest,--wrap=device_certificate_issue,--wrap=policy_check_identifier,--wrap=policy_contact \
	-Wl,--wrap=store_account_count,--wrap=store_account_prove,--wrap=store_authorization_held \
	-Wl,--wrap=store_id_draw,--wrap=store_order_count,--wrap=store_order_displace
tests_unit_acme_keeper_keeper_failing_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=attested_refresh \
	-Wl,--wrap=crl_bundle_append,--wrap=server_key_make,--wrap=service_keeper_confine \
	-Wl,--wrap=service_keeper_run,--wrap=shelf_put,--wrap=store_acme_sweep,--wrap=store_id_draw \
	-Wl,--wrap=transition_authorization_update
tests_unit_acme_keeper_attested_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=certificate_decode_first,--wrap=store_issued_find
tests_unit_acme_keeper_crl_mark_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=revocation_describe
tests_unit_acme_keeper_roots_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=crl_mark_check,--wrap=crl_mark_keep
