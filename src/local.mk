# The programs: each reads its options and puts the parts together.

sbin_PROGRAMS += src/attestd
src_attestd_SOURCES = src/attestd.c
src_attestd_LDADD = src/libattestation.a src/libhttp.a src/libdaemon.a \
	src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) \
	$(SQLITE_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS) -lpthread

bin_PROGRAMS += src/attest-ca
src_attest_ca_SOURCES = src/attest-ca.c
src_attest_ca_LDADD = src/libadmin.a src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(CBOR_LIBS) $(ARCHIVE_LIBS) -lpthread

bin_PROGRAMS += src/attest-device
src_attest_device_SOURCES = src/attest-device.c
src_attest_device_LDADD = src/libdevice.a src/libwebauthn.a src/libpki.a src/libtpm.a src/libutil.a \
	$(CURL_LIBS) $(CRYPTO_LIBS) $(TSS2_ESYS_LIBS) $(TSS2_MU_LIBS) \
	$(JANSSON_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS)

sbin_PROGRAMS += src/attest-acmed
src_attest_acmed_SOURCES = src/attest-acmed.c
src_attest_acmed_LDADD = src/libacme_admin.a src/libadmin.a src/libacme.a src/libwebauthn.a \
	src/libhttp.a src/libdaemon.a src/libstore.a src/libpki.a src/libtpm.a src/libutil.a \
	$(EVENT_LIBS) $(SSL_LIBS) $(CRYPTO_LIBS) $(TSS2_MU_LIBS) $(JANSSON_LIBS) $(JOSE_LIBS) \
	$(SQLITE_LIBS) $(CBOR_LIBS) $(CONFUSE_LIBS) -lpthread
