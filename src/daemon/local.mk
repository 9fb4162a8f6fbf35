noinst_LIBRARIES += src/libdaemon.a
src_libdaemon_a_SOURCES = \
	src/daemon/channel.c src/daemon/channel.h \
	src/daemon/listener.c src/daemon/listener.h \
	src/daemon/supervisor.c src/daemon/supervisor.h \
	src/daemon/worker.c src/daemon/worker.h
