noinst_LIBRARIES += src/libattestation.a
src_libattestation_a_SOURCES = \
	src/attestation/front.c src/attestation/front.h \
	src/attestation/keeper.c src/attestation/keeper.h \
	src/attestation/message.c src/attestation/message.h \
	src/attestation/pending.c src/attestation/pending.h
