# Manual pages, and what a service manager needs.
dist_man_MANS += data/attest-device.1
dist_man_MANS += data/attestd.8
dist_man_MANS += data/attest-ca.8
dist_man_MANS += data/attest-acmed.8

exampledir = $(docdir)/examples
dist_example_DATA = data/attestd.conf data/attest-acmed.conf data/device.conf

systemdunitdir = $(prefix)/lib/systemd/system
SERVICES = data/attestd.service data/attest-acmed.service data/attest-device-enroll.service \
	data/attest-device-renew.service
nodist_systemdunit_DATA = $(SERVICES)
dist_systemdunit_DATA = data/attest-device-renew.timer
EXTRA_DIST += data/attestd.service.in data/attest-acmed.service.in \
	data/attest-device-enroll.service.in data/attest-device-renew.service.in
CLEANFILES += $(SERVICES)

$(SERVICES): Makefile
	$(AM_V_GEN)$(MKDIR_P) data && \
	sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@bindir[@]|$(bindir)|g' \
	    -e 's|@sysconfdir[@]|$(sysconfdir)|g' '$(srcdir)/$@.in' >$@

data/attestd.service: data/attestd.service.in
data/attest-acmed.service: data/attest-acmed.service.in
data/attest-device-enroll.service: data/attest-device-enroll.service.in
data/attest-device-renew.service: data/attest-device-renew.service.in
