# Manual pages, sample configurations, and what a service manager needs.
dist_man_MANS += data/attest-ca.8 data/attest-pkcs11.7

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
# The services as installed use this setting, which is an example to others.
SETTINGS_SWITCHED = <'$(srcdir)/$@.in' >$@.all && sed "s/^.\($$setting = \)/\1/" $@.all >$@.tmp && \
	rm $@.all && mv $@.tmp $@

data/attestd.8: data/attestd.8.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attestd manual $(SETTINGS_TEMPLATE)
data/attest-acmed.8: data/attest-acmed.8.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-acmed manual $(SETTINGS_TEMPLATE)
data/attest-device.1: data/attest-device.1.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-device manual $(SETTINGS_TEMPLATE)
data/attestd.conf: data/attestd.conf.in src/settings-doc$(EXEEXT)
	$(AM_V_at)setting=publish; $(MKDIR_P) data && rm -f $@ && \
	src/settings-doc$(EXEEXT) attestd sample $(SETTINGS_SWITCHED)
data/attest-acmed.conf: data/attest-acmed.conf.in src/settings-doc$(EXEEXT)
	$(AM_V_at)setting=attestation_crls; $(MKDIR_P) data && rm -f $@ && \
	src/settings-doc$(EXEEXT) attest-acmed sample $(SETTINGS_SWITCHED)
data/device.conf: data/device.conf.in src/settings-doc$(EXEEXT)
	$(SETTINGS_DOC) attest-device sample $(SETTINGS_TEMPLATE)

systemdunitdir = $(prefix)/lib/systemd/system
SERVICES = data/attestd.service data/attest-acmed.service data/attest-device-enroll.service \
	data/attest-device-renew.service data/attest-device-p11@.service
nodist_systemdunit_DATA = $(SERVICES)
dist_systemdunit_DATA = data/attest-device-renew.timer data/attestd.socket data/attest-acmed.socket \
	data/attest-device-p11.socket
EXTRA_DIST += data/attestd.service.in data/attest-acmed.service.in \
	data/attest-device-enroll.service.in data/attest-device-renew.service.in \
	data/attest-device-p11@.service.in
CLEANFILES += $(SERVICES)

$(SERVICES): Makefile
	$(AM_V_GEN)$(MKDIR_P) data && \
	sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@bindir[@]|$(bindir)|g' \
	    -e 's|@sysconfdir[@]|$(sysconfdir)|g' -e 's|@pkcs11dir[@]|$(pkcs11dir)|g' '$(srcdir)/$@.in' >$@

# Configurations are put in place once, and are the administrator's from then on; the users of the
# services and their directories are made by systemd-sysusers and systemd-tmpfiles.
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d
EXTRA_DIST += data/attest-ca.sysusers.conf data/attest-ca.tmpfiles.conf

install-data-local: install-configurations
uninstall-local: uninstall-configurations
.PHONY: install-configurations uninstall-configurations
install-configurations: data/attestd.conf data/attest-acmed.conf
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)' '$(DESTDIR)$(sysusersdir)' '$(DESTDIR)$(tmpfilesdir)'
	$(INSTALL_DATA) '$(srcdir)/data/attest-ca.sysusers.conf' '$(DESTDIR)$(sysusersdir)/attest-ca.conf'
	$(INSTALL_DATA) '$(srcdir)/data/attest-ca.tmpfiles.conf' '$(DESTDIR)$(tmpfilesdir)/attest-ca.conf'
	for file in attestd.conf attest-acmed.conf; do \
	  if test -e '$(DESTDIR)$(sysconfdir)'/$$file; then \
	    echo "$(sysconfdir)/$$file is there, and stays as it is"; \
	  else \
	    $(INSTALL_DATA) data/$$file '$(DESTDIR)$(sysconfdir)'/$$file || exit 1; \
	  fi; \
	done

# One that was changed is not ours to remove.
uninstall-configurations:
	rm -f '$(DESTDIR)$(sysusersdir)/attest-ca.conf' '$(DESTDIR)$(tmpfilesdir)/attest-ca.conf'
	for file in attestd.conf attest-acmed.conf; do \
	  if cmp -s data/$$file '$(DESTDIR)$(sysconfdir)'/$$file; then \
	    rm -f '$(DESTDIR)$(sysconfdir)'/$$file; \
	  fi; \
	done

data/attestd.service: data/attestd.service.in
data/attest-acmed.service: data/attest-acmed.service.in
data/attest-device-enroll.service: data/attest-device-enroll.service.in
data/attest-device-renew.service: data/attest-device-renew.service.in
data/attest-device-p11@.service: data/attest-device-p11@.service.in

# The module's entry in p11-kit's list, which GnuTLS and others go by.
nodist_p11kitmodules_DATA = data/attest-device.module
EXTRA_DIST += data/attest-device.module.in
CLEANFILES += data/attest-device.module
data/attest-device.module: data/attest-device.module.in Makefile
	$(AM_V_GEN)$(MKDIR_P) data && sed -e 's|@pkcs11dir[@]|$(pkcs11dir)|' '$(srcdir)/$@.in' >$@
