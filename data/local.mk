# Manual pages, and what a service manager needs.
dist_man_MANS += data/attest-device.1
dist_man_MANS += data/attestd.8
dist_man_MANS += data/attest-ca.8
dist_man_MANS += data/attest-acmed.8

exampledir = $(docdir)/examples
dist_example_DATA = data/attestd.conf data/attest-acmed.conf

systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = data/attestd.service data/attest-acmed.service
EXTRA_DIST += data/attestd.service.in data/attest-acmed.service.in
CLEANFILES += data/attestd.service data/attest-acmed.service

data/attestd.service data/attest-acmed.service: Makefile
	$(AM_V_GEN)$(MKDIR_P) data && \
	sed 's|@sbindir[@]|$(sbindir)|g' '$(srcdir)/$@.in' >$@

data/attestd.service: data/attestd.service.in
data/attest-acmed.service: data/attest-acmed.service.in
