noinst_LIBRARIES += src/libdaemon.a
src_libdaemon_a_SOURCES = \
	src/daemon/channel.c src/daemon/channel.h \
	src/daemon/child.c src/daemon/child.h \
	src/daemon/front.c src/daemon/front.h \
	src/daemon/keeper.c src/daemon/keeper.h \
	src/daemon/launch.c src/daemon/launch.h \
	src/daemon/listener.c src/daemon/listener.h \
	src/daemon/program.c src/daemon/program.h \
	src/daemon/service.c src/daemon/service.h \
	src/daemon/supervisor.c src/daemon/supervisor.h src/daemon/supervisor_child.c \
	src/daemon/worker.c src/daemon/worker.h

DAEMON_TEST_LIBS = src/libdaemon.a src/libutil.a $(EVENT_LIBS) -lpthread $(UNIT_LIBS)

check_PROGRAMS += tests/unit/supervised tests/unit/supervisor_test
TESTS += tests/unit/supervisor_test
tests_unit_supervised_SOURCES = tests/unit/supervised.c
tests_unit_supervised_LDADD = $(DAEMON_TEST_LIBS)
tests_unit_supervisor_test_SOURCES = tests/unit/supervisor_test.c tests/unit/unit.h
tests_unit_supervisor_test_LDADD = $(DAEMON_TEST_LIBS)

FUZZERS += tests/fuzz/channel_fuzz
tests_fuzz_channel_fuzz_SOURCES = tests/fuzz/channel_fuzz.c
tests_fuzz_channel_fuzz_LDFLAGS = $(LIBFUZZER)
tests_fuzz_channel_fuzz_LDADD = $(DAEMON_TEST_LIBS)

check_PROGRAMS += tests/unit/channel_test
TESTS += tests/unit/channel_test
tests_unit_channel_test_SOURCES = tests/unit/channel_test.c tests/unit/unit.h
tests_unit_channel_test_LDADD = $(DAEMON_TEST_LIBS)

check_PROGRAMS += tests/unit/listener_test
TESTS += tests/unit/listener_test
tests_unit_listener_test_SOURCES = tests/unit/listener_test.c tests/unit/unit.h
tests_unit_listener_test_LDADD = $(DAEMON_TEST_LIBS)

check_PROGRAMS += tests/unit/service_test
TESTS += tests/unit/service_test
tests_unit_service_test_SOURCES = tests/unit/service_test.c tests/unit/unit.h
tests_unit_service_test_LDADD = $(DAEMON_TEST_LIBS)

check_PROGRAMS += tests/unit/worker_test
TESTS += tests/unit/worker_test
tests_unit_worker_test_SOURCES = tests/unit/worker_test.c tests/unit/unit.h
tests_unit_worker_test_LDADD = $(DAEMON_TEST_LIBS)
