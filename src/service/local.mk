noinst_LIBRARIES += src/libservice.a
src_libservice_a_SOURCES = \
	src/service/fields.c src/service/fields.h \
	src/service/file.c src/service/file.h \
	src/service/front/ask.c src/service/front/ask.h \
	src/service/front/fetch.c src/service/front/fetch.h \
	src/service/front/front.c src/service/front/front.h \
	src/service/greeting.c src/service/greeting.h \
	src/service/keeper/call.c src/service/keeper/call.h \
	src/service/keeper/confine.c src/service/keeper/confine.h \
	src/service/keeper/deadlines.c src/service/keeper/deadlines.h \
	src/service/keeper/keeper.c src/service/keeper/keeper.h \
	src/service/keeper/reload.c src/service/keeper/reload.h \
	src/service/keeper/shelf.c src/service/keeper/shelf.h \
	src/service/program.c src/service/program.h \
	src/service/reread.c src/service/reread.h \
	src/service/settings.c src/service/settings.h \
	src/service/settings_rows.h

UNIT_TESTS += tests/unit/service/fields_test
UNIT_TESTS += tests/unit/service/file_test
UNIT_TESTS += tests/unit/service/front/ask_test
UNIT_TESTS += tests/unit/service/front/fetch_test
UNIT_TESTS += tests/unit/service/front/front_test
UNIT_TESTS += tests/unit/service/greeting_test
UNIT_TESTS += tests/unit/service/keeper/call_test
UNIT_TESTS += tests/unit/service/keeper/call_turn_test
UNIT_TESTS += tests/unit/service/keeper/confine_test
UNIT_TESTS += tests/unit/service/keeper/deadlines_test
UNIT_TESTS += tests/unit/service/keeper/keeper_test
UNIT_TESTS += tests/unit/service/keeper/shelf_test
UNIT_TESTS += tests/unit/service/reread_test
UNIT_TESTS += tests/unit/service/settings_test

FUZZERS += tests/fuzz/message_fuzz
tests_fuzz_message_fuzz_LDFLAGS = $(LIBFUZZER)
FUZZ_SEEDERS += tests/fuzz/message_seeds
