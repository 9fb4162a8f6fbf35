/* What front and keeper of the ACME server may say to each other, and nothing else. */
#include "config.h"

#include <string.h>

#include "acme/message.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}

static const char id[] = "AAAAAAAAAAAAAAAAAAAAAA";
static const char other_id[] = "BBBBBBBBBBBBBBBBBBBBBB";

/* Every field of every kind has a value that is not its default. */
static struct acme_question
question_full(enum acme_question_kind kind)
{
	return (struct acme_question){
	    .request = 17,
	    .kind = kind,
	    .account = TEXT(id),
	    .object = TEXT(other_id),
	    .jwk = TEXT("{\"kty\":\"EC\"}"),
	    .thumbprint = TEXT("0123456789012345678901234567890123456789012"),
	    .old_thumbprint = TEXT("abcdefghijabcdefghijabcdefghijabcdefghijabc"),
	    .contacts = {TEXT("mailto:a@example"), TEXT("mailto:b@example")},
	    .contact_count = 2,
	    .flags = ACME_FLAG_TERMS_AGREED,
	    .cursor = TEXT(id),
	    .identifiers = {{TEXT("permanent-identifier"), TEXT("n\xc3\xb6rdlich")}, {TEXT("dns"), TEXT("x")}},
	    .identifier_count = 2,
	    .not_before = 1,
	    .not_after = INT64_MAX,
	    .statement = {.format = TEXT("tpm"),
	        .alg = -257,
	        .chain = {TEXT("leaf"), TEXT("ca")},
	        .chain_count = 2,
	        .signature = TEXT("sig"),
	        .cert_info = TEXT("info\0\xff"),
	        .pub_area = TEXT("pub")},
	    .problem = {ERROR_BAD_ATTESTATION_STATEMENT, TEXT("no CBOR")},
	    .csr = TEXT("csr"),
	    .certificate = TEXT("certificate"),
	    .reason = 1,
	    .spki = TEXT("spki"),
	};
}

static struct acme_answer
answer_full(enum acme_answer_kind kind)
{
	struct acme_answer answer = {.kind = kind};

	switch (kind) {
	case ACME_ANSWER_REFUSAL:
		answer.refusal = (struct acme_refusal){
		    .problem = {ERROR_REJECTED_IDENTIFIER, TEXT("no")},
		    .object = TEXT(id),
		    .retry_after = 60,
		    .subproblems = {{{ERROR_MALFORMED, TEXT("a slash")}, {TEXT("dns"), TEXT("a/b")}}},
		    .subproblem_count = 1,
		};
		break;
	case ACME_ANSWER_ACCOUNT:
		answer.account = (struct acme_account){
		    .id = TEXT(id),
		    .status = STATUS_DEACTIVATED,
		    .jwk = TEXT("{}"),
		    .thumbprint = TEXT("t"),
		    .contacts = {TEXT("mailto:a@example")},
		    .contact_count = 1,
		    .terms_agreed = true,
		    .created = true,
		};
		break;
	case ACME_ANSWER_ORDERS:
		answer.orders = (struct acme_orders){{TEXT(id), TEXT(other_id)}, 2, TEXT(other_id)};
		break;
	case ACME_ANSWER_ORDER:
		answer.order = (struct acme_order){
		    .id = TEXT(id),
		    .status = STATUS_READY,
		    .expires = 5,
		    .not_before = 6,
		    .not_after = 7,
		    .identifiers = {{TEXT("permanent-identifier"), TEXT("a")}},
		    .identifier_count = 1,
		    .authorizations = {TEXT(other_id)},
		    .authorization_count = 1,
		    .certificate = TEXT(id),
		    .error = {ERROR_BAD_CSR, TEXT("no")},
		};
		break;
	case ACME_ANSWER_AUTHORIZATION:
		answer.authorization = (struct acme_authorization){
		    .id = TEXT(id),
		    .status = STATUS_VALID,
		    .expires = 5,
		    .identifier = {TEXT("permanent-identifier"), TEXT("a")},
		    .challenge_status = STATUS_VALID,
		    .token = TEXT(other_id),
		    .validated = 4,
		    .error = {ERROR_BAD_ATTESTATION_STATEMENT, TEXT("no")},
		};
		break;
	case ACME_ANSWER_CERTIFICATE:
		answer.certificate = (struct view)TEXT("-----BEGIN");
		break;
	default:
		break;
	}
	return answer;
}

START_TEST(question_decode_every_kind_encodes_to_the_same)
{
	struct acme_question question = question_full((enum acme_question_kind)_i);
	struct acme_question decoded;
	struct error         err = {0};
	AUTO_BYTES           first = {0};
	AUTO_BYTES           second = {0};

	acme_question_encode(&question, &first);
	unit_ok(acme_question_decode(bytes_view(&first), &decoded, &err), &err);
	ck_assert_int_eq((int)decoded.kind, _i);
	ck_assert_uint_eq(decoded.request, 17);
	acme_question_encode(&decoded, &second);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&second)));
}
END_TEST

START_TEST(question_decode_cut_off_anywhere_or_longer_is_malformed)
{
	struct acme_question question = question_full((enum acme_question_kind)_i);
	struct acme_question decoded;
	struct error         err = {0};
	AUTO_BYTES           body = {0};

	acme_question_encode(&question, &body);
	for (size_t size = 0; size < body.size; size++) {
		ck_assert_int_eq(acme_question_decode((struct view){body.data, size}, &decoded, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	bytes_append_u8(&body, 0);
	unit_fails(acme_question_decode(bytes_view(&body), &decoded, &err), &err, ERROR_MALFORMED,
	    "1 octets are left over after the CBOR");
}
END_TEST

START_TEST(answer_decode_every_kind_encodes_to_the_same)
{
	struct acme_answer answer = answer_full((enum acme_answer_kind)_i);
	struct acme_answer decoded;
	struct error       err = {0};
	AUTO_BYTES         first = {0};
	AUTO_BYTES         second = {0};

	acme_answer_encode(&answer, &first);
	unit_ok(acme_answer_decode(bytes_view(&first), &decoded, &err), &err);
	ck_assert_int_eq((int)decoded.kind, _i);
	acme_answer_encode(&decoded, &second);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&second)));
}
END_TEST

START_TEST(answer_decode_cut_off_anywhere_or_longer_is_malformed)
{
	struct acme_answer answer = answer_full((enum acme_answer_kind)_i);
	struct acme_answer decoded;
	struct error       err = {0};
	AUTO_BYTES         body = {0};

	acme_answer_encode(&answer, &body);
	for (size_t size = 0; size < body.size; size++) {
		ck_assert_int_eq(acme_answer_decode((struct view){body.data, size}, &decoded, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	bytes_append_u8(&body, 0);
	ck_assert_int_eq(acme_answer_decode(bytes_view(&body), &decoded, &err), -1);
}
END_TEST

/* Questions that break one bound each. */
static void
change_id(struct acme_question *question)
{
	static const uint8_t long_id[33] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

	question->kind = ACME_ORDER_GET;
	question->object = (struct view){long_id, sizeof long_id};
}

static void
change_control(struct acme_question *question)
{
	question->kind = ACME_ORDER_NEW;
	question->identifiers[1].value = (struct view)TEXT("a\nb");
}

static void
change_nul(struct acme_question *question)
{
	question->kind = ACME_ORDER_NEW;
	question->identifiers[0].value = (struct view)TEXT("a\0b");
}

static void
change_utf8(struct acme_question *question)
{
	question->kind = ACME_ACCOUNT_NEW;
	question->contacts[1] = (struct view)TEXT("mailto:\xff@example");
}

static void
change_flags(struct acme_question *question)
{
	question->kind = ACME_ACCOUNT_UPDATE;
	question->flags = 16;
}

static void
change_time(struct acme_question *question)
{
	question->kind = ACME_ORDER_NEW;
	question->not_after = -1;
}

static void
change_error_kind(struct acme_question *question)
{
	question->kind = ACME_CHALLENGE_FAIL;
	question->problem.kind = ERROR_KIND_COUNT;
}

static void
change_signature(struct acme_question *question)
{
	static const uint8_t signature[4097];

	question->kind = ACME_CHALLENGE_ANSWER;
	question->statement.signature = (struct view){signature, sizeof signature};
}

static void (*const changes[])(struct acme_question *question) = {
    change_id, change_control, change_nul, change_utf8, change_flags, change_time,
    change_error_kind, change_signature,
};

START_TEST(question_decode_beyond_a_bound_is_malformed)
{
	struct acme_question question = question_full(ACME_ACCOUNT_NEW);
	struct acme_question decoded;
	struct error         err = {0};
	AUTO_BYTES           body = {0};

	changes[_i](&question);
	acme_question_encode(&question, &body);
	ck_assert_int_eq(acme_question_decode(bytes_view(&body), &decoded, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(question_decode_of_another_kinds_fields_is_malformed)
{
	struct acme_question question = question_full(ACME_ORDER_GET);
	struct acme_question decoded;
	struct error         err = {0};
	AUTO_BYTES           body = {0};

	acme_question_encode(&question, &body);
	body.data[1] = ACME_ORDER_NEW;
	unit_fails(acme_question_decode(bytes_view(&body), &decoded, &err), &err, ERROR_MALFORMED,
	    "no question of kind 5 has 5 items");
}
END_TEST

START_TEST(greeting_decode_gives_back_every_field)
{
	struct acme_greeting greeting = {
	    .service = {.body_max = 1, .header_max = 2, .connections_max = 3, .idle_ms = 4,
	        .request_ms = 5, .log_level = 6, .tls_chain = TEXT("chain"), .tls_key = TEXT("key")},
	    .base = TEXT("https://ca"), .terms = TEXT("t"), .website = TEXT("w"),
	};
	struct acme_greeting decoded;
	struct error         err = {0};
	AUTO_BYTES           first = {0};
	AUTO_BYTES           second = {0};

	acme_greeting_encode(&greeting, &first);
	unit_ok(acme_greeting_decode(bytes_view(&first), &decoded, &err), &err);
	ck_assert_uint_eq(decoded.service.log_level, 6);
	ck_assert(view_equal(decoded.service.tls_key, greeting.service.tls_key));
	acme_greeting_encode(&decoded, &second);
	ck_assert(view_equal(bytes_view(&first), bytes_view(&second)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_message");
	TCase *tc = tcase_create("message");

	tcase_add_loop_test(tc, question_decode_every_kind_encodes_to_the_same, 0, ACME_QUESTION_COUNT);
	tcase_add_loop_test(tc, question_decode_cut_off_anywhere_or_longer_is_malformed, 0,
	    ACME_QUESTION_COUNT);
	tcase_add_loop_test(tc, answer_decode_every_kind_encodes_to_the_same, 0, ACME_ANSWER_COUNT);
	tcase_add_loop_test(tc, answer_decode_cut_off_anywhere_or_longer_is_malformed, 0,
	    ACME_ANSWER_COUNT);
	tcase_add_loop_test(tc, question_decode_beyond_a_bound_is_malformed, 0,
	    sizeof changes / sizeof changes[0]);
	tcase_add_test(tc, question_decode_of_another_kinds_fields_is_malformed);
	tcase_add_test(tc, greeting_decode_gives_back_every_field);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
