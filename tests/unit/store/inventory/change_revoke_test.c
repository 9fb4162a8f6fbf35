/* Devices that are replaced, and certificates that are revoked. */
#include "config.h"

#include "change_support.h"
#include "util/bytes.h"

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"

/* A serial number of so many octets that begins with these two. */
#define SERIAL(size, first, second) \
	((struct view){(const uint8_t[STORE_SERIAL_MAX + 1]){(first), (second)}, (size)})

/* A new mainboard. */

START_TEST(replace_moves_everything_and_revokes)
{
	enroll(1, LIST("a", "b"), LIST("t", "u"), "a note");
	certify(1, 1);
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 1);
	ck_assert(!is_enrolled(1));
	ck_assert_str_eq(text_of(2), "a,b|t,u|a note");
	ck_assert_str_eq(certificates_of(1), "1:4@1000001");
	last_is("replace", 2, "replaces " HASH_1 "; names: a, b");
	certify(2, 2);
	ck_assert_str_eq(certificates_of(2), "2:good");
}
END_TEST

START_TEST(replace_of_what_is_off_stays_off)
{
	struct store_device device;

	enroll(1, LIST("a"), NULL, NULL);
	change_disable();
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	device = find(2);
	ck_assert(!device.enabled);
	store_device_clear(&device);
}
END_TEST

START_TEST(replace_by_one_that_waits_takes_it_off_the_list)
{
	enroll(1, LIST("a"), NULL, NULL);
	meddle("INSERT INTO waiting (ek_hash, denied, verdict, reason, manufacturer, model, version,"
	       " root, peer, source, first_seen, last_seen, times)"
	       " VALUES (x'" HASH_2 "', 1, 'absent', '', '', '', '', x'', '', '', 1, 1, 1)");
	unit_ok(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err);
	ck_assert_int_eq(store_tamper_ask(directory, "SELECT count(*) FROM waiting"), 0);
}
END_TEST

START_TEST(replace_that_cannot_be_changes_nothing)
{
	enroll(1, LIST("a"), NULL, NULL);
	enroll(2, LIST("b"), NULL, NULL);
	enroll(3, LIST("0300000000000000000000000000000000000000000000000000000000000000"), NULL, NULL);
	certify(1, 1);
	unit_fails(store_device_replace(store, EK(1), EK(2), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT, "EK " HASH_2 " is enrolled already; see \"attest-ca show " HASH_2 "\"");
	unit_fails(store_device_replace(store, EK(1), EK(1), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT, "a device cannot replace itself");
	/* A name that is the old one's hash stays the old one's. */
	unit_fails(store_device_replace(store, EK(3), EK(4), NOW, &revoked, &err), &err,
	    ERROR_CONFLICT,
	    "what it is called cannot move: name"
	    " \"0300000000000000000000000000000000000000000000000000000000000000\" is the hash of"
	    " another EK; choose another name");
	ck_assert_str_eq(text_of(1), "a||");
	ck_assert_str_eq(text_of(2), "b||");
	ck_assert(is_enrolled(3));
	ck_assert_str_eq(certificates_of(1), "1:good");
}
END_TEST

/* Revoked by hand. */

START_TEST(revoke_device_revokes_all_and_keeps_what_was)
{
	enroll(1, LIST("a"), NULL, NULL);
	certify(1, 1);
	unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_KEY_COMPROMISE,
	            NOW + 1, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 1);
	last_is("revoke", 1, "certificates revoked: 1; reason: keyCompromise; serial: "
	                     "4001000000000000000000000000000000000000");
	certify(1, 2);
	certify(1, 3);
	unit_ok(store_revoke_device(store, EK(1), REASON_SUPERSEDED, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 2);
	ck_assert_str_eq(certificates_of(1), "1:1@1000001 2:4@1000002 3:4@1000002");
	last_is("revoke", 1, "certificates revoked: 2; reason: superseded");
	/* It is enrolled still. */
	certify(1, 4);
}
END_TEST

START_TEST(revoke_device_that_has_gone_works)
{
	enroll(1, NULL, NULL, NULL);
	certify(1, 1);
	unit_ok(store_device_remove(store, EK(1), NOW + 1, &err), &err);
	unit_ok(store_revoke_device(store, EK(1), REASON_KEY_COMPROMISE, NOW + 2, &revoked, &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:5@1000001");
}
END_TEST

START_TEST(revoke_serial_again_keeps_the_first)
{
	size_t entries;

	enroll(1, NULL, NULL, NULL);
	certify(1, 1);
	for (int i = 1; i <= 2; i++) {
		unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_UNSPECIFIED,
		            NOW + i, &revoked, &err), &err);
		ck_assert_uint_eq(revoked, i == 1 ? 1 : 0);
		if (i == 1)
			entries = last_entry().count;
	}
	ck_assert_str_eq(certificates_of(1), "1:0@1000001");
	ck_assert_uint_eq(last_entry().count, entries);
}
END_TEST

START_TEST(revoke_serial_that_has_expired_does_not_count_it)
{
	enroll(1, NULL, NULL, NULL);
	unit_ok(add_at(1, 1, revision_of(1), NOW - 5), &err);
	unit_ok(store_revoke_serial(store, SERIAL(20, 0x40, 1), REASON_KEY_COMPROMISE, NOW, &revoked,
	            &err), &err);
	ck_assert_uint_eq(revoked, 0);
	ck_assert_str_eq(certificates_of(1), "1:1@1000000");
	last_is("revoke", 1, "certificates revoked: 0; reason: keyCompromise; serial: "
	                     "4001000000000000000000000000000000000000");
}
END_TEST

START_TEST(revoke_what_is_none_is_refused)
{
	enroll(1, NULL, NULL, NULL);
	unit_fails(store_revoke_device(store, EK(1), REASON_UNSPECIFIED, NOW, &revoked, &err), &err,
	    ERROR_NOT_FOUND, "no certificate was issued to the device with EK " HASH_1);
	unit_fails(store_revoke_serial(store, SERIAL(2, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_NOT_FOUND,
	    "no AK certificate has the serial number 4009; \"attest-ca show DEVICE\" lists those of a device, and"
	    " what an ACME server issued is revoked there");
	unit_fails(store_revoke_serial(store, SERIAL(0, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "a serial number has 1 to 20 octets, not 0");
	unit_fails(store_revoke_serial(store, SERIAL(21, 0x40, 9), REASON_UNSPECIFIED, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "a serial number has 1 to 20 octets, not 21");
	certify(1, 9);
	unit_fails(store_revoke_device(store, EK(1), (enum crl_reason)7, NOW, &revoked, &err), &err,
	    ERROR_MALFORMED, "7 is no reason for a revocation");
	unit_fails(store_revoke_serial(store, SERIAL(20, 0x40, 9), (enum crl_reason)6, NOW, &revoked,
	               &err),
	    &err, ERROR_MALFORMED, "6 is no reason for a revocation");
	ck_assert_str_eq(certificates_of(1), "9:good");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_change_revoke");
	TCase *tc = case_of("replace");

	tcase_add_test(tc, replace_moves_everything_and_revokes);
	tcase_add_test(tc, replace_of_what_is_off_stays_off);
	tcase_add_test(tc, replace_by_one_that_waits_takes_it_off_the_list);
	tcase_add_test(tc, replace_that_cannot_be_changes_nothing);
	suite_add_tcase(suite, tc);
	tc = case_of("revoke");
	tcase_add_test(tc, revoke_device_revokes_all_and_keeps_what_was);
	tcase_add_test(tc, revoke_device_that_has_gone_works);
	tcase_add_test(tc, revoke_serial_again_keeps_the_first);
	tcase_add_test(tc, revoke_serial_that_has_expired_does_not_count_it);
	tcase_add_test(tc, revoke_what_is_none_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
