/* Decodes payloads; the keeper decides on them. */
#include "config.h"

#include "acme/front/request.h"

#include <string.h>

#include "http/json.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/utf8.h"

#define TEXT_MAX        512U /* as in messages */
#define DATE_MAX        64U
#define CSR_MAX         (8U * 1024)
#define CERTIFICATE_MAX (16U * 1024)

/* What is read of each payload. */

static const struct json_member account_members[] = {
    JSON_LIST("contact", NULL),
    JSON_VALUE("termsOfServiceAgreed"),
    JSON_VALUE("onlyReturnExisting"),
    {0},
};

static const struct json_member update_members[] = {
    JSON_LIST("contact", NULL),
    JSON_VALUE("termsOfServiceAgreed"),
    JSON_VALUE("status"),
    {0},
};

static const struct json_member key_change_members[] = { /* signed by the new key */
    JSON_VALUE("account"),
    JSON_OBJECT("oldKey", jwk_members),
    {0},
};

static const struct json_member identifier_members[] = {
    JSON_VALUE("type"),
    JSON_VALUE("value"),
    {0},
};

static const struct json_member order_members[] = {
    JSON_LIST("identifiers", identifier_members),
    JSON_VALUE("notBefore"),
    JSON_VALUE("notAfter"),
    {0},
};

static const struct json_member finalize_members[] = {JSON_VALUE("csr"), {0}};
static const struct json_member authorization_members[] = {JSON_VALUE("status"), {0}};
static const struct json_member failure_members[] = {JSON_ADVISORY("detail", NULL), {0}};

static const struct json_member challenge_members[] = {
    JSON_OBJECT("error", failure_members),
    JSON_VALUE("attObj"),
    {0},
};

static const struct json_member revocation_members[] = {
    JSON_VALUE("certificate"),
    JSON_VALUE("reason"),
    {0},
};

int
request_is_empty(const struct jws *jws, struct error *err)
{
	if (jws->payload.size != 0)
		return error_set(err, ERROR_MALFORMED,
		    "the payload must be empty: this resource can only be read (POST-as-GET)");
	return 0;
}

static int
payload_decode(struct acme_request *request, const struct json_member *members, struct error *err)
{
	if (request->jws->payload.size == 0)
		return error_set(err, ERROR_MALFORMED, "the payload is empty");
	if (json_members_decode(bytes_view(&request->jws->payload), members, &request->payload, err) != 0)
		return error_wrap(err, "the payload");
	return 0;
}

/* Text for messages, logs and certificates: bounded, without control characters. */
static int
text_read(const json_t *value, const char *name, struct view *out, struct error *err)
{
	size_t used = 0;

	if (!json_is_string(value))
		return error_set(err, ERROR_MALFORMED, "%s is missing or no string", name);
	*out = (struct view){(const uint8_t *)json_string_value(value), json_string_length(value)};
	if (out->size == 0)
		return error_set(err, ERROR_MALFORMED, "%s is empty", name);
	if (out->size > TEXT_MAX)
		return error_set(err, ERROR_MALFORMED, "%s is longer than %u octets", name, TEXT_MAX);
	while (used < out->size) {
		uint32_t character = 0;
		size_t   size = utf8_decode(out->data + used, out->size - used, &character);

		if (size == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED, "%s has control characters", name);
		used += size;
	}
	return 0;
}

/* False when it is absent. */
static int
flag_read(const json_t *payload, const char *name, bool *flag, struct error *err)
{
	const json_t *value = json_object_get(payload, name);

	*flag = json_is_true(value);
	if (value != NULL && !json_is_boolean(value) && !json_is_null(value))
		return error_set(err, ERROR_MALFORMED, "\"%s\" is no boolean", name);
	return 0;
}

/* Decodes a base64url member into request->octets. */
static int
octets_read(struct acme_request *request, const char *name, size_t max, struct error *err)
{
	const char *text;

	if (json_get_text(request->payload, name, (max + 2) / 3 * 4, true, &text, err) != 0)
		return -1;
	if (text[0] == '\0')
		return error_set(err, ERROR_MALFORMED, "\"%s\" is empty", name);
	if (base64_decode(BASE64_URL, text, strlen(text), &request->octets, err) != 0)
		return error_wrap(err, "\"%s\"", name);
	return 0;
}

static int
contacts_read(const json_t *payload, struct acme_question *question, struct error *err)
{
	const json_t *list = json_object_get(payload, "contact");
	const json_t *item;
	size_t        i;

	if (list == NULL || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return error_set(err, ERROR_MALFORMED, "\"contact\" is no array");
	if (json_array_size(list) > ACME_CONTACTS_MAX)
		return error_set(err, ERROR_INVALID_CONTACT, "%zu contacts; an account has at most %u",
		    json_array_size(list), ACME_CONTACTS_MAX);
	json_array_foreach (list, i, item) {
		if (text_read(item, "a contact", &question->contacts[i], err) != 0) {
			err->kind = ERROR_INVALID_CONTACT;
			return -1;
		}
	}
	question->contact_count = json_array_size(list);
	question->flags |= ACME_FLAG_CONTACTS;
	return 0;
}

static int
terms_read(const json_t *payload, struct acme_question *question, struct error *err)
{
	bool agreed = false;

	if (flag_read(payload, "termsOfServiceAgreed", &agreed, err) != 0)
		return -1;
	question->flags |= agreed ? ACME_FLAG_TERMS_AGREED : 0U;
	return 0;
}

int
request_account_new(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	bool only_existing = false;

	question->kind = ACME_ACCOUNT_NEW;
	question->jwk = view_text(request->jws->jwk.text);
	question->thumbprint = view_text(request->jws->jwk.thumbprint);
	if (payload_decode(request, account_members, err) != 0 ||
	    contacts_read(request->payload, question, err) != 0 ||
	    terms_read(request->payload, question, err) != 0 ||
	    flag_read(request->payload, "onlyReturnExisting", &only_existing, err) != 0)
		return -1;
	question->flags &= ~(uint64_t)ACME_FLAG_CONTACTS; /* for updates only */
	question->flags |= only_existing ? ACME_FLAG_ONLY_EXISTING : 0U;
	return 0;
}

/* "status" of an update: true for deactivation, the only allowed change. */
static int
deactivation_read(const json_t *payload, bool *deactivate, struct error *err)
{
	const char *status;

	*deactivate = false;
	if (json_get_text(payload, "status", TEXT_MAX, false, &status, err) != 0)
		return -1;
	if (status == NULL || strcmp(status, "valid") == 0)
		return 0;
	if (strcmp(status, "deactivated") != 0)
		return error_set(err, ERROR_MALFORMED,
		    "\"status\" can be set to \"deactivated\" only");
	*deactivate = true;
	return 0;
}

int
request_account_update(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	bool deactivate = false;

	question->kind = ACME_ACCOUNT_UPDATE;
	if (!view_equal(question->account, question->object))
		return error_set(err, ERROR_UNAUTHORIZED, "this is another account than the kid's");
	if (request->jws->payload.size == 0)
		return 0;
	if (payload_decode(request, update_members, err) != 0 ||
	    contacts_read(request->payload, question, err) != 0 ||
	    terms_read(request->payload, question, err) != 0 ||
	    deactivation_read(request->payload, &deactivate, err) != 0)
		return -1;
	question->flags |= deactivate ? ACME_FLAG_DEACTIVATE : 0U;
	return 0;
}

int
request_account_orders(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_ACCOUNT_ORDERS;
	if (!view_equal(question->account, question->object))
		return error_set(err, ERROR_UNAUTHORIZED, "this is another account than the kid's");
	return request_is_empty(request->jws, err);
}

/* RFC 8555 §7.3.5: the new key signs {account, oldKey} for the same URL, without a nonce. */
static int
inner_check(struct acme_request *request, struct error *err)
{
	const struct jws *inner = &request->inner;

	if (inner->kid != NULL)
		return error_set(err, ERROR_MALFORMED, "it has a \"kid\"; the new key stands in \"jwk\"");
	if (jws_check(inner, request->jws->url, err) != 0)
		return -1;
	if (inner->nonce != NULL)
		return error_set(err, ERROR_MALFORMED, "it has a \"nonce\"");
	return jws_verify(inner, &inner->jwk, err);
}

static int
inner_payload_read(struct acme_request *request, struct error *err)
{
	const char *account;

	if (json_members_decode(bytes_view(&request->inner.payload), key_change_members, &request->inner_payload,
	        err) != 0 ||
	    json_get_text(request->inner_payload, "account", JWS_URL_MAX, true, &account, err) != 0)
		return -1;
	if (strcmp(account, request->jws->kid) != 0)
		return error_set(err, ERROR_MALFORMED, "its \"account\" is not the kid");
	if (jwk_read(json_object_get(request->inner_payload, "oldKey"), &request->old_key, err) != 0)
		return error_wrap(err, "\"oldKey\"");
	/* The account's key may be another by now: who signed with an earlier one changes nothing. */
	if (strcmp(request->old_key.thumbprint, request->signer) != 0)
		return error_set(err, ERROR_MALFORMED, "its \"oldKey\" is not the key of this account");
	return 0;
}

int
request_key_change(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_ACCOUNT_KEY_CHANGE;
	if (payload_decode(request, jws_members, err) != 0)
		return -1;
	if (jws_decode_object(request->payload, &request->inner, err) != 0 ||
	    inner_check(request, err) != 0 || inner_payload_read(request, err) != 0)
		return error_wrap(err, "the inner JWS");
	question->jwk = view_text(request->inner.jwk.text);
	question->thumbprint = view_text(request->inner.jwk.thumbprint);
	question->old_thumbprint = view_text(request->old_key.thumbprint);
	return 0;
}

/* 0 means not given, and so does the zero value of Go's time, which the step CLI sends. */
static int
date_read(const json_t *payload, const char *name, int64_t *when, struct error *err)
{
	const char *text;

	*when = 0;
	if (json_get_text(payload, name, DATE_MAX, false, &text, err) != 0)
		return -1;
	if (text == NULL || strncmp(text, "0001-", 5) == 0)
		return 0;
	if (!clock_parse(text, when))
		return error_set(err, ERROR_MALFORMED, "\"%s\" is no date of RFC 3339", name);
	if (*when < 1) /* before 1970: valid, and not 0 */
		*when = 1;
	return 0;
}

static int
identifiers_read(const json_t *payload, struct acme_question *question, struct error *err)
{
	const json_t *list = json_object_get(payload, "identifiers");
	const json_t *item;
	size_t        i;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return error_set(err, ERROR_MALFORMED, "\"identifiers\" is missing, empty or no array");
	if (json_array_size(list) > ACME_IDENTIFIERS_MAX)
		return error_set(err, ERROR_MALFORMED, "%zu identifiers; an order has at most %u",
		    json_array_size(list), ACME_IDENTIFIERS_MAX);
	json_array_foreach (list, i, item) {
		struct acme_identifier *identifier = &question->identifiers[i];

		if (!json_is_object(item))
			return error_set(err, ERROR_MALFORMED, "an identifier is no object");
		if (text_read(json_object_get(item, "type"), "an identifier's \"type\"",
		        &identifier->type, err) != 0 ||
		    text_read(json_object_get(item, "value"), "an identifier's \"value\"",
		        &identifier->value, err) != 0)
			return -1;
	}
	question->identifier_count = json_array_size(list);
	return 0;
}

int
request_order_new(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_ORDER_NEW;
	if (payload_decode(request, order_members, err) != 0 ||
	    identifiers_read(request->payload, question, err) != 0 ||
	    date_read(request->payload, "notBefore", &question->not_before, err) != 0)
		return -1;
	return date_read(request->payload, "notAfter", &question->not_after, err);
}

int
request_order_get(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_ORDER_GET;
	return request_is_empty(request->jws, err);
}

int
request_order_finalize(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_ORDER_FINALIZE;
	if (payload_decode(request, finalize_members, err) != 0 || octets_read(request, "csr", CSR_MAX, err) != 0)
		return -1;
	question->csr = bytes_view(&request->octets);
	return 0;
}

int
request_authorization(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	bool deactivate = false;

	question->kind = ACME_AUTHORIZATION_GET;
	if (request->jws->payload.size == 0)
		return 0;
	if (payload_decode(request, authorization_members, err) != 0 ||
	    deactivation_read(request->payload, &deactivate, err) != 0)
		return -1;
	if (deactivate)
		question->kind = ACME_AUTHORIZATION_DEACTIVATE;
	return 0;
}

/* A reason may contain the client's text; messages must not contain control characters. */
static void
detail_tidy(char *detail)
{
	uint8_t *text = (uint8_t *)detail;
	size_t   left = strlen(detail);

	while (left != 0) {
		uint32_t character = 0;
		size_t   size = utf8_decode(text, left, &character);
		bool     bad = size == 0 || utf8_is_control(character);

		size += size == 0;
		if (bad)
			memset(text, '?', size);
		text += size;
		left -= size;
	}
}

/* The statement could not be decoded: the challenge becomes invalid, with this reason. */
static int
challenge_fail(struct acme_request *request, struct acme_question *question)
{
	detail_tidy(request->failure.detail);
	question->kind = ACME_CHALLENGE_FAIL;
	question->problem.kind = ERROR_BAD_ATTESTATION_STATEMENT;
	question->problem.detail = view_text(request->failure.detail);
	return 0;
}

/* The reason of a client that gave up, as far as it can be shown. */
static int
challenge_given_up(struct acme_request *request, const json_t *error,
    struct acme_question *question)
{
	struct view  said = {0};
	struct error ignored = {0};

	if (json_is_object(error))
		error = json_object_get(error, "detail");
	if (text_read(error, "error", &said, &ignored) != 0)
		said = (struct view){0};
	error_set(&request->failure, ERROR_BAD_ATTESTATION_STATEMENT, "the client gave up%s%.*s",
	    said.size != 0 ? ": " : "", (int)(said.size < 200 ? said.size : 0),
	    said.size != 0 ? (const char *)said.data : "");
	return challenge_fail(request, question);
}

static void
statement_take(const struct webauthn_object *object, struct acme_statement *statement)
{
	const struct webauthn_statement *decoded = &object->statement;

	_Static_assert(ACME_CHAIN_MAX == WEBAUTHN_CHAIN_MAX, "every chain that is read is sent");
	*statement = (struct acme_statement){
	    .format = object->format,
	    .alg = decoded->alg,
	    .chain_count = decoded->chain_count,
	    .signature = decoded->signature,
	    .cert_info = decoded->cert_info,
	    .pub_area = decoded->pub_area,
	};
	memcpy(statement->chain, decoded->chain, sizeof decoded->chain);
}

int
request_challenge(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	const json_t *given_up;

	question->kind = ACME_AUTHORIZATION_GET;
	if (request->jws->payload.size == 0)
		return 0;
	if (payload_decode(request, challenge_members, err) != 0)
		return -1;
	given_up = json_object_get(request->payload, "error");
	if (given_up != NULL && !json_is_null(given_up))
		return challenge_given_up(request, given_up, question);
	if (json_object_get(request->payload, "attObj") == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "an answer to device-attest-01 has \"attObj\", an attestation object");
	if (octets_read(request, "attObj", WEBAUTHN_OBJECT_MAX, &request->failure) != 0 ||
	    webauthn_object_decode(bytes_view(&request->octets), &request->object,
	        &request->failure) != 0)
		return challenge_fail(request, question);
	question->kind = ACME_CHALLENGE_ANSWER;
	statement_take(&request->object, &question->statement);
	return 0;
}

int
request_certificate_get(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	question->kind = ACME_CERTIFICATE_GET;
	return request_is_empty(request->jws, err);
}

int
request_certificate_revoke(struct acme_request *request, struct acme_question *question,
    struct error *err)
{
	const json_t *reason;

	question->kind = ACME_CERTIFICATE_REVOKE;
	if (payload_decode(request, revocation_members, err) != 0 ||
	    octets_read(request, "certificate", CERTIFICATE_MAX, err) != 0)
		return -1;
	question->certificate = bytes_view(&request->octets);
	reason = json_object_get(request->payload, "reason");
	if (reason != NULL && !json_is_null(reason)) {
		if (!json_is_integer(reason))
			return error_set(err, ERROR_MALFORMED, "\"reason\" is no integer");
		if (json_integer_value(reason) < 0 || json_integer_value(reason) > 10)
			return error_set(err, ERROR_BAD_REVOCATION_REASON,
			    "%lld is no reason of RFC 5280", (long long)json_integer_value(reason));
		question->reason = (uint64_t)json_integer_value(reason);
	}
	if (request->jws->kid != NULL)
		return 0;
	if (jwk_spki(&request->jws->jwk, &request->spki, err) != 0)
		return -1;
	question->spki = bytes_view(&request->spki);
	return 0;
}

void
acme_request_clear(struct acme_request *request)
{
	json_decref(request->payload);
	json_decref(request->inner_payload);
	jws_clear(&request->inner);
	jwk_clear(&request->old_key);
	bytes_clear(&request->octets);
	bytes_clear(&request->spki);
	webauthn_object_clear(&request->object);
	*request = (struct acme_request){0};
}
