noinst_LIBRARIES += src/libdevice.a
src_libdevice_a_SOURCES = \
	src/device/ak.c src/device/ak.h \
	src/device/ak_type.c src/device/ak_type.h \
	src/device/attestation.c src/device/attestation.h \
	src/device/chain.c src/device/chain.h \
	src/device/command.c src/device/command.h \
	src/device/command_attest.c \
	src/device/command_ek.c \
	src/device/ek.c src/device/ek.h \
	src/device/evidence.c src/device/evidence.h \
	src/device/http_client.c src/device/http_client.h \
	src/device/interrupt.c src/device/interrupt.h \
	src/device/key_file.c src/device/key_file.h \
	src/device/nv.c src/device/nv.h \
	src/device/problem.c src/device/problem.h \
	src/device/state.c src/device/state.h \
	src/device/template.c src/device/template.h \
	src/device/tpm.c src/device/tpm.h
