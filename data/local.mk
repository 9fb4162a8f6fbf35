# Manual pages, and what a service manager needs.
dist_man_MANS += data/attest-device.1
dist_man_MANS += data/attestd.8
dist_man_MANS += data/attest-ca.8

exampledir = $(docdir)/examples
dist_example_DATA = data/attestd.conf

systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = data/attestd.service
EXTRA_DIST += data/attestd.service.in
CLEANFILES += data/attestd.service

data/attestd.service: data/attestd.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) data && \
	sed 's|@sbindir[@]|$(sbindir)|g' '$(srcdir)/data/attestd.service.in' >$@
