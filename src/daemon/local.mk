noinst_LIBRARIES += src/libdaemon.a
src_libdaemon_a_SOURCES = \
	src/daemon/channel.c src/daemon/channel.h \
	src/daemon/child.c src/daemon/child.h \
	src/daemon/filter.c src/daemon/filter.h \
	src/daemon/front.c src/daemon/front.h \
	src/daemon/keeper.c src/daemon/keeper.h \
	src/daemon/landlock.c src/daemon/landlock.h \
	src/daemon/launch.c src/daemon/launch.h \
	src/daemon/listener.c src/daemon/listener.h \
	src/daemon/pulse.c src/daemon/pulse.h \
	src/daemon/sandbox.c src/daemon/sandbox.h \
	src/daemon/sandbox_front.c \
	src/daemon/sandbox_keeper.c \
	src/daemon/sandbox_supervisor.c \
	src/daemon/service.c src/daemon/service.h \
	src/daemon/supervisor.c src/daemon/supervisor.h \
	src/daemon/supervisor_child.c \
	src/daemon/threads.c src/daemon/threads.h \
	src/daemon/violation.c src/daemon/violation.h \
	src/daemon/worker.c src/daemon/worker.h

UNIT_TESTS += tests/unit/daemon/channel_peer_test
UNIT_TESTS += tests/unit/daemon/channel_test
UNIT_TESTS += tests/unit/daemon/failing_test
UNIT_TESTS += tests/unit/daemon/keeper_test
UNIT_TESTS += tests/unit/daemon/landlock_test
UNIT_TESTS += tests/unit/daemon/listener_test
UNIT_TESTS += tests/unit/daemon/pulse_test
UNIT_TESTS += tests/unit/daemon/sandbox_front_test
UNIT_TESTS += tests/unit/daemon/sandbox_keeper_test
UNIT_TESTS += tests/unit/daemon/service_test
UNIT_TESTS += tests/unit/daemon/supervisor_test
UNIT_TESTS += tests/unit/daemon/threads_test
UNIT_TESTS += tests/unit/daemon/worker_test

# What supervisor_test runs.
check_PROGRAMS += tests/unit/daemon/supervised
tests_unit_daemon_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_PROCESSES)
tests_unit_daemon_landlock_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall

FUZZERS += tests/fuzz/channel_fuzz
tests_fuzz_channel_fuzz_LDFLAGS = $(LIBFUZZER)
