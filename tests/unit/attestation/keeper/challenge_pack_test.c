/* What a challenge holds comes out of its octets as it went in; only its AK's number is its own. */
#include "config.h"

#include <string.h>

#include "attestation/keeper/challenge_pack.h"
#include "unit.h"

static struct challenge *
challenge_made(size_t question, const char *number)
{
	static const uint8_t root[32] = {9};
	struct challenge    *challenge = challenge_new();
	uint8_t             *octets;

	challenge->revision = INT64_MAX - 1;
	challenge->trust_revision = -3;
	challenge->policy = UINT64_MAX;
	challenge->enrolls = true;
	challenge->evidence.verdict = STORE_VERDICT_VERIFIED;
	memset(challenge->evidence.reason, 'r', STORE_REASON_MAX);
	memset(challenge->evidence.manufacturer, 'm', STORE_FACT_MAX);
	memset(challenge->evidence.model, 'o', STORE_FACT_MAX);
	memset(challenge->evidence.version, 'v', STORE_FACT_MAX);
	memset(challenge->serial, 's', SERIAL_TEXT_SIZE - 1);
	memcpy(challenge->evidence.root, root, sizeof root);
	bytes_append(&challenge->ak_public, "template", 8);
	bytes_append(&challenge->ak_public, number, strlen(number));
	challenge->ak_number = strlen(number);
	octets = bytes_extend(&challenge->question, question);
	if (question != 0)
		memset(octets, 'q', question);
	bytes_append(&challenge->ek_certificate, "certificate", 11);
	return challenge;
}

static void
assert_same(const struct challenge *one, const struct challenge *other)
{
	ck_assert_int_eq(one->revision, other->revision);
	ck_assert_int_eq(one->trust_revision, other->trust_revision);
	ck_assert_uint_eq(one->policy, other->policy);
	ck_assert_int_eq(one->enrolls, other->enrolls);
	ck_assert_int_eq((int)one->evidence.verdict, (int)other->evidence.verdict);
	ck_assert_str_eq(one->evidence.reason, other->evidence.reason);
	ck_assert_str_eq(one->evidence.manufacturer, other->evidence.manufacturer);
	ck_assert_str_eq(one->evidence.model, other->evidence.model);
	ck_assert_str_eq(one->evidence.version, other->evidence.version);
	ck_assert_mem_eq(one->evidence.root, other->evidence.root, sizeof one->evidence.root);
	ck_assert_str_eq(one->serial, other->serial);
	ck_assert_uint_eq(one->ak_number, other->ak_number);
	ck_assert(view_equal(bytes_view(&one->ak_public), bytes_view(&other->ak_public)));
	ck_assert(view_equal(bytes_view(&one->question), bytes_view(&other->question)));
	ck_assert(view_equal(bytes_view(&one->ek_certificate), bytes_view(&other->ek_certificate)));
}

static void
assert_comes_back(struct challenge *challenge)
{
	AUTO_BYTES        common = {0};
	AUTO_BYTES        own = {0};
	struct challenge *back;

	challenge_pack(challenge, &common, &own);
	ck_assert_uint_eq(challenge_own_size(bytes_view(&common)), own.size);
	ck_assert_uint_le(own.size, CHALLENGE_OWN_MAX);
	back = challenge_unpack(bytes_view(&common), bytes_view(&own));
	assert_same(challenge, back);
	challenge_free(back);
	challenge_free(challenge);
}

START_TEST(unpack_gives_what_was_packed)
{
	assert_comes_back(challenge_made(0, "number"));
	assert_comes_back(challenge_made((size_t)16 * 1024, "number"));
	assert_comes_back(challenge_made(1, ""));
	assert_comes_back(challenge_new());
}
END_TEST

/* Whether the two have all in common that challenges of many machines may have. */
static bool
are_alike(const struct challenge *one, const struct challenge *other)
{
	AUTO_BYTES first = {0};
	AUTO_BYTES second = {0};
	AUTO_BYTES own = {0};

	challenge_pack(one, &first, &own);
	challenge_pack(other, &second, &own);
	return view_equal(bytes_view(&first), bytes_view(&second));
}

START_TEST(pack_another_machine_has_the_same_in_common)
{
	struct challenge *one = challenge_made(0, "number");
	struct challenge *other = challenge_made(0, "rebmun");
	AUTO_BYTES        common = {0};
	AUTO_BYTES        own = {0};

	one->revision = 0x1234;
	other->revision = 0x4321;
	(void)strcpy(one->serial, "12ab");
	(void)strcpy(other->serial, "ab12");
	ck_assert(are_alike(one, other));
	challenge_pack(other, &common, &own);
	ck_assert(view_equal(bytes_view(&own), view_text("\x21\x43" "ab12rebmun")));
	other->trust_revision--;
	ck_assert(!are_alike(one, other));
	other->trust_revision = one->trust_revision;
	other->revision = 0x12345;
	ck_assert(!are_alike(one, other)); /* another size */
	challenge_free(one);
	challenge_free(other);
}
END_TEST

START_TEST(unpack_gives_every_revision)
{
	static const int64_t revisions[] = {0, 1, 255, 256, 65535, 65536, INT64_C(1) << 40, INT64_MAX, -1};

	for (size_t i = 0; i < sizeof revisions / sizeof revisions[0]; i++) {
		struct challenge *challenge = challenge_made(0, "number");

		challenge->revision = revisions[i];
		assert_comes_back(challenge);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("challenge_pack");
	TCase *tc = tcase_create("challenge_pack");

	tcase_add_test(tc, unpack_gives_what_was_packed);
	tcase_add_test(tc, pack_another_machine_has_the_same_in_common);
	tcase_add_test(tc, unpack_gives_every_revision);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
