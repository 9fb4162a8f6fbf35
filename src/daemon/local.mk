noinst_LIBRARIES += src/libdaemon.a
src_libdaemon_a_SOURCES = \
	src/daemon/channel.c src/daemon/channel.h \
	src/daemon/child.c src/daemon/child.h \
	src/daemon/listener.c src/daemon/listener.h \
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
