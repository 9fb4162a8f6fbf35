noinst_LIBRARIES += src/libutil.a
src_libutil_a_SOURCES = \
	src/util/address.c src/util/address.h \
	src/util/base64.c src/util/base64.h \
	src/util/bytes.c src/util/bytes.h \
	src/util/cbor.c src/util/cbor.h \
	src/util/clock.c src/util/clock.h \
	src/util/config_change.c src/util/config_change.h \
	src/util/config_file.c src/util/config_file.h \
	src/util/config_print.c src/util/config_print.h \
	src/util/config_scan.c src/util/config_scan.h \
	src/util/der.c src/util/der.h \
	src/util/duration.c src/util/duration.h \
	src/util/ek_hash.c src/util/ek_hash.h \
	src/util/error.c src/util/error.h \
	src/util/file.c src/util/file.h \
	src/util/file_lock.c src/util/file_lock.h \
	src/util/file_named.c src/util/file_named.h \
	src/util/folder.c src/util/folder.h \
	src/util/folder_file.c src/util/folder_file.h \
	src/util/hash_index.c src/util/hash_index.h \
	src/util/hex.c src/util/hex.h \
	src/util/identifier.c src/util/identifier.h \
	src/util/identity.c src/util/identity.h \
	src/util/json_depth.c src/util/json_depth.h \
	src/util/json_members.c src/util/json_members.h \
	src/util/json_text.c src/util/json_text.h \
	src/util/log.c src/util/log.h \
	src/util/log_refusal.c src/util/log_refusal.h \
	src/util/lru.c src/util/lru.h \
	src/util/own_command.c src/util/own_command.h \
	src/util/process.c src/util/process.h \
	src/util/proxies.c src/util/proxies.h \
	src/util/secret.c src/util/secret.h \
	src/util/share_node.c src/util/share_node.h \
	src/util/share_tree.c src/util/share_tree.h \
	src/util/shared.c src/util/shared.h \
	src/util/shares.c src/util/shares.h \
	src/util/shell_quote.c src/util/shell_quote.h \
	src/util/siphash.c src/util/siphash.h \
	src/util/slab.c src/util/slab.h \
	src/util/source.c src/util/source.h \
	src/util/status.c src/util/status.h \
	src/util/turns.c src/util/turns.h \
	src/util/utf8.c src/util/utf8.h

UNIT_TESTS += tests/unit/util/address_test
UNIT_TESTS += tests/unit/util/base64_test
UNIT_TESTS += tests/unit/util/bytes_test
UNIT_TESTS += tests/unit/util/cbor_test
UNIT_TESTS += tests/unit/util/clock_test
UNIT_TESTS += tests/unit/util/config_change_test
UNIT_TESTS += tests/unit/util/config_file_test
UNIT_TESTS += tests/unit/util/config_print_test
UNIT_TESTS += tests/unit/util/der_test
UNIT_TESTS += tests/unit/util/duration_test
UNIT_TESTS += tests/unit/util/ek_hash_test
UNIT_TESTS += tests/unit/util/error_test
UNIT_TESTS += tests/unit/util/failing_calls_test
UNIT_TESTS += tests/unit/util/file_lock_test
UNIT_TESTS += tests/unit/util/file_test
UNIT_TESTS += tests/unit/util/file_named_test
UNIT_TESTS += tests/unit/util/folder_file_test
UNIT_TESTS += tests/unit/util/folder_race_test
UNIT_TESTS += tests/unit/util/folder_test
UNIT_TESTS += tests/unit/util/hash_index_test
UNIT_TESTS += tests/unit/util/hex_test
UNIT_TESTS += tests/unit/util/identifier_test
UNIT_TESTS += tests/unit/util/identity_test
UNIT_TESTS += tests/unit/util/json_depth_test
UNIT_TESTS += tests/unit/util/json_members_test
UNIT_TESTS += tests/unit/util/json_text_test
UNIT_TESTS += tests/unit/util/log_refusal_test
UNIT_TESTS += tests/unit/util/log_test
UNIT_TESTS += tests/unit/util/lru_test
UNIT_TESTS += tests/unit/util/own_command_test
UNIT_TESTS += tests/unit/util/process_test
UNIT_TESTS += tests/unit/util/proxies_test
UNIT_TESTS += tests/unit/util/rights_test
UNIT_TESTS += tests/unit/util/secret_test
UNIT_TESTS += tests/unit/util/share_tree_test
UNIT_TESTS += tests/unit/util/shared_test
UNIT_TESTS += tests/unit/util/shares_test
UNIT_TESTS += tests/unit/util/shell_quote_test
UNIT_TESTS += tests/unit/util/siphash_test
UNIT_TESTS += tests/unit/util/slab_test
UNIT_TESTS += tests/unit/util/source_test
UNIT_TESTS += tests/unit/util/turns_test
UNIT_TESTS += tests/unit/util/utf8_test
tests_unit_util_identity_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=readlinkat,--wrap=__readlinkat_chk,--wrap=getresuid
tests_unit_util_log_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwritev2
tests_unit_util_siphash_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=getrandom
tests_unit_util_rights_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=setrlimit,--wrap=getrlimit,--wrap=prctl \
	-Wl,--wrap=syscall,--wrap=setgroups,--wrap=setresgid,--wrap=setresuid,--wrap=getresuid \
	-Wl,--wrap=mlockall,--wrap=munlockall
tests_unit_util_failing_calls_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS)

FUZZERS += tests/fuzz/text_fuzz
tests_fuzz_text_fuzz_LDFLAGS = $(LIBFUZZER)
