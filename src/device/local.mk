noinst_LIBRARIES += src/libdevice.a
src_libdevice_a_SOURCES =
