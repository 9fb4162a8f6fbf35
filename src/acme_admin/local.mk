noinst_LIBRARIES += src/libacme_admin.a
src_libacme_admin_a_SOURCES = \
	src/acme_admin/certificates.c \
	src/acme_admin/commands.c src/acme_admin/commands.h \
	src/acme_admin/crl.c \
	src/acme_admin/find.c src/acme_admin/find.h \
	src/acme_admin/init.c \
	src/acme_admin/orders.c \
	src/acme_admin/revoke.c \
	src/acme_admin/seen.c \
	src/acme_admin/store.c src/acme_admin/store.h

UNIT_TESTS += tests/unit/acme_admin/acme_admin_test
UNIT_TESTS += tests/unit/acme_admin/certificates_test
UNIT_TESTS += tests/unit/acme_admin/failing_test
UNIT_TESTS += tests/unit/acme_admin/find_test
UNIT_TESTS += tests/unit/acme_admin/orders_test
UNIT_TESTS += tests/unit/acme_admin/seen_test
tests_unit_acme_admin_failing_test_LDFLAGS = $(AM_LDFLAGS) $(FAILING_CALLS) $(FAILING_CRYPTO) $(FAILING_SQL)
