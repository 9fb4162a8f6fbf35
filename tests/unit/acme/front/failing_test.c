#include "config.h"

#include <string.h>

#include "acme/front/jwk.h"
#include "acme/front/jws.h"
#include "failing.h"
#include "jws_vectors.h"
#include "unit.h"

#define URL "https://ca.example/acme/new-order"

struct message {
	const char *jws;
	const char *key; /* NULL: the message's own */
};

static const struct message messages[] = {
    {MADE_ES256, NULL},
    {MADE_ES384, NULL},
    {MADE_RS256, NULL},
    {MADE_PS256, NULL},
    {MADE_EDDSA, NULL},
    {MADE_KID, MADE_KID_JWK},
};

static int
accept_message(const void *arg, struct error *err)
{
	const struct message *message = arg;
	struct jws            jws = {0};
	struct jwk            key = {0};
	AUTO_BYTES            spki = {0};
	int                   rc = -1;

	if (jws_decode(view_text(message->jws), &jws, err) == 0 && jws_check(&jws, URL, err) == 0 &&
	    (message->key == NULL || jwk_parse(view_text(message->key), &key, err) == 0) &&
	    jws_verify(&jws, message->key != NULL ? &key : &jws.jwk, err) == 0 &&
	    jwk_spki(message->key != NULL ? &key : &jws.jwk, &spki, err) == 0)
		rc = 0;
	failing_off();
	jwk_clear(&key);
	jws_clear(&jws);
	return rc;
}

START_TEST(message_without_memory_is_verified_or_refused)
{
	failing_each(accept_message, &messages[_i]);
}
END_TEST

/* By another key of the same kind. */
START_TEST(message_of_another_key_is_refused_without_memory)
{
	static const struct message forged[] = {
	    {RFC7515_A2, NULL}, {RFC7515_A3, MADE_KID_JWK}, {MADE_KID, RFC7515_A3_KEY}};

	failing_refuses(accept_message, &forged[_i]);
}
END_TEST

/* The last octet of the signature, or of what is signed, is another one. */
START_TEST(message_that_was_changed_is_refused_without_memory)
{
	AUTO_FREE char *text = memory_strdup(messages[_i / 2].jws);
	struct message  changed = {text, messages[_i / 2].key};
	char           *at = strstr(text, _i % 2 == 0 ? "\"signature\":\"" : "\"payload\":\"");

	ck_assert_ptr_nonnull(at);
	at += strlen(_i % 2 == 0 ? "\"signature\":\"" : "\"payload\":\"") + 4;
	if (*at == '"') /* no payload */
		return;
	*at = *at == 'A' ? 'B' : 'A';
	failing_refuses(accept_message, &changed);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	suite = suite_create("acme/front/failing");
	tcase = tcase_create("failing");
	tcase_add_loop_test(tcase, message_without_memory_is_verified_or_refused, 0,
	    sizeof messages / sizeof messages[0]);
	tcase_add_loop_test(tcase, message_of_another_key_is_refused_without_memory, 0, 3);
	tcase_add_loop_test(tcase, message_that_was_changed_is_refused_without_memory, 0,
	    2 * (int)(sizeof messages / sizeof messages[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
