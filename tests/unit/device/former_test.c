/* Pairs that were replaced: which stay, which go, and what a crash leaves. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "device/certificate_files.h"
#include "device/former.h"
#include "device/pair.h"
#include "device/tpm/key_file.h"
#include "device/tpm/sign_key.h"
#include "pki/certificate.h"
#include "rename_watch.h"
#include "scratch.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define DAY (INT64_C(24) * 3600)

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* A key and a certificate for it. */
struct made {
	struct bytes key;
	struct bytes chain;
};

static void
made_clear(struct made *made)
{
	bytes_clear(&made->key);
	bytes_clear(&made->chain);
}

#define AUTO_MADE __attribute__((cleanup(made_clear))) struct made

static void
certificate_make(EVP_PKEY *key, int64_t end, struct bytes *pem)
{
	X509        *certificate = X509_new();
	struct error err = {0};

	ck_assert_int_eq(X509_set_version(certificate, 2), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(certificate), 0));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)end));
	ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	unit_ok(certificate_encode_pem(certificate, pem, &err), &err);
	X509_free(certificate);
}

static EVP_PKEY *
key_make(struct bytes *pem)
{
	EVP_PKEY         *pair = EVP_EC_gen("P-256");
	struct device_key key = {.parent = 0x81000001, .private = {.size = 4}};
	uint8_t           point[65];
	size_t            size;
	struct error      err = {0};

	key.public.publicArea = sign_key_public(sign_key_type_find("ecc-p256"));
	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(pair, "pub", point, sizeof point, &size), 1);
	ck_assert_uint_eq(size, sizeof point);
	key.public.publicArea.unique.ecc.x.size = 32;
	key.public.publicArea.unique.ecc.y.size = 32;
	memcpy(key.public.publicArea.unique.ecc.x.buffer, point + 1, 32);
	memcpy(key.public.publicArea.unique.ecc.y.buffer, point + 33, 32);
	unit_ok(device_key_encode(&key, pem, &err), &err);
	return pair;
}

static void
made_new(int64_t end, struct made *made)
{
	EVP_PKEY *pair = key_make(&made->key);

	certificate_make(pair, end, &made->chain);
	EVP_PKEY_free(pair);
}

static void
replace(const struct made *made)
{
	struct error err = {0};

	unit_ok(certificate_files_replace(directory, PAIR_NO_GROUP, bytes_view(&made->key), bytes_view(&made->chain),
	            &err), &err);
}

static void
put(const char *name, struct view data)
{
	AUTO_FREE char *path = file_join(directory, name);
	struct error    err = {0};

	unit_ok(file_replace(path, data.data, data.size, 0600, &err), &err);
}

/* The content of the first former file whose name has this end, and how many there are. */
static int
formers(const char *end, struct bytes *content)
{
	AUTO_FOLDER     folder = {.fd = -1};
	struct dirent **entries;
	struct error    err = {0};
	int             found = 0;
	int             count;

	unit_ok(folder_open(directory, &folder, &err), &err);
	count = folder_list(&folder, &entries, &err);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strncmp(name, FORMER_PREFIX, strlen(FORMER_PREFIX)) == 0 && strlen(name) > 4 &&
		    strcmp(name + strlen(name) - 4, end) == 0 && found++ == 0 && content != NULL) {
			AUTO_FREE char *path = file_join(directory, name);

			unit_ok(file_read(path, 10000, content, &err), &err);
		}
		free(entries[i]);
	}
	free(entries);
	return found;
}

/* The name of the former key that has a chain. */
static void
former_name(char *name, size_t size)
{
	AUTO_FOLDER     folder = {.fd = -1};
	struct dirent **entries;
	struct error    err = {0};
	int             count;

	name[0] = '\0';
	unit_ok(folder_open(directory, &folder, &err), &err);
	count = folder_list(&folder, &entries, &err);
	for (int i = 0; i < count; i++) {
		const char *found = entries[i]->d_name;

		if (strncmp(found, FORMER_PREFIX, strlen(FORMER_PREFIX)) == 0 &&
		    strcmp(found + strlen(found) - 4, ".pem") == 0)
			(void)snprintf(name, size, "%.*s.key", (int)strlen(found) - 4, found);
		free(entries[i]);
	}
	free(entries);
}

static void
prune(int64_t now)
{
	AUTO_FOLDER  folder = {.fd = -1};
	struct error err = {0};

	unit_ok(folder_open(directory, &folder, &err), &err);
	unit_ok(former_prune(&folder, now, &err), &err);
}

START_TEST(replace_puts_the_old_pair_aside)
{
	AUTO_MADE  old = {0};
	AUTO_MADE  new = {0};
	AUTO_BYTES key = {0};
	AUTO_BYTES chain = {0};

	made_new(clock_now() + DAY, &old);
	made_new(clock_now() + DAY, &new);
	replace(&old);
	ck_assert_int_eq(formers(".key", NULL), 0);
	rename_watch_begin();
	replace(&new);
	rename_watch_end(6);
	ck_assert_int_eq(formers(".key", &key), 1);
	ck_assert_int_eq(formers(".pem", &chain), 1);
	ck_assert(view_equal(bytes_view(&key), bytes_view(&old.key)));
	ck_assert(view_equal(bytes_view(&chain), bytes_view(&old.chain)));
}
END_TEST

START_TEST(chain_replace_keeps_the_key_and_its_time)
{
	AUTO_MADE    made = {0};
	AUTO_MADE    other = {0};
	AUTO_BYTES   key = {0};
	struct error err = {0};
	int64_t      before = 0;
	int64_t      after = 0;
	const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	AUTO_FREE char *path = file_join(directory, PAIR_KEY);

	made_new(clock_now() + DAY, &made);
	made_new(clock_now() + DAY, &other);
	replace(&made);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	unit_ok(certificate_files_key_made(directory, &before, &err), &err);
	put("device.key.new", view_text("of a run that was killed"));
	unit_ok(certificate_files_chain_replace(directory, view_text("a later chain"), &err), &err);
	unit_ok(certificate_files_key_made(directory, &after, &err), &err);
	ck_assert_int_eq(before, 1000);
	ck_assert_int_eq(after, 1000);
	unit_ok(file_read(path, 10000, &key, &err), &err);
	ck_assert(view_equal(bytes_view(&key), bytes_view(&made.key)));
	ck_assert_int_eq(formers(".key", NULL), 0);
}
END_TEST

START_TEST(key_made_without_a_key_is_not_found)
{
	struct error err = {0};
	int64_t      made;

	ck_assert_int_eq(certificate_files_key_made(directory, &made, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
}
END_TEST

/* Pairs that no program could use: the certificate's end after now, and what is wrong. */
enum flaw { FLAW_NONE, FLAW_KEY, FLAW_CHAIN, FLAW_OF_ANOTHER, FLAW_LINK };

static const struct {
	int64_t   days;
	enum flaw flaw;
	int       kept;
} pairs[] = {
    {1, FLAW_NONE, 1},
    {-1, FLAW_NONE, 0},
    {1, FLAW_KEY, 0},
    {1, FLAW_CHAIN, 0},
    {1, FLAW_OF_ANOTHER, 0},
    {1, FLAW_LINK, 0},
};

/* Replaces the pair, and reads what is said on standard error. */
static void
replace_saying(const struct made *made, char *said, size_t size)
{
	FILE *file = tmpfile();
	int   before = dup(STDERR_FILENO);

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	replace(made);
	ck_assert_int_ge(dup2(before, STDERR_FILENO), 0);
	rewind(file);
	said[fread(said, 1, size - 1, file)] = '\0';
	(void)fclose(file);
	(void)close(before);
}

START_TEST(replace_keeps_what_is_of_use)
{
	char said[512];
	AUTO_FREE char *path = file_join(directory, PAIR_KEY);
	AUTO_FREE char *aside = file_join(directory, "aside");
	AUTO_MADE old = {0};
	AUTO_MADE new = {0};
	AUTO_MADE other = {0};

	made_new(clock_now() + pairs[_i].days * DAY, &old);
	made_new(clock_now() + DAY, &new);
	made_new(clock_now() + DAY, &other);
	replace(&old);
	if (pairs[_i].flaw == FLAW_KEY)
		put(PAIR_KEY, view_text("no key"));
	else if (pairs[_i].flaw == FLAW_CHAIN)
		put(PAIR_CHAIN, view_text("no chain"));
	else if (pairs[_i].flaw == FLAW_OF_ANOTHER)
		put(PAIR_CHAIN, bytes_view(&other.chain));
	else if (pairs[_i].flaw == FLAW_LINK) {
		ck_assert_int_eq(rename(path, aside), 0);
		ck_assert_int_eq(symlink("aside", path), 0);
	}
	replace_saying(&new, said, sizeof said);
	ck_assert_int_eq(formers(".key", NULL), pairs[_i].kept);
	ck_assert_int_eq(formers(".pem", NULL), pairs[_i].kept);
	ck_assert_msg((strstr(said, "are not kept: ") != NULL) == (pairs[_i].flaw != FLAW_NONE), "%s", said);
}
END_TEST

START_TEST(prune_removes_a_pair_after_its_end)
{
	AUTO_MADE old = {0};
	AUTO_MADE new = {0};

	made_new(clock_now() + DAY, &old);
	made_new(clock_now() + 3 * DAY, &new);
	replace(&old);
	replace(&new);
	prune(clock_now() + DAY - 60);
	ck_assert_int_eq(formers(".pem", NULL), 1);
	prune(clock_now() + DAY + 60);
	ck_assert_int_eq(formers(".pem", NULL), 0);
	ck_assert_int_eq(formers(".key", NULL), 0);
}
END_TEST

START_TEST(prune_keeps_the_newest)
{
	AUTO_MADE first = {0};
	AUTO_FOLDER  folder = {.fd = -1};
	struct error err = {0};
	char         old[64];

	/* The oldest has a name that sorts as any other does, and a time of its own. */
	made_new(clock_now() + DAY, &first);
	unit_ok(folder_open(directory, &folder, &err), &err);
	(void)snprintf(old, sizeof old, FORMER_PREFIX "%016d.key", 0);
	put(old, bytes_view(&first.key));
	(void)snprintf(old, sizeof old, FORMER_PREFIX "%016d.pem", 0);
	put(old, bytes_view(&first.chain));
	ck_assert_int_eq(utimensat(folder.fd, old, (const struct timespec[2]){{1, 0}, {1, 0}}, 0), 0);
	for (int i = 0; i < FORMER_MAX; i++) {
		AUTO_MADE made = {0};

		made_new(clock_now() + DAY, &made);
		replace(&made);
	}
	ck_assert_int_eq(formers(".pem", NULL), FORMER_MAX); /* the last is in use */
	ck_assert(folder_has(&folder, old));
	{
		AUTO_MADE made = {0};

		made_new(clock_now() + DAY, &made);
		replace(&made);
	}
	ck_assert_int_eq(formers(".pem", NULL), FORMER_MAX);
	ck_assert_int_eq(formers(".key", NULL), FORMER_MAX);
	ck_assert(!folder_has(&folder, old));
}
END_TEST

/* A crash between putting aside and replacing; and what is beside them stays. */
START_TEST(prune_removes_the_pair_in_use_and_keys_alone_and_nothing_else)
{
	static const char *const others[] = {"former-", "former-0123456789abcdef", "former-0123456789ABCDEF.key",
	    "former-0123456789abcdef0.key", "former-0123456789abcde.key", "device.key.old"};
	AUTO_MADE    made = {0};
	AUTO_FOLDER  folder = {.fd = -1};
	struct error err = {0};

	made_new(clock_now() + DAY, &made);
	replace(&made);
	unit_ok(folder_open(directory, &folder, &err), &err);
	unit_ok(former_keep(&folder, PAIR_NO_GROUP, clock_now(), &err), &err);
	ck_assert_int_eq(formers(".pem", NULL), 1);
	put("former-0123456789abcdef.key", bytes_view(&made.key));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		put(others[i], view_text("x"));
	prune(clock_now());
	ck_assert_int_eq(formers(".pem", NULL), 0);
	ck_assert(!folder_has(&folder, "former-0123456789abcdef.key"));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(folder_has(&folder, others[i]), "%s", others[i]);
	ck_assert(folder_has(&folder, PAIR_KEY));
	ck_assert(folder_has(&folder, PAIR_CHAIN));
}
END_TEST

/* The group may read every key; and takes nothing else away from its owner. */
START_TEST(share_gives_all_keys_to_the_group)
{
	AUTO_MADE    old = {0};
	AUTO_MADE    new = {0};
	AUTO_FOLDER  folder = {.fd = -1};
	gid_t        group = geteuid() == 0 ? 12346 : getegid();
	struct stat  st;
	struct error err = {0};
	char         former[64];

	made_new(clock_now() + DAY, &old);
	made_new(clock_now() + DAY, &new);
	replace(&old);
	replace(&new);
	put("former-0123456789abcdef.key", view_text("no key"));
	unit_ok(folder_open(directory, &folder, &err), &err);
	unit_ok(certificate_files_share(directory, PAIR_NO_GROUP, &err), &err);
	ck_assert_int_eq(folder_look(&folder, PAIR_KEY, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	unit_ok(certificate_files_share(directory, group, &err), &err);
	ck_assert_int_eq(folder_look(&folder, PAIR_KEY, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_gid, group);
	former_name(former, sizeof former);
	ck_assert_int_eq(folder_look(&folder, former, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_gid, group);
	ck_assert_int_eq(folder_look(&folder, "former-0123456789abcdef.key", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(folder_look(&folder, PAIR_CHAIN, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	unit_ok(certificate_files_share("/nonexistent/directory", group, &err), &err);
}
END_TEST

START_TEST(replace_makes_new_and_former_keys_of_the_group)
{
	AUTO_MADE    old = {0};
	AUTO_MADE    new = {0};
	AUTO_FOLDER  folder = {.fd = -1};
	gid_t        group = geteuid() == 0 ? 12346 : getegid();
	struct stat  st;
	struct error err = {0};
	char         former[64];

	made_new(clock_now() + DAY, &old);
	made_new(clock_now() + DAY, &new);
	replace(&old);
	unit_ok(certificate_files_replace(directory, group, bytes_view(&new.key), bytes_view(&new.chain),
	            &err), &err);
	unit_ok(folder_open(directory, &folder, &err), &err);
	ck_assert_int_eq(folder_look(&folder, PAIR_KEY, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_gid, group);
	former_name(former, sizeof former);
	ck_assert_int_eq(folder_look(&folder, former, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(st.st_gid, group);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("former");
	TCase *tc = tcase_create("former");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, replace_puts_the_old_pair_aside);
	tcase_add_test(tc, chain_replace_keeps_the_key_and_its_time);
	tcase_add_test(tc, key_made_without_a_key_is_not_found);
	tcase_add_loop_test(tc, replace_keeps_what_is_of_use, 0, sizeof pairs / sizeof pairs[0]);
	tcase_add_test(tc, prune_removes_a_pair_after_its_end);
	tcase_add_test(tc, prune_keeps_the_newest);
	tcase_add_test(tc, prune_removes_the_pair_in_use_and_keys_alone_and_nothing_else);
	tcase_add_test(tc, share_gives_all_keys_to_the_group);
	tcase_add_test(tc, replace_makes_new_and_former_keys_of_the_group);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
