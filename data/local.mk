# Manual pages, sample configurations, and what a service manager needs.
dist_man_MANS += data/attest-ca.8

# What the settings' rows say goes into a template when data/ is built.
SETTINGS_MANUALS = data/attestd.8 data/attest-acmed.8 data/attest-device.1
SETTINGS_SAMPLES = data/attestd.conf data/attest-acmed.conf data/device.conf
nodist_man_MANS = $(SETTINGS_MANUALS)
exampledir = $(docdir)/examples
nodist_example_DATA = $(SETTINGS_SAMPLES)
EXTRA_DIST += data/attestd.8.in data/attest-acmed.8.in data/attest-device.1.in \
	data/attestd.conf.in data/attest-acmed.conf.in data/device.conf.in
CLEANFILES += $(SETTINGS_MANUALS) $(SETTINGS_SAMPLES)

SETTINGS_DOC = $(AM_V_GEN)$(MKDIR_P) data && rm -f $@ && src/settings-doc$(EXEEXT)
SETTINGS_TEMPLATE = <'$(srcdir)/$@.in' >$@.tmp && mv $@.tmp $@

data/attestd.8: data/attestd.8.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attestd manual $(SETTINGS_TEMPLATE)
data/attest-acmed.8: data/attest-acmed.8.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-acmed manual $(SETTINGS_TEMPLATE)
data/attest-device.1: data/attest-device.1.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-device manual $(SETTINGS_TEMPLATE)
data/attestd.conf: data/attestd.conf.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attestd sample $(SETTINGS_TEMPLATE)
data/attest-acmed.conf: data/attest-acmed.conf.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-acmed sample $(SETTINGS_TEMPLATE)
data/device.conf: data/device.conf.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-device sample $(SETTINGS_TEMPLATE)

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
