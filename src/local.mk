# The programs: each reads its options and puts the parts together.

bin_PROGRAMS += src/attest-acmed src/attest-ca src/attest-device
src_attest_acmed_LDADD = $(PROGRAM_LIBS)
src_attest_ca_LDADD = $(PROGRAM_LIBS)
src_attest_device_LDADD = $(PROGRAM_LIBS)

sbin_PROGRAMS += src/attestd
src_attestd_LDADD = $(PROGRAM_LIBS)

# Makes the sample configurations and manual pages of data/ when these are built.
noinst_PROGRAMS += src/settings-doc
src_settings_doc_LDADD = $(PROGRAM_LIBS)
