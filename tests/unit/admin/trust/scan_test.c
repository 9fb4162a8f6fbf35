/* What is found in octets, and the bounds of that; files and directories are tested end to end. */
#include "config.h"

#include <sys/resource.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "admin/trust/scan.h"
#include "ek_support.h"
#include "scratch.h"

static struct ca    ca;
static struct bytes der;

/* What the scan has told: "+source\n" of a certificate, "-source: reason\n" of what is unreadable. */
static char   told[4096];
static size_t steps;

static void
tell(char sign, const char *source, const char *reason)
{
	size_t length = strlen(told);

	(void)snprintf(told + length, sizeof told - length, "%c%s%s%s\n", sign, source,
	    *reason != '\0' ? ": " : "", reason);
}

static void
certificate_cb(X509 *certificate, const char *source, void *arg)
{
	(void)arg;
	ck_assert_int_eq(X509_cmp(certificate, ca.certificate), 0);
	X509_free(certificate);
	tell('+', source, "");
}

static void
unreadable_cb(const char *source, const char *reason, void *arg)
{
	(void)arg;
	tell('-', source, reason);
}

static void
step_cb(void *arg)
{
	(void)arg;
	steps++;
}

static struct trust_scan scan;

static void
setup(void)
{
	ca = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	der = ek_der(ca.certificate);
	scan = (struct trust_scan){
	    .certificate = certificate_cb,
	    .unreadable = unreadable_cb,
	    .step = step_cb,
	    .budget = TRUST_SCAN_BUDGET,
	};
	told[0] = '\0';
	steps = 0;
}

static void
teardown(void)
{
	bytes_clear(&der);
	ca_clear(&ca);
}

typedef int filter(struct archive *archive);

/* A tar file, compressed or not, of so many copies of one member. */
static void
pack_by(const char *name, struct view member, size_t copies, filter *compress, struct bytes *out)
{
	size_t          capacity = copies * (member.size + 2048) + 65536;
	size_t          used = 0;
	uint8_t        *buffer = malloc(capacity);
	struct archive *archive = archive_write_new();

	(void)archive_write_set_format_ustar(archive);
	if (compress != NULL)
		ck_assert_int_eq(compress(archive), ARCHIVE_OK);
	(void)archive_write_set_bytes_in_last_block(archive, 1);
	ck_assert_int_eq(archive_write_open_memory(archive, buffer, capacity, &used), ARCHIVE_OK);
	for (size_t i = 0; i < copies; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, name);
		archive_entry_set_size(entry, (la_int64_t)member.size);
		archive_entry_set_filetype(entry, AE_IFREG);
		ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
		ck_assert_int_eq(archive_write_data(archive, member.data, member.size),
		    (la_ssize_t)member.size);
		archive_entry_free(entry);
	}
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	(void)archive_write_free(archive);
	bytes_append(out, buffer, used);
	free(buffer);
}

static void
pack(const char *name, struct view member, size_t copies, bool compressed, struct bytes *out)
{
	pack_by(name, member, copies, compressed ? archive_write_add_filter_gzip : NULL, out);
}

START_TEST(content_of_a_certificate_is_one)
{
	struct error err = {0};

	unit_ok(trust_scan_content(&scan, bytes_view(&der), "a", &err), &err);
	ck_assert_str_eq(told, "+a\n");
	ck_assert_uint_eq(scan.others, 0);
}
END_TEST

START_TEST(content_of_another_kind_is_counted)
{
	struct error err = {0};

	unit_ok(trust_scan_content(&scan, (struct view){NULL, 0}, "a", &err), &err);
	unit_ok(trust_scan_content(&scan, (struct view){(const uint8_t *)"hello", 5}, "b", &err), &err);
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(scan.others, 2);
}
END_TEST

START_TEST(content_cut_off_is_unreadable)
{
	struct error err = {0};

	unit_ok(trust_scan_content(&scan, (struct view){der.data, der.size - 1}, "a", &err), &err);
	ck_assert_msg(strncmp(told, "-a: not a certificate", 21) == 0, "%s", told);
}
END_TEST

/* More files than the budget has entries for, in a directory. */
START_TEST(directory_beyond_the_budget_is_too_large)
{
	char           place[SCRATCH_SIZE];
	char           path[SCRATCH_SIZE + 16];
	struct error   err = {0};

	scratch_make(place);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%d.der", place, i);
		unit_ok(file_create(path, der.data, der.size, 0600, &err), &err);
	}
	scan.budget.entries = 2;
	unit_fails(trust_scan_path(&scan, place, &err), &err, ERROR_TOO_LARGE, "there are more files than the limit");
	scratch_remove(place);
}
END_TEST

/* A member whose name the locale cannot hold is taken all the same. */
START_TEST(archive_with_a_name_of_another_locale_is_looked_through)
{
	char                  buffer[16384];
	size_t                used = 0;
	struct archive       *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct error          err = {0};

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	(void)archive_write_set_format_zip(archive);
	ck_assert_int_eq(archive_write_open_memory(archive, buffer, sizeof buffer, &used), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "\xd0\xb6.der");
	archive_entry_set_size(entry, (la_int64_t)der.size);
	archive_entry_set_filetype(entry, AE_IFREG);
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(archive, der.data, der.size), (la_ssize_t)der.size);
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_close(archive), ARCHIVE_OK);
	(void)archive_write_free(archive);
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	unit_ok(trust_scan_content(&scan, (struct view){(const uint8_t *)buffer, used}, "a", &err), &err);
	ck_assert_msg(strncmp(told, "+a: ", 4) == 0, "%s", told);
}
END_TEST

/* It is taken away while the one before it is looked at. */
static const char *doomed;

static void
take_away_cb(void *arg)
{
	(void)arg;
	(void)unlink(doomed);
}

START_TEST(directory_that_changes_or_cannot_be_read_is_an_error)
{
	char          place[SCRATCH_SIZE];
	char          path[SCRATCH_SIZE + 16];
	struct rlimit limit;
	struct error  err = {0};
	int           first = dup(STDIN_FILENO);

	(void)close(first);
	scratch_make(place);
	for (int i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/%d.der", place, i);
		unit_ok(file_create(path, der.data, der.size, 0600, &err), &err);
	}
	doomed = path;
	scan.step = take_away_cb;
	ck_assert_int_eq(trust_scan_path(&scan, place, &err), -1);
	ck_assert_msg(strncmp(err.detail, "looking at ", 11) == 0, "%s", err.detail);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)first;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(trust_scan_path(&scan, place, &err), -1);
	ck_assert_msg(strncmp(err.detail, "reading ", 8) == 0, "%s", err.detail);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	scratch_remove(place);
}
END_TEST

/* Named so by the linker: a libarchive that was built without bzip2. */
static bool without_bzip2;
int __real_archive_read_support_filter_bzip2(struct archive *archive);
int __wrap_archive_read_support_filter_bzip2(struct archive *archive);
int
__wrap_archive_read_support_filter_bzip2(struct archive *archive)
{
	return without_bzip2 ? ARCHIVE_WARN : __real_archive_read_support_filter_bzip2(archive);
}

START_TEST(archive_that_another_program_would_unpack_is_refused)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack_by("m", bytes_view(&der), 1, archive_write_add_filter_bzip2, &archive);
	without_bzip2 = true;
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_MALFORMED,
	    "a: the archive cannot be read: libarchive was built without bzip2");
	ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(archive_in_an_archive_is_looked_through)
{
	AUTO_BYTES   inner = {0};
	AUTO_BYTES   outer = {0};
	struct error err = {0};

	pack("../../etc/passwd", bytes_view(&der), 2, false, &inner);
	pack("in.zip", bytes_view(&inner), 1, true, &outer);
	unit_ok(trust_scan_content(&scan, bytes_view(&outer), "a", &err), &err);
	ck_assert_str_eq(told, "+a: in.zip: ../../etc/passwd\n+a: in.zip: ../../etc/passwd\n");
	ck_assert_uint_eq(steps, 3);
}
END_TEST

/* ---- compressions ---- */

static const struct {
	filter *add;
	/* Bits of an octet that together are a reserved value, where libarchive compares no sum; 0: any. */
	size_t  at;
	uint8_t bits;
} filters[] = {
    {archive_write_add_filter_gzip, 10, 0x06},
    {archive_write_add_filter_xz, 0, 0},
    {archive_write_add_filter_bzip2, 0, 0},
    {archive_write_add_filter_zstd, 4, 0x08},
};
#define FILTERS ((int)(sizeof filters / sizeof filters[0]))

START_TEST(archive_compressed_is_looked_through)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack_by("m", bytes_view(&der), 2, filters[_i].add, &archive);
	unit_ok(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err);
	ck_assert_str_eq(told, "+a: m\n+a: m\n");
}
END_TEST

/* Of zeros, which are as small as nothing else: the budget ends it, kept or passed over. */
START_TEST(archive_that_is_a_bomb_is_too_large)
{
	AUTO_BYTES   archive = {0};
	AUTO_BYTES   zeros = {0};
	struct error err = {0};

	(void)bytes_extend(&zeros, TRUST_MEMBER_MAX + ((size_t)1 << 20));
	pack_by("zeros", bytes_view(&zeros), 1, filters[_i].add, &archive);
	scan.budget.octets = zeros.size - 1;
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: the archives unpack to more than the limit");
	ck_assert_str_eq(told, "");
	scan.budget.octets = zeros.size;
	unit_ok(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err);
	ck_assert_str_eq(told, "-a: zeros: it is too large\n");
	ck_assert_uint_eq(scan.budget.octets, 0);
}
END_TEST

/* What comes behind the octets that were too many is not unpacked any more. */
START_TEST(archive_above_the_budget_is_read_no_further)
{
	AUTO_BYTES   archive = {0};
	AUTO_BYTES   zeros = {0};
	struct error err = {0};

	(void)bytes_extend(&zeros, ((size_t)1 << 20) + 10);
	pack("zeros", bytes_view(&zeros), 1, false, &archive);
	scan.budget.octets = 20;
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: the archives unpack to more than the limit");
	ck_assert_uint_eq(scan.budget.octets, 20);
}
END_TEST

START_TEST(archive_compressed_and_damaged_is_malformed)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack_by("m", bytes_view(&der), 1, filters[_i].add, &archive);
	ck_assert_int_eq(trust_scan_content(&scan,
	                     (struct view){archive.data, archive.size / 2}, "a", &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	told[0] = '\0';
	if (filters[_i].at != 0)
		archive.data[filters[_i].at] |= filters[_i].bits;
	else
		archive.data[archive.size / 2] ^= 0x08;
	ck_assert_int_eq(trust_scan_content(&scan, bytes_view(&archive), "a", &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_str_eq(told, "");
}
END_TEST

static int
add_twice(struct archive *archive)
{
	return archive_write_add_filter_gzip(archive) == ARCHIVE_OK
	    ? archive_write_add_filter_gzip(archive)
	    : ARCHIVE_FATAL;
}

START_TEST(archive_compressed_twice_is_too_large)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack_by("m", bytes_view(&der), 1, add_twice, &archive);
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: the file is compressed more than once");
	ck_assert_str_eq(told, "");
}
END_TEST

START_TEST(archives_beyond_the_budget_are_too_large)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack("m", bytes_view(&der), 3, true, &archive);
	scan.budget.octets = 3 * der.size;
	scan.budget.entries = 3;
	unit_ok(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err);
	ck_assert_uint_eq(scan.budget.octets, 0);
	ck_assert_uint_eq(scan.budget.entries, 0);
	scan.budget.octets = 3 * der.size - 1;
	scan.budget.entries = 3;
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: the archives unpack to more than the limit");
	scan.budget.octets = 3 * der.size;
	scan.budget.entries = 2;
	unit_fails(trust_scan_content(&scan, bytes_view(&archive), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: the archives have more members than the limit");
}
END_TEST

/* Many, in little room: those that are none are told one by one, too. */
START_TEST(certificates_beyond_the_budget_are_too_large)
{
	static const char pem[] = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
	                          "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
	struct view       text = {(const uint8_t *)pem, sizeof pem - 1};
	struct error      err = {0};

	scan.budget.certificates = 3;
	unit_ok(trust_scan_content(&scan, text, "a", &err), &err);
	unit_ok(trust_scan_content(&scan, bytes_view(&der), "a", &err), &err);
	ck_assert_uint_eq(scan.budget.certificates, 0);
	unit_fails(trust_scan_content(&scan, bytes_view(&der), "a", &err), &err, ERROR_TOO_LARGE,
	    "there are more certificates than the limit");
	scan.budget.certificates = 1;
	unit_fails(trust_scan_content(&scan, text, "a", &err), &err, ERROR_TOO_LARGE,
	    "there are more certificates than the limit");
}
END_TEST

START_TEST(archive_with_a_huge_member_names_it)
{
	AUTO_BYTES   archive = {0};
	AUTO_BYTES   archives = {0};
	AUTO_BYTES   huge = {0};
	struct error err = {0};

	(void)bytes_extend(&huge, TRUST_MEMBER_MAX + 1);
	pack("huge", bytes_view(&huge), 1, true, &archive);
	pack("small.gz", bytes_view(&archive), 1, true, &archives);
	unit_ok(trust_scan_content(&scan, bytes_view(&archives), "a", &err), &err);
	ck_assert_str_eq(told, "-a: small.gz: huge: it is too large\n");
}
END_TEST

START_TEST(archive_cut_off_is_malformed)
{
	AUTO_BYTES   archive = {0};
	struct error err = {0};

	pack("m", bytes_view(&der), 2, false, &archive);
	ck_assert_int_eq(
	    trust_scan_content(&scan, (struct view){archive.data, 1300}, "a", &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, "a: the archive cannot be read: ", 31) == 0, "%s", err.detail);
}
END_TEST

START_TEST(archives_too_deep_are_too_large)
{
	struct bytes nested = {0};
	struct error err = {0};

	bytes_append(&nested, der.data, der.size);
	for (size_t i = 0; i < 5; i++) {
		struct bytes outer = {0};

		if (i == 4) {
			unit_ok(trust_scan_content(&scan, bytes_view(&nested), "a", &err), &err);
			ck_assert_str_eq(told, "+a: m: m: m: m\n");
		}
		pack("m", bytes_view(&nested), 1, true, &outer);
		bytes_clear(&nested);
		nested = outer;
	}
	unit_fails(trust_scan_content(&scan, bytes_view(&nested), "a", &err), &err, ERROR_TOO_LARGE,
	    "a: m: m: m: m: more than 4 nested archives");
	bytes_clear(&nested);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trust_scan");
	TCase *tcase = tcase_create("content");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, content_of_a_certificate_is_one);
	tcase_add_test(tcase, content_of_another_kind_is_counted);
	tcase_add_test(tcase, content_cut_off_is_unreadable);
	tcase_add_test(tcase, directory_beyond_the_budget_is_too_large);
	tcase_add_test(tcase, archive_with_a_name_of_another_locale_is_looked_through);
	tcase_add_test(tcase, directory_that_changes_or_cannot_be_read_is_an_error);
	tcase_add_test(tcase, archive_that_another_program_would_unpack_is_refused);
	tcase_add_test(tcase, archive_in_an_archive_is_looked_through);
	tcase_add_loop_test(tcase, archive_compressed_is_looked_through, 0, FILTERS);
	tcase_add_loop_test(tcase, archive_that_is_a_bomb_is_too_large, 0, FILTERS);
	tcase_add_loop_test(tcase, archive_compressed_and_damaged_is_malformed, 0, FILTERS);
	tcase_add_test(tcase, archive_above_the_budget_is_read_no_further);
	tcase_add_test(tcase, archive_compressed_twice_is_too_large);
	tcase_add_test(tcase, archives_beyond_the_budget_are_too_large);
	tcase_add_test(tcase, certificates_beyond_the_budget_are_too_large);
	tcase_add_test(tcase, archive_with_a_huge_member_names_it);
	tcase_add_test(tcase, archive_cut_off_is_malformed);
	tcase_add_test(tcase, archives_too_deep_are_too_large);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
