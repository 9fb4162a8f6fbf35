/*
 * The keeper of the attestation CA before a front that somebody else controls:
 * this test speaks the channel. Whatever it sends, no credential is made for what
 * was not checked, and no certificate for what was not activated.
 */
#include "config.h"

#include "cleansed.h"
#include "keeper_world.h"

#include <sys/stat.h>

#include <poll.h>
#include <stdio.h>

#include <openssl/x509.h>

#include "service/file.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/sql.h"

static void
setup(void)
{
	world_prepare();
	world_start();
}

START_TEST(certify_activated_key_gives_its_certificate)
{
	AUTO_BYTES              secret = {0};
	AUTO_BYTES              body = {0};
	struct attestation_question question;
	struct attestation_answer   answer;
	X509                   *certificate = NULL;
	int64_t                 before = clock_now();
	struct error            err = {0};

	secret_get(fixture.front, &secret);
	question = certify_question(&secret);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
	unit_ok(certificate_decode(answer.first, &certificate, &err), &err);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), fixture.ak.key), 1);
	/* It begins five minutes back. */
	ck_assert_int_ge(certificate_not_before(certificate), before - 300);
	ck_assert_int_le(certificate_not_before(certificate), clock_now() - 300);
	X509_free(certificate);
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
}
END_TEST

/* What the front should have refused, the keeper refuses by itself, in the same words. */
START_TEST(challenge_ak_with_flaw_gives_no_credential)
{
	const struct forge_flaw_row *row = forge_flaw_row((enum forge_flaw)_i);
	struct attestation_question      question = challenge_question();
	struct forge_ak              forged = {0};

	if (row->judge != FORGE_BY_AK)
		return;
	forge_ak_make(row->ak, (enum forge_flaw)_i, &forged);
	question.challenge.ak_public = bytes_view(&forged.public);
	assert_refused(fixture.front, &question, row->kind, row->detail);
	forge_ak_clear(&forged);
}
END_TEST

/* A credential for one Name is none for another: the front has no say in the Name. */
START_TEST(challenge_credential_opens_for_the_name_of_the_public_area_only)
{
	struct attestation_question question = challenge_question();
	struct attestation_answer   answer;
	struct forge_ak         other = {0};
	AUTO_BYTES              body = {0};
	AUTO_BYTES              secret = {0};
	struct error            err = {0};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &other);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
	ck_assert(!forge_activate(&fixture.ek, &other.name, answer.first, answer.second, &secret));
	ck_assert(forge_activate(&fixture.ek, &fixture.ak.name, answer.first, answer.second, &secret));
	forge_ak_clear(&other);
}
END_TEST

/* An enrolled EK beside an own one, in every way that a front could mix them. */
START_TEST(challenge_other_ek_than_the_enrolled_gives_no_credential)
{
	struct attestation_question question = challenge_question();
	struct forge_ek         own = {0};
	struct ek_hash          hash;
	char                    text[EK_HASH_TEXT_SIZE];
	char                    detail[512];

	forge_ek_make(FORGE_P256, &own);
	hash = hash_of(&own);
	ek_hash_format(&hash, text);
	(void)snprintf(detail, sizeof detail,
	    "EK %s is not enrolled; to let it in, run: attest-ca --state-dir %s approve %s", text,
	    fixture.directory, text);
	question.challenge.ek = bytes_view(&own.spki);
	question.challenge.ek_public = bytes_view(&own.public);
	assert_refused(fixture.front, &question, ERROR_ENROLMENT_WAITS, detail);
	question.challenge.ek_public = (struct view){0};
	assert_refused(fixture.front, &question, ERROR_ENROLMENT_WAITS, detail);
	question.challenge.ek_public = bytes_view(&fixture.ek.public);
	assert_refused(fixture.front, &question, ERROR_BAD_ATTESTATION,
	    "the EK's public area holds another key than ek");
	question.challenge.ek = bytes_view(&fixture.ek.spki);
	question.challenge.ek_public = bytes_view(&own.public);
	assert_refused(fixture.front, &question, ERROR_BAD_ATTESTATION,
	    "the EK's public area holds another key than ek");
	question.challenge.ek_public = bytes_view(&fixture.ak.public);
	assert_refused(fixture.front, &question, ERROR_BAD_ATTESTATION,
	    "EK without decrypt: it cannot open a credential");
	forge_ek_clear(&own);
}
END_TEST

START_TEST(certify_without_challenge_gives_no_certificate)
{
	static const uint8_t    zeros[32] = {0};
	struct attestation_question question = {.kind = ATTESTATION_CERTIFY, .certify = {{zeros, sizeof zeros}}};

	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
	question.certify.secret.size = 0;
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
	/* Nor for the challenge's own digest, or anything else that was seen. */
	question.certify.secret = bytes_view(&fixture.ak.public);
	assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
}
END_TEST

/* Two questions with one secret, sent before either is answered: one certificate. */
START_TEST(certify_twice_at_once_gives_one_certificate)
{
	AUTO_BYTES              secret = {0};
	AUTO_BYTES              encoded = {0};
	struct attestation_question question;
	int                     certificates = 0;

	secret_get(fixture.front, &secret);
	question = certify_question(&secret);
	attestation_question_encode(&question, &encoded);
	front_send(fixture.front, CHANNEL_ASK, 1000, bytes_view(&encoded));
	front_send(fixture.front, CHANNEL_ASK, 1001, bytes_view(&encoded));
	for (int i = 0; i < 2; i++) {
		struct channel_header header;
		struct attestation_answer answer;
		AUTO_BYTES            body = {0};
		struct error          err = {0};

		ck_assert(front_hear(fixture.front, &header, &body));
		if (attestation_answer_decode(bytes_view(&body), &answer, &err) == 0)
			certificates++;
		else
			ck_assert_int_eq(err.kind, ERROR_UNKNOWN_SECRET);
	}
	ck_assert_int_eq(certificates, 1);
}
END_TEST

/* What is done to a device while its challenge is open; whatever it is, the challenge is over. */

static struct error change_err;
static size_t       change_revoked;

static void
change_remove(struct store *store, const uint8_t *hash)
{
	unit_ok(store_device_remove(store, hash, clock_now(), &change_err), &change_err);
}

static void
change_enroll(struct store *store, const uint8_t *hash)
{
	const char         *names[] = {"laptop"};
	struct store_device device = {.names = (char **)(uintptr_t)names, .name_count = 1};

	memcpy(device.ek_hash, hash, sizeof device.ek_hash);
	change_remove(store, hash);
	unit_ok(store_device_enroll(store, &device, clock_now(), &change_err), &change_err);
}

static void
change_disable(struct store *store, const uint8_t *hash)
{
	unit_ok(store_device_enable(store, hash, false, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

static void
change_enable(struct store *store, const uint8_t *hash)
{
	change_disable(store, hash);
	unit_ok(store_device_enable(store, hash, true, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

static void
change_replace(struct store *store, const uint8_t *hash)
{
	static const uint8_t other[STORE_HASH_SIZE] = {1};

	unit_ok(store_device_replace(store, hash, other, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

static void
change_replace_alike(struct store *store, const uint8_t *hash)
{
	uint8_t other[STORE_HASH_SIZE];

	memcpy(other, hash, sizeof other);
	other[STORE_HASH_SIZE - 1] ^= 1;
	unit_ok(store_device_replace(store, hash, other, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

/* No command does. */
static void
change_ek(struct store *store, const uint8_t *hash)
{
	static const char     text[] = "UPDATE device SET ek_hash = ?2 WHERE ek_hash = ?1";
	static const uint8_t  other[STORE_HASH_SIZE] = {1};
	struct sql_statement *statement;

	unit_ok(store_begin(store, &change_err), &change_err);
	ck_assert_ptr_nonnull(statement = sql_prepare(store, text, &change_err));
	sql_bind_octets(statement, 1, hash, STORE_HASH_SIZE);
	sql_bind_octets(statement, 2, other, sizeof other);
	unit_ok(sql_step(statement, "changing an EK", &change_err), &change_err);
	unit_ok(store_commit(store, &change_err), &change_err);
}

static void
change_replace_back(struct store *store, const uint8_t *hash)
{
	static const uint8_t other[STORE_HASH_SIZE] = {1};

	change_replace(store, hash);
	unit_ok(store_device_replace(store, other, hash, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

static void
change_name(struct store *store, const uint8_t *hash)
{
	const char       *names[] = {"desk"};
	struct store_edit edit = {.set_names = true, .names = names, .name_count = 1};

	unit_ok(store_device_set(store, hash, &edit, clock_now(), &change_revoked, &change_err),
	    &change_err);
}

static const struct {
	void (*change)(struct store *store, const uint8_t *hash);
	enum error_kind kind;
	const char     *detail; /* NULL: the hash is in it */
} changes[] = {
    {change_remove, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_disable, ERROR_DEVICE_DISABLED, NULL},
    /* others in its row: one that begins alike, and one that does not but has its revision */
    {change_replace_alike, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_ek, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_replace, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_enroll, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_enable, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
    {change_replace_back, ERROR_OVERLOADED,
        "the device has just been changed; start again with /attest"},
    {change_name, ERROR_OVERLOADED, "the device has just been changed; start again with /attest"},
};

static bool
no_certificate_cb(const struct store_certificate *certificate, void *arg)
{
	(void)certificate;
	(void)arg;
	ck_abort_msg("there is a certificate");
	return false;
}

static void
setup_quota(void)
{
	world_prepare();
	fixture.settings.device_certificates = 2;
	world_start();
}

START_TEST(certify_more_often_than_a_day_has_is_rate_limited)
{
	for (int i = 0; i < 3; i++) {
		AUTO_BYTES              secret = {0};
		AUTO_BYTES              body = {0};
		struct attestation_question question;
		struct attestation_answer   answer;
		struct error            err = {0};

		secret_get(fixture.front, &secret);
		question = certify_question(&secret);
		if (i < 2)
			unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
		else
			assert_refused(fixture.front, &question, ERROR_RATE_LIMITED,
			    "this machine has had its AK certificates of a day, 2 (device_certificates); "
			    "use the last");
	}
}
END_TEST

static void
setup_three_challenges(void)
{
	world_prepare();
	fixture.settings.challenges = 3;
	world_start();
}

static const struct {
	const char *first;
	const char *second;
	bool        same; /* one subscriber's */
} neighbours[] = {
    {"192.0.2.1:1", "192.0.2.1:2", true},
    {"192.0.2.1:1", "192.0.2.2:1", false},
    {"[2001:db8::1:2:3]:1", "[2001:db8::f]:1", true},
    {"[2001:db8::f]:1", "[2001:db8:0:1::f]:1", false},
    {"[::ffff:192.0.2.1]:1", "192.0.2.1:1", true},
};

/*
 * Whoever knows an enrolled EK could else have all challenges that there are open for it. The
 * first network has one and the second two, and the second gives way; unless both are one.
 */
START_TEST(challenge_full_table_the_network_with_most_gives_way)
{
	const char *peers[] = {neighbours[_i].first, neighbours[_i].second, neighbours[_i].second,
	    "203.0.113.1:1"};
	struct bytes secrets[4] = {{0}};
	size_t      lost = neighbours[_i].same ? 0 : 1;

	for (size_t i = 0; i < 4; i++)
		secret_get_from(fixture.front, peers[i], &secrets[i]);
	for (size_t i = 0; i < 4; i++) {
		struct attestation_question question = certify_question(&secrets[i]);
		struct attestation_answer   answer;
		AUTO_BYTES                  body = {0};
		struct error                err = {0};

		if (i == lost)
			assert_refused(fixture.front, &question, ERROR_UNKNOWN_SECRET, unknown_secret);
		else
			unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
		bytes_clear(&secrets[i]);
	}
}
END_TEST

START_TEST(certify_after_the_device_was_changed_gives_no_certificate)
{
	struct ek_hash          hash = hash_of(&fixture.ek);
	struct store           *store = NULL;
	AUTO_BYTES              secret = {0};
	struct attestation_question question;
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	secret_get(fixture.front, &secret);
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	changes[_i].change(store, hash.bytes);
	question = certify_question(&secret);
	ck_assert_int_eq(ask(fixture.front, &question, &body, &answer, &err), -1);
	ck_assert_int_eq(err.kind, changes[_i].kind);
	if (changes[_i].detail != NULL)
		ck_assert_str_eq(err.detail, changes[_i].detail);
	unit_ok(store_certificate_list(store, hash.bytes, no_certificate_cb, NULL, &err), &err);
	store_close(store);
}
END_TEST

static int
crl_is_there(void)
{
	AUTO_FREE char *path = file_join(fixture.directory, STATE_ISSUING_CRL);
	struct stat     st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Asks for a piece of a file; its octets go into *body. */
static struct file_piece
file_ask(struct file_question asked, struct bytes *body)
{
	struct channel_header header;
	struct file_piece     piece;
	AUTO_BYTES            encoded = {0};
	struct error          err = {0};

	file_question_encode(&asked, &encoded);
	front_send(fixture.front, CHANNEL_ASK, 4000, bytes_view(&encoded));
	ck_assert(front_hear(fixture.front, &header, body));
	ck_assert_uint_eq(header.id, 4000);
	unit_ok(file_piece_decode(bytes_view(body), &piece, &err), &err);
	return piece;
}

static const struct {
	const char *served;
	const char *file; /* of the state directory */
} served[] = {
    {"root.pem", STATE_ROOT_PEM},
    {"issuing.pem", STATE_ISSUING_PEM},
    {"crl", STATE_ISSUING_CRL},
    {"crl.pem", STATE_CRL_PEM},
};

START_TEST(file_that_is_served_is_that_of_the_state_directory)
{
	AUTO_FREE char   *path = file_join(fixture.directory, served[_i].file);
	AUTO_BYTES        expected = {0};
	AUTO_BYTES        body = {0};
	struct file_piece piece = file_ask((struct file_question){view_text(served[_i].served), 0, 0}, &body);
	struct error      err = {0};

	unit_ok(file_read(path, FILE_PIECE_MAX, &expected, &err), &err);
	ck_assert_uint_ne(piece.version, 0);
	ck_assert_uint_eq(piece.size, expected.size);
	ck_assert(view_equal(piece.data, bytes_view(&expected)));
}
END_TEST

START_TEST(file_of_no_name_or_no_question_is_not_there)
{
	static const uint8_t cut[] = {0x83, 0x43, 'c', 'r', 'l', 0x00};
	AUTO_BYTES           body = {0};
	AUTO_BYTES           another = {0};
	struct channel_header header;
	struct file_piece    piece = file_ask((struct file_question){VIEW("issuing.key"), 0, 0}, &body);
	struct error         err = {0};

	ck_assert_uint_eq(piece.version, 0);
	ck_assert_uint_eq(piece.data.size, 0);
	front_send(fixture.front, CHANNEL_ASK, 4001, (struct view){cut, sizeof cut});
	ck_assert(front_hear(fixture.front, &header, &another));
	unit_ok(file_piece_decode(bytes_view(&another), &piece, &err), &err);
	ck_assert_uint_eq(piece.version, 0);
}
END_TEST

/* Waits until the keeper tells of a newer version of "crl". */
static void
crl_news_wait(uint64_t known)
{
	static uint8_t   packet[CHANNEL_MESSAGE_MAX + sizeof(struct channel_header)];
	struct file_news news;
	struct error     err = {0};

	for (;;) {
		ssize_t     got = recv(fixture.front, packet, sizeof packet, 0);
		struct view body = {packet + sizeof(struct channel_header),
		    (size_t)got - sizeof(struct channel_header)};

		ck_assert_int_gt(got, (ssize_t)sizeof(struct channel_header));
		if (!file_message_is(body))
			continue;
		unit_ok(file_news_decode(body, &news, &err), &err);
		if (view_equal(news.name, VIEW("crl")) && news.version > known)
			return;
	}
}

/* A disk that was full when somebody was revoked must not hide it for half a CRL's life. */
START_TEST(crl_that_could_not_be_written_is_written_later)
{
	AUTO_FREE char         *path = file_join(fixture.directory, STATE_ISSUING_CRL);
	AUTO_BYTES              piece = {0};
	AUTO_BYTES              secret = {0};
	AUTO_BYTES              body = {0};
	struct attestation_question question;
	struct attestation_answer   answer;
	struct ek_hash          hash = hash_of(&fixture.ek);
	struct store           *store = NULL;
	uint64_t                known;
	struct error            err = {0};

	secret_get(fixture.front, &secret);
	question = certify_question(&secret);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
	known = file_ask((struct file_question){VIEW("crl"), 0, 0}, &piece).version;
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_device_remove(store, hash.bytes, clock_now(), &err), &err);
	store_close(store);
	/* When the new CRL is told, it could not be written. */
	crl_news_wait(known);
	ck_assert_int_eq(rmdir(path), 0);
	for (int turn = 0; turn < 1000 && !crl_is_there(); turn++)
		(void)poll(NULL, 0, 10);
	ck_assert(crl_is_there());
}
END_TEST

/* Octets that are no question are answered; messages that are none end the channel. */
static const struct {
	const char *octets;
	size_t      size;
} garbage[] = {
    {"", 0},
    {"\xff", 1},
    {"\x84\x02\x01\x40", 4},
    {"\x84\x07\x01\x40\x40", 5},
    {"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
    {"\x84\x02\x01\x40\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", 13},
    {"\xa0", 1},
};

START_TEST(ask_garbage_is_malformed)
{
	struct channel_header header;
	struct attestation_answer answer;
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	front_send(fixture.front, CHANNEL_ASK, 7,
	    (struct view){(const uint8_t *)garbage[_i].octets, garbage[_i].size});
	ck_assert(front_hear(fixture.front, &header, &body));
	ck_assert_int_eq(attestation_answer_decode(bytes_view(&body), &answer, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

static const struct {
	uint32_t kind;
	uint32_t id;
	size_t   size;
} broken[] = {
    {CHANNEL_SAY, 1, 10},                        /* an answer to nothing */
    {CHANNEL_TELL, 0, 10},                       /* nobody tells a keeper */
    {99, 1, 10},                                 /* no kind */
    {CHANNEL_ASK, 1, CHANNEL_MESSAGE_MAX + 1},   /* too long */
};

START_TEST(break_the_rules_ends_the_channel_and_nothing_else)
{
	AUTO_BYTES              secret = {0};
	AUTO_BYTES              body = {0};
	AUTO_FREE uint8_t      *octets = memory_new(broken[_i].size);
	struct attestation_question question;
	struct attestation_answer   answer;
	struct error            err = {0};

	secret_get(fixture.front, &secret);
	front_send(fixture.front, broken[_i].kind, broken[_i].id, (struct view){octets, broken[_i].size});
	assert_closed(fixture.front);
	(void)close(fixture.front);

	/* The challenge is still open, for the next front. */
	fixture.front = front_attach();
	question = certify_question(&secret);
	unit_ok(ask(fixture.front, &question, &body, &answer, &err), &err);
}
END_TEST

/* The questions of a front that died are answered to nobody, and the keeper goes on. */
START_TEST(front_gone_with_open_questions_harms_nothing)
{
	AUTO_BYTES              secret = {0};
	AUTO_BYTES              encoded = {0};
	struct attestation_question question;

	for (int i = 0; i < 20; i++) {
		bytes_clear(&secret);
		bytes_clear(&encoded);
		secret_get(fixture.front, &secret);
		question = certify_question(&secret);
		attestation_question_encode(&question, &encoded);
		front_send(fixture.front, CHANNEL_ASK, 4000, bytes_view(&encoded));
		(void)close(fixture.front);
		fixture.front = front_attach();
	}
	secret_get(fixture.front, &secret);
}
END_TEST

START_TEST(challenge_leaves_no_copy_of_its_secret)
{
	AUTO_BYTES secret = {0};

	cleansed_watch();
	secret_get(fixture.front, &secret);
	/* Nothing else that the keeper cleanses meanwhile has just the secret's size. */
	ck_assert_uint_eq(cleansed_count(secret.size, bytes_view(&secret)), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *tc = tcase_create("keeper");

	/* Slow keys are made once, before Check forks. */
	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA2048, 1);
	(void)forge_key(FORGE_RSA2048, 3);
	(void)forge_key(FORGE_RSA2048_E3, 0);
	(void)forge_key(FORGE_RSA2048_ROCA, 0);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, world_end);
	tcase_add_test(tc, certify_activated_key_gives_its_certificate);
	tcase_add_loop_test(tc, challenge_ak_with_flaw_gives_no_credential, 0, FORGE_FLAW_COUNT);
	tcase_add_test(tc, challenge_credential_opens_for_the_name_of_the_public_area_only);
	tcase_add_test(tc, challenge_other_ek_than_the_enrolled_gives_no_credential);
	tcase_add_test(tc, certify_without_challenge_gives_no_certificate);
	tcase_add_test(tc, certify_twice_at_once_gives_one_certificate);
	tcase_add_loop_test(tc, certify_after_the_device_was_changed_gives_no_certificate, 0,
	    sizeof changes / sizeof changes[0]);
	tcase_add_loop_test(tc, file_that_is_served_is_that_of_the_state_directory, 0,
	    sizeof served / sizeof served[0]);
	tcase_add_test(tc, file_of_no_name_or_no_question_is_not_there);
	tcase_add_test(tc, crl_that_could_not_be_written_is_written_later);
	tcase_add_loop_test(tc, ask_garbage_is_malformed, 0, sizeof garbage / sizeof garbage[0]);
	tcase_add_loop_test(tc, break_the_rules_ends_the_channel_and_nothing_else, 0,
	    sizeof broken / sizeof broken[0]);
	tcase_add_test(tc, front_gone_with_open_questions_harms_nothing);
	suite_add_tcase(suite, tc);
	tc = tcase_create("quota");
	tcase_add_checked_fixture(tc, setup_quota, world_end);
	tcase_add_test(tc, certify_more_often_than_a_day_has_is_rate_limited);
	suite_add_tcase(suite, tc);
	tc = tcase_create("one challenge");
	tcase_add_checked_fixture(tc, setup_three_challenges, world_end);
	tcase_add_loop_test(tc, challenge_full_table_the_network_with_most_gives_way, 0,
	    sizeof neighbours / sizeof neighbours[0]);
	tcase_add_test(tc, challenge_leaves_no_copy_of_its_secret);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
