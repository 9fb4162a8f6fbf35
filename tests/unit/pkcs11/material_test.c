#include "config.h"

#include <sys/stat.h>

#include "material_support.h"
#include "pkcs11/material.h"

static char                 *directory;
static struct material_place place;
static struct made           one;
static struct made           two;

static void
setup(void)
{
	directory = pki_directory();
	place = (struct material_place){directory, directory};
	made_new(&one, "laptop", NULL);
	made_new(&two, "desktop", NULL);
}

static void
teardown(void)
{
	made_clear(&one);
	made_clear(&two);
	pki_directory_remove(directory);
}

static void
make(const char *name)
{
	AUTO_FREE char *path = file_join(directory, name);

	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void
remove_file(const char *name)
{
	AUTO_FREE char *path = file_join(directory, name);

	ck_assert_int_eq(unlink(path), 0);
}

/* Reads, and expects so many pairs and this fault. */
static void
reads(struct material *material, size_t count, enum material_fault fault)
{
	material_read(&place, material);
	ck_assert_uint_eq(material->count, count);
	ck_assert_int_eq((int)material->fault, (int)fault);
	ck_assert_int_eq(material->why.detail[0] == '\0', fault == MATERIAL_WHOLE);
}

START_TEST(read_whole_pair)
{
	AUTO_MATERIAL material;

	made_write(&one, directory, "device");
	reads(&material, 1, MATERIAL_WHOLE);
	ck_assert_str_eq(material.pairs[0].label, "laptop");
	ck_assert(material.pairs[0].has_key && !material.pairs[0].former);
	ck_assert_uint_eq(material.pairs[0].count, 1);
	ck_assert_mem_eq(material.pairs[0].key.private.buffer, one.tpm_key.private.buffer, 32);
}
END_TEST

START_TEST(read_faults)
{
	AUTO_MATERIAL none;
	AUTO_MATERIAL no_key;
	AUTO_MATERIAL no_certificate;
	AUTO_MATERIAL other_key;
	AUTO_MATERIAL no_key_file;
	AUTO_MATERIAL no_chain;

	reads(&none, 0, MATERIAL_ABSENT);
	pki_write_certificate(directory, "device.pem", one.certificate);
	reads(&no_key, 1, MATERIAL_BROKEN);
	ck_assert(!no_key.pairs[0].has_key);
	made_write_key(&two, directory, "device.key");
	reads(&other_key, 0, MATERIAL_MIXED);
	pki_write(directory, "device.key", "nonsense", 8);
	reads(&no_key_file, 1, MATERIAL_BROKEN);
	made_write_key(&one, directory, "device.key");
	pki_write(directory, "device.pem", "nonsense", 8);
	reads(&no_chain, 0, MATERIAL_BROKEN);
	remove_file("device.pem");
	reads(&no_certificate, 0, MATERIAL_ABSENT);
}
END_TEST

START_TEST(read_no_directory_is_absent)
{
	AUTO_MATERIAL material;

	place.pair = "/nonexistent/state";
	place.state = "/nonexistent/state";
	reads(&material, 0, MATERIAL_ABSENT);
}
END_TEST

START_TEST(read_between_both_renames_takes_the_new_chain)
{
	AUTO_MATERIAL material;

	made_write(&one, directory, "device");
	made_write_key(&two, directory, "device.key");
	pki_write_certificate(directory, "device.pem.new", two.certificate);
	reads(&material, 1, MATERIAL_WHOLE);
	ck_assert_str_eq(material.pairs[0].label, "desktop");
}
END_TEST

START_TEST(read_former_pair)
{
	AUTO_MATERIAL material;

	made_write(&one, directory, "device");
	made_write(&two, directory, "former-0123456789abcdef");
	made_write(&two, directory, "former-0123456789ABCDEF"); /* none of ours */
	made_write(&two, directory, "former-0123456789abcde");
	made_write(&two, directory, "former-0123456789abcdef0");
	pki_write_certificate(directory, "former-0123456789abcdef.pem.new", two.certificate);
	reads(&material, 2, MATERIAL_WHOLE);
	ck_assert(material.pairs[1].former);
	ck_assert_str_eq(material.pairs[1].label, "desktop");
}
END_TEST

/* It says nothing of the token that a file of it is missing. */
START_TEST(read_former_pair_without_key_is_no_fault)
{
	AUTO_MATERIAL material;

	made_write(&one, directory, "device");
	pki_write_certificate(directory, "former-0123456789abcdef.pem", two.certificate);
	reads(&material, 2, MATERIAL_WHOLE);
	ck_assert(!material.pairs[1].has_key);
}
END_TEST

START_TEST(read_named_keys)
{
	static const char *const names[] = {"keys/mail", "keys/9.a_b-C", "keys/.hidden", "keys/-x", "keys/_x",
	    "keys/0123456789012345678901234567890123", "keys/a b"};
	AUTO_MATERIAL            material;

	made_write(&one, directory, "device");
	make("keys");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		AUTO_FREE char *path = file_join(directory, names[i]);

		make(names[i]);
		made_write(&two, path, "device");
	}
	made_write(&two, directory, "keys/device"); /* a file among them */
	reads(&material, 3, MATERIAL_WHOLE);
	ck_assert_str_eq(material.pairs[0].label, "laptop");
	ck_assert_str_eq(material.pairs[1].label, "9.a_b-C");
	ck_assert_str_eq(material.pairs[2].label, "mail");
}
END_TEST

/* What the file "out" says, and what is read then: the other directory, or the key's own. */
static const struct {
	const char *said;
	bool        elsewhere;
} outs[] = {{"/there", true}, {"there", false}, {"", false}, {"/there/\0/x", false}, {"/nowhere", false}};

START_TEST(read_named_key_whose_pair_is_elsewhere)
{
	AUTO_MATERIAL   material;
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *there = NULL;
	AUTO_BYTES      said = {0};
	struct made    *wanted;

	make("keys");
	make("keys/mail");
	make("there");
	key = file_join(directory, "keys/mail");
	there = file_join(directory, "there");
	made_write(&one, key, "device");
	made_write(&two, there, "device");
	if (outs[_i].said[0] == '/')
		bytes_append(&said, directory, strlen(directory));
	bytes_append(&said, outs[_i].said, _i == 3 ? 9 : strlen(outs[_i].said));
	pki_write(key, "out", said.size != 0 ? said.data : (const uint8_t *)"", said.size);
	reads(&material, 1, MATERIAL_ABSENT); /* of the first key */
	ck_assert_str_eq(material.pairs[0].label, "mail");
	wanted = outs[_i].elsewhere ? &two : &one;
	ck_assert_mem_eq(material.pairs[0].key.private.buffer, wanted->tpm_key.private.buffer, 32);
}
END_TEST

/* A link could lead to somebody else's files. */
START_TEST(read_link_to_a_named_key_is_not_followed)
{
	AUTO_MATERIAL   material;
	AUTO_FREE char *link = file_join(directory, "keys/mail");

	made_write(&one, directory, "device");
	make("keys");
	ck_assert_int_eq(symlink(directory, link), 0);
	reads(&material, 1, MATERIAL_WHOLE);
}
END_TEST

START_TEST(read_more_keys_than_there_is_room_for)
{
	AUTO_MATERIAL material;

	make("keys");
	for (int i = 0; i < (int)MATERIAL_PAIRS_MAX + 1; i++) {
		char            name[32];
		AUTO_FREE char *path = NULL;

		(void)snprintf(name, sizeof name, "keys/%d", i);
		make(name);
		path = file_join(directory, name);
		made_write(&one, path, "device");
	}
	made_write(&two, directory, "device");
	reads(&material, MATERIAL_PAIRS_MAX, MATERIAL_WHOLE);
	ck_assert_str_eq(material.pairs[0].label, "desktop");
}
END_TEST

START_TEST(read_longer_chain_is_cut)
{
	AUTO_MATERIAL material;
	AUTO_BYTES    pem = {0};
	struct error  err = {0};

	made_write_key(&one, directory, "device.key");
	for (size_t i = 0; i < MATERIAL_CHAIN_MAX + 2; i++)
		unit_ok(certificate_encode_pem(one.certificate, &pem, &err), &err);
	pki_write(directory, "device.pem", pem.data, pem.size);
	reads(&material, 1, MATERIAL_WHOLE);
	ck_assert_uint_eq(material.pairs[0].count, MATERIAL_CHAIN_MAX);
}
END_TEST

START_TEST(read_certificate_without_a_name_is_labelled_device)
{
	AUTO_MATERIAL material;

	X509_free(one.certificate);
	one.certificate = pki_forge(&(struct pki_forgery){.key = one.key});
	made_write(&one, directory, "device");
	reads(&material, 1, MATERIAL_WHOLE);
	ck_assert_str_eq(material.pairs[0].label, "device");
}
END_TEST

START_TEST(read_certificate_that_is_not_this_users_to_read_is_closed)
{
	AUTO_MATERIAL   material;
	AUTO_FREE char *path = file_join(directory, "device.pem");
	uid_t           self = geteuid();

	made_write(&one, directory, "device");
	ck_assert_int_eq(chmod(path, 0), 0);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	if (self == 0 && seteuid(65534) != 0)
		return;
	reads(&material, 0, MATERIAL_CLOSED);
	ck_assert_int_eq(seteuid(self), 0);
}
END_TEST

START_TEST(mark_changes_with_each_file)
{
	static const char *const files[] = {"device.pem", "device.key", "device.pem.new",
	    "former-0123456789abcdef.pem", "former-0123456789abcdef.key", "keys/mail/device.key",
	    "keys/mail/device.pem"};
	AUTO_BYTES               before = {0};

	make("keys");
	make("keys/mail");
	material_mark(&place, &before);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		AUTO_BYTES after = {0};

		pki_write(directory, files[i], files[i], i + 1);
		material_mark(&place, &after);
		ck_assert_msg(!view_equal(bytes_view(&before), bytes_view(&after)), "%s", files[i]);
		bytes_clear(&before);
		bytes_append(&before, after.data, after.size);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("material");
	TCase *tc = tcase_create("material");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_whole_pair);
	tcase_add_test(tc, read_faults);
	tcase_add_test(tc, read_no_directory_is_absent);
	tcase_add_test(tc, read_between_both_renames_takes_the_new_chain);
	tcase_add_test(tc, read_former_pair);
	tcase_add_test(tc, read_former_pair_without_key_is_no_fault);
	tcase_add_test(tc, read_named_keys);
	tcase_add_loop_test(tc, read_named_key_whose_pair_is_elsewhere, 0, sizeof outs / sizeof outs[0]);
	tcase_add_test(tc, read_link_to_a_named_key_is_not_followed);
	tcase_add_test(tc, read_more_keys_than_there_is_room_for);
	tcase_add_test(tc, read_longer_chain_is_cut);
	tcase_add_test(tc, read_certificate_without_a_name_is_labelled_device);
	tcase_add_test(tc, read_certificate_that_is_not_this_users_to_read_is_closed);
	tcase_add_test(tc, mark_changes_with_each_file);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
