noinst_LIBRARIES += src/libpki.a
src_libpki_a_SOURCES = \
	src/pki/ak_certificate.c src/pki/ak_certificate.h \
	src/pki/ca.c src/pki/ca.h \
	src/pki/certificate.c src/pki/certificate.h \
	src/pki/key.c src/pki/key.h
