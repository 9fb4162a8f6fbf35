noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = \
	src/store/sqlite.c src/store/store.h \
	src/store/writer.c src/store/writer.h
