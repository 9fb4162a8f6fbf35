noinst_LIBRARIES += src/libtpm.a
src_libtpm_a_SOURCES = \
	src/tpm/ak.c src/tpm/ak.h \
	src/tpm/attest.c src/tpm/attest.h \
	src/tpm/creation.c src/tpm/creation.h \
	src/tpm/credential.c src/tpm/credential.h \
	src/tpm/digest.c src/tpm/digest.h \
	src/tpm/ek.c src/tpm/ek.h \
	src/tpm/kdf.c src/tpm/kdf.h \
	src/tpm/key.c src/tpm/key.h \
	src/tpm/name.c src/tpm/name.h \
	src/tpm/openssl_error.c src/tpm/openssl_error.h \
	src/tpm/public.c src/tpm/public.h \
	src/tpm/roca.c src/tpm/roca.h \
	src/tpm/signature.c src/tpm/signature.h \
	src/tpm/spki.c src/tpm/spki.h \
	src/tpm/tss2_error.c src/tpm/tss2_error.h \
	src/tpm/vendor.c src/tpm/vendor.h
