noinst_LIBRARIES += src/libacme_admin.a
src_libacme_admin_a_SOURCES = \
	src/acme_admin/certificates.c \
	src/acme_admin/commands.c src/acme_admin/commands.h \
	src/acme_admin/crl.c \
	src/acme_admin/find.c src/acme_admin/find.h \
	src/acme_admin/init.c \
	src/acme_admin/orders.c

check_PROGRAMS += tests/unit/acme_admin_test
TESTS += tests/unit/acme_admin_test
tests_unit_acme_admin_test_SOURCES = tests/unit/acme_admin_test.c tests/unit/acme_world.c \
	tests/unit/acme_world.h tests/unit/scratch.h tests/unit/unit.h
tests_unit_acme_admin_test_LDADD = src/libacme_admin.a src/libadmin.a $(ACME_KEEPER_TEST_LIBS) \
	$(JANSSON_LIBS)
