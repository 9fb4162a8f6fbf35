noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/files.h \
	src/store/lock.c src/store/lock.h \
	src/store/sqlite.c src/store/sqlite.h src/store/store.h \
	src/store/sqlite_certificate.c \
	src/store/sqlite_device.c \
	src/store/sqlite_open.c \
	src/store/writer.c src/store/writer.h
