noinst_LIBRARIES += src/libhttp.a
src_libhttp_a_SOURCES = \
	src/http/json.c src/http/json.h \
	src/http/server.c src/http/server.h \
	src/http/tls.c src/http/tls.h
