/* Formats answers as JSON; the content comes from the keeper. */
#include "config.h"

#include "acme/front/render.h"

#include <string.h>

#include "acme/front/jws.h"
#include "util/clock.h"
#include "util/error.h"

char *
render_url(const char *base, const char *path, struct view first, struct view second)
{
	AUTO_BYTES  url = {0};
	struct view ids[] = {first, second};
	size_t      used = 0;

	bytes_append(&url, base, strlen(base));
	for (; *path != '\0'; path++) {
		if (*path == '*' && used < 2) {
			bytes_append(&url, ids[used].data, ids[used].size);
			used++;
		} else {
			bytes_append(&url, path, 1);
		}
	}
	bytes_append_u8(&url, '\0');
	return memory_strdup((const char *)url.data);
}

char *
render_link(const char *url, const char *relation)
{
	AUTO_BYTES link = {0};

	bytes_append(&link, "<", 1);
	bytes_append(&link, url, strlen(url));
	bytes_append(&link, ">;rel=\"", 7);
	bytes_append(&link, relation, strlen(relation));
	bytes_append(&link, "\"", 2);
	return memory_strdup((const char *)link.data);
}

/* Adds a member whose value is that URL. */
static void
put_url(json_t *object, const char *key, const char *base, const char *path, struct view id)
{
	AUTO_FREE char *url = render_url(base, path, id, (struct view){0});

	json_object_set_new(object, key, json_string(url));
}

static void
append_url(json_t *list, const char *base, const char *path, struct view id)
{
	AUTO_FREE char *url = render_url(base, path, id, (struct view){0});

	json_array_append_new(list, json_string(url));
}

static json_t *
text_json(struct view text)
{
	return json_stringn(text.size != 0 ? (const char *)text.data : "", text.size);
}

static void
put_text(json_t *object, const char *key, struct view text)
{
	json_object_set_new(object, key, text_json(text));
}

/* A date of 0 means not given. */
static void
put_date(json_t *object, const char *key, int64_t when)
{
	char text[CLOCK_TEXT_SIZE];

	if (when == 0)
		return;
	clock_format(when, text);
	json_object_set_new(object, key, json_string(text));
}

static void
put_status(json_t *object, enum status status)
{
	json_object_set_new(object, "status", json_string(status_name(status)));
}

static json_t *
identifier_json(const struct acme_identifier *identifier)
{
	json_t *object = json_object();

	put_text(object, "type", identifier->type);
	put_text(object, "value", identifier->value);
	return object;
}

json_t *
render_directory(const char *base, const char *terms, const char *website)
{
	static const struct {
		const char *key;
		const char *path;
	} resources[] = {
	    {"newNonce", ACME_PATH_NEW_NONCE},
	    {"newAccount", ACME_PATH_NEW_ACCOUNT},
	    {"newOrder", ACME_PATH_NEW_ORDER},
	    {"revokeCert", ACME_PATH_REVOKE},
	    {"keyChange", ACME_PATH_KEY_CHANGE},
	};
	json_t *directory = json_object();
	json_t *meta = json_object();

	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++)
		put_url(directory, resources[i].key, base, resources[i].path, (struct view){0});
	if (terms[0] != '\0')
		json_object_set_new(meta, "termsOfService", json_string(terms));
	if (website[0] != '\0')
		json_object_set_new(meta, "website", json_string(website));
	if (json_object_size(meta) != 0)
		json_object_set(directory, "meta", meta);
	json_decref(meta);
	return directory;
}

json_t *
render_account(const char *base, const struct acme_account *account)
{
	json_t *object = json_object();
	json_t *contacts = json_array();

	put_status(object, account->status);
	for (size_t i = 0; i < account->contact_count; i++)
		json_array_append_new(contacts, text_json(account->contacts[i]));
	if (account->contact_count != 0)
		json_object_set(object, "contact", contacts);
	json_decref(contacts);
	if (account->terms_agreed)
		json_object_set_new(object, "termsOfServiceAgreed", json_true());
	put_url(object, "orders", base, ACME_PATH_ORDERS, account->id);
	return object;
}

json_t *
render_orders(const char *base, const struct acme_orders *orders)
{
	json_t *list = json_array();

	for (size_t i = 0; i < orders->count; i++)
		append_url(list, base, ACME_PATH_ORDER, orders->ids[i]);
	return json_pack("{s:o}", "orders", list);
}

const char *
render_problem_type(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NOT_FOUND:
	case ERROR_METHOD_NOT_ALLOWED:
	case ERROR_CONFLICT:
	case ERROR_TIMEOUT:
	case ERROR_TOO_LARGE:
		return error_type(ERROR_MALFORMED);
	case ERROR_OVERLOADED:
		return error_type(ERROR_INTERNAL);
	case ERROR_BAD_ATTESTATION:
	case ERROR_NOT_ENROLLED:
	case ERROR_ENROLMENT_WAITS:
	case ERROR_ENROLMENT_DENIED:
	case ERROR_DEVICE_DISABLED:
	case ERROR_EK_UNTRUSTED:
	case ERROR_UNKNOWN_SECRET: /* of the attestation protocol */
		return error_type(ERROR_UNAUTHORIZED);
	default:
		return error_type(kind);
	}
}

static json_t *
problem_json(enum error_kind kind, struct view detail)
{
	json_t         *object = json_object();
	AUTO_BYTES      type = {0};
	const char     *name = render_problem_type(kind);
	json_t         *text = text_json(detail);

	bytes_append(&type, ACME_NAMESPACE, strlen(ACME_NAMESPACE));
	bytes_append(&type, name, strlen(name) + 1);
	json_object_set_new(object, "type", json_string((const char *)type.data));
	json_object_set_new(object, "title", json_string(error_title(kind)));
	json_object_set_new(object, "status", json_integer(error_status(kind)));
	/* A detail may contain a client's text, cut inside a character. */
	json_object_set_new(object, "detail", text != NULL ? text : json_string(error_title(kind)));
	return object;
}

static void
put_problem(json_t *object, const struct acme_problem *problem)
{
	if (problem->detail.size != 0)
		json_object_set_new(object, "error", problem_json(problem->kind, problem->detail));
}

json_t *
render_order(const char *base, const struct acme_order *order)
{
	json_t *object = json_object();
	json_t *identifiers = json_array();
	json_t *authorizations = json_array();

	for (size_t i = 0; i < order->identifier_count; i++)
		json_array_append_new(identifiers, identifier_json(&order->identifiers[i]));
	for (size_t i = 0; i < order->authorization_count; i++)
		append_url(authorizations, base, ACME_PATH_AUTHORIZATION, order->authorizations[i]);
	put_status(object, order->status);
	put_date(object, "expires", order->expires);
	json_object_set_new(object, "identifiers", identifiers);
	put_date(object, "notBefore", order->not_before);
	put_date(object, "notAfter", order->not_after);
	put_problem(object, &order->error);
	json_object_set_new(object, "authorizations", authorizations);
	put_url(object, "finalize", base, ACME_PATH_FINALIZE, order->id);
	if (order->certificate.size != 0)
		put_url(object, "certificate", base, ACME_PATH_CERTIFICATE, order->certificate);
	return object;
}

json_t *
render_challenge(const char *base, const struct acme_authorization *authorization)
{
	json_t *object = json_object();

	json_object_set_new(object, "type", json_string("device-attest-01"));
	put_url(object, "url", base, ACME_PATH_CHALLENGE, authorization->id);
	put_status(object, authorization->challenge_status);
	put_text(object, "token", authorization->token);
	put_date(object, "validated", authorization->validated);
	put_problem(object, &authorization->error);
	return object;
}

json_t *
render_authorization(const char *base, const struct acme_authorization *authorization)
{
	json_t *object = json_object();

	json_object_set_new(object, "identifier", identifier_json(&authorization->identifier));
	put_status(object, authorization->status);
	put_date(object, "expires", authorization->expires);
	json_object_set_new(object, "challenges",
	    json_pack("[o]", render_challenge(base, authorization)));
	return object;
}

static json_t *
subproblems_json(const struct acme_refusal *refusal)
{
	json_t *list = json_array();

	for (size_t i = 0; i < refusal->subproblem_count; i++) {
		const struct acme_subproblem *sub = &refusal->subproblems[i];
		json_t *object = problem_json(sub->problem.kind, sub->problem.detail);

		json_object_set_new(object, "identifier", identifier_json(&sub->identifier));
		json_array_append_new(list, object);
	}
	return list;
}

json_t *
render_problem(const struct error *err, const struct acme_refusal *refusal)
{
	json_t *object = problem_json(err->kind,
	    view_text(err->detail));

	if (err->kind == ERROR_BAD_SIGNATURE_ALGORITHM)
		json_object_set_new(object, "algorithms", jws_algorithms());
	if (refusal != NULL && refusal->subproblem_count != 0)
		json_object_set_new(object, "subproblems", subproblems_json(refusal));
	return object;
}
