# The PKCS #11 module. Its own files are a library, so that unit tests can be linked with them.
noinst_LIBRARIES += src/libpkcs11.a
src_libpkcs11_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DDEVICE_CONFIG_FILE='"$(sysconfdir)/attest-device/device.conf"'
src_libpkcs11_a_CFLAGS = $(AM_CFLAGS) -fPIC
src_libpkcs11_a_SOURCES = \
	src/pkcs11/debug.c src/pkcs11/debug.h \
	src/pkcs11/digest_info.c src/pkcs11/digest_info.h \
	src/pkcs11/entry_digest.c \
	src/pkcs11/entry_general.c \
	src/pkcs11/entry_list.c \
	src/pkcs11/entry_object.c \
	src/pkcs11/entry_session.c \
	src/pkcs11/entry_sign.c \
	src/pkcs11/entry_unsupported.c \
	src/pkcs11/library.c src/pkcs11/library.h \
	src/pkcs11/material.c src/pkcs11/material.h \
	src/pkcs11/mechanism.c src/pkcs11/mechanism.h \
	src/pkcs11/object.c src/pkcs11/object.h \
	src/pkcs11/object_make.c \
	src/pkcs11/object_private.h \
	src/pkcs11/place.c src/pkcs11/place.h \
	src/pkcs11/pss.c src/pkcs11/pss.h \
	src/pkcs11/public_key.c src/pkcs11/public_key.h \
	src/pkcs11/queue.c src/pkcs11/queue.h \
	src/pkcs11/quiet.c src/pkcs11/quiet.h \
	src/pkcs11/reach.c src/pkcs11/reach.h \
	src/pkcs11/session.c src/pkcs11/session.h \
	src/pkcs11/signer.c src/pkcs11/signer.h \
	src/pkcs11/text.c src/pkcs11/text.h \
	src/pkcs11/token.c src/pkcs11/token.h

# What it uses of the layers below, compiled once more for a shared object.
noinst_LIBRARIES += src/libpkcs11_below.a
src_libpkcs11_below_a_CFLAGS = $(AM_CFLAGS) -fPIC
src_libpkcs11_below_a_SOURCES = \
	src/util/bytes.c \
	src/util/clock.c \
	src/util/config_scan.c \
	src/util/der.c \
	src/util/error.c \
	src/util/file.c \
	src/util/file_named.c \
	src/util/folder.c \
	src/util/folder_file.c \
	src/util/hex.c \
	src/tpm/digest.c \
	src/tpm/key.c \
	src/tpm/openssl_error.c \
	src/tpm/public.c \
	src/tpm/roca.c \
	src/tpm/spki.c \
	src/tpm/tcti.c \
	src/tpm/tss2_error.c \
	src/tpm/vendor.c \
	src/pki/certificate.c \
	src/pki/pem.c \
	src/device/tpm/auth.c \
	src/device/tpm/key_file.c \
	src/device/tpm/key_load.c \
	src/device/tpm/key_sign.c \
	src/device/tpm/octets.c \
	src/device/tpm/parent.c \
	src/device/tpm/room.c \
	src/device/tpm/template.c \
	src/device/tpm/tpm.c \
	src/device/tpm/tpm_error.c

# A program for automake, which makes shared objects with libtool only. One symbol is visible.
pkcs11_PROGRAMS = src/attest-pkcs11.so
src_attest_pkcs11_so_SOURCES =
src_attest_pkcs11_so_LINK = $(CC) $(AM_CFLAGS) -fPIC $(CFLAGS) -shared -Wl,--as-needed \
	$(HARDENING_SHARED_LDFLAGS) $(LDFLAGS) \
	-Wl,--version-script=$(srcdir)/src/pkcs11/attest-pkcs11.map -Wl,-soname,attest-pkcs11.so \
	-u C_GetFunctionList -o $@
src_attest_pkcs11_so_LDADD = src/libpkcs11.a src/libpkcs11_below.a $(TSS2_ESYS_LIBS) $(TSS2_MU_LIBS) \
	$(CRYPTO_LIBS) -lpthread
src_attest_pkcs11_so_DEPENDENCIES = src/libpkcs11.a src/libpkcs11_below.a \
	src/pkcs11/attest-pkcs11.map
EXTRA_DIST += src/pkcs11/attest-pkcs11.map

UNIT_TESTS += tests/unit/pkcs11/arguments_test
UNIT_TESTS += tests/unit/pkcs11/entry_test
UNIT_TESTS += tests/unit/pkcs11/failing_test
UNIT_TESTS += tests/unit/pkcs11/library_test
UNIT_TESTS += tests/unit/pkcs11/material_test
UNIT_TESTS += tests/unit/pkcs11/mechanism_test
UNIT_TESTS += tests/unit/pkcs11/place_test
UNIT_TESTS += tests/unit/pkcs11/public_key_test
UNIT_TESTS += tests/unit/pkcs11/queue_test
UNIT_TESTS += tests/unit/pkcs11/quiet_test
UNIT_TESTS += tests/unit/pkcs11/token_test
tests_unit_pkcs11_entry_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CRYPTO) -Wl,--wrap=getrandom
tests_unit_pkcs11_mechanism_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CRYPTO)
tests_unit_pkcs11_token_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CRYPTO)

FUZZERS += tests/fuzz/material_fuzz
tests_fuzz_material_fuzz_LDFLAGS = $(LIBFUZZER)
