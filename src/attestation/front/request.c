/* Decodes the two requests; refuses early everything that can be refused without keys and store. */
#include "config.h"

#include "attestation/front/request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http/json.h"
#include "tpm/ak.h"
#include "tpm/creation.h"
#include "tpm/vendor.h"
#include "util/error.h"
#include "util/utf8.h"

#define STRUCTURE_MAX ((size_t)8 * 1024)
#define CLAIM_MAX 255U
#define SECRET_MAX 64U

static const struct json_member info_members[] = {
    JSON_VALUE("manufacturer"),
    JSON_VALUE("model"),
    JSON_VALUE("firmwareVersion"),
    {0},
};

static const struct json_member params_members[] = {
    JSON_VALUE("public"),
    JSON_VALUE("createData"),
    JSON_VALUE("createAttestation"),
    JSON_VALUE("createSignature"),
    {0},
};

static const struct json_member attest_members[] = {
    JSON_ADVISORY("tpmInfo", info_members),
    JSON_ADVISORY("wishedName", NULL),
    JSON_VALUE("ek"),
    JSON_VALUE("ekPublic"),
    JSON_LIST("ekCerts", NULL),
    JSON_OBJECT("params", params_members),
    {0},
};

static const struct json_member secret_members[] = {JSON_VALUE("secret"), {0}};

/* Reads a claim: text or a number; any other value counts as no claim. */
static void
claim_decode(const json_t *info, const char *key, struct bytes *out)
{
	const json_t *value = json_object_get(info, key);
	char          text[CLAIM_MAX + 1] = "";

	if (json_is_integer(value))
		(void)snprintf(text, sizeof text, "%" PRId64, (int64_t)json_integer_value(value));
	else if (json_is_string(value))
		tpm_vendor_clean((const uint8_t *)json_string_value(value), json_string_length(value), text,
		    sizeof text);
	bytes_append(out, text, strlen(text));
}

/* The name that the device would like to have: any other value than text counts as none. */
static void
wish_decode(const json_t *body, struct bytes *out)
{
	const json_t *value = json_object_get(body, "wishedName");
	char          text[CLAIM_MAX + 1] = "";

	if (json_is_string(value))
		utf8_clean((const uint8_t *)json_string_value(value), json_string_length(value), text,
		    sizeof text);
	bytes_append(out, text, strlen(text));
}

/* These claims are advisory and not part of the proof: nothing here refuses a request. */
static void
claims_decode(const json_t *body, struct attest_request *request)
{
	const json_t *info = json_object_get(body, "tpmInfo");

	claim_decode(info, "manufacturer", &request->manufacturer);
	claim_decode(info, "model", &request->model);
	claim_decode(info, "firmwareVersion", &request->firmware);
	wish_decode(body, &request->wish);
}

/* Bounds and decodes the EK certificates; the keeper verifies them. */
static int
certificates_decode(const json_t *body, struct attest_request *request, struct error *err)
{
	const json_t *list = json_object_get(body, "ekCerts");
	const json_t *item;
	size_t        i;

	if (list == NULL || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return error_set(err, ERROR_MALFORMED, "\"ekCerts\" is not an array");
	if (json_array_size(list) > ATTESTATION_CERTIFICATES_MAX)
		return error_set(err, ERROR_MALFORMED, "\"ekCerts\" holds %zu certificates, at most %u are read",
		    json_array_size(list), ATTESTATION_CERTIFICATES_MAX);
	request->certificate_count = json_array_size(list);
	json_array_foreach(list, i, item)
	{
		if (json_bytes(item, "ekCerts", ATTESTATION_CERTIFICATE_MAX, &request->certificates[i], err) != 0)
			return -1;
	}
	return 0;
}

static int
structures_decode(const json_t *body, struct attest_request *request, struct error *err)
{
	const json_t *params = json_object_get(body, "params");

	if (!json_is_object(params))
		return error_set(err, ERROR_MALFORMED, "\"params\" is missing or not an object");
	if (json_get_bytes(body, "ek", STRUCTURE_MAX, true, &request->ek, err) != 0 ||
	    json_get_bytes(body, "ekPublic", STRUCTURE_MAX, false, &request->ek_public, err) != 0 ||
	    json_get_bytes(params, "public", STRUCTURE_MAX, true, &request->ak_public, err) != 0 ||
	    json_get_bytes(params, "createData", STRUCTURE_MAX, true, &request->create_data, err) != 0 ||
	    json_get_bytes(params, "createAttestation", STRUCTURE_MAX, true, &request->attestation,
	        err) != 0)
		return -1;
	return json_get_bytes(params, "createSignature", STRUCTURE_MAX, true, &request->signature, err);
}

/* Checks rules 1 to 8 of WIRE.md §2; the keeper checks them again. */
static int
attestation_check(const struct attest_request *request, struct error *err)
{
	struct tpm_creation creation = {
	    .create_data = bytes_view(&request->create_data),
	    .attestation = bytes_view(&request->attestation),
	    .signature = bytes_view(&request->signature),
	};
	struct tpm_ak ak = {0};
	int           rc = -1;

	if (tpm_ak_decode(bytes_view(&request->ak_public), &ak, err) == 0)
		rc = tpm_creation_verify(&ak, &creation, err);
	tpm_ak_clear(&ak);
	return rc;
}

int
attest_request_decode(struct view body, struct attest_request *request, struct error *err)
{
	json_t *object = NULL;
	int     rc = -1;

	*request = (struct attest_request){0};
	if (json_members_decode(body, attest_members, &object, err) == 0 && certificates_decode(object, request, err) == 0 &&
	    structures_decode(object, request, err) == 0) {
		claims_decode(object, request);
		rc = attestation_check(request, err);
	}
	json_decref(object);
	return rc;
}

void
attest_request_clear(struct attest_request *request)
{
	bytes_clear(&request->manufacturer);
	bytes_clear(&request->model);
	bytes_clear(&request->firmware);
	bytes_clear(&request->wish);
	bytes_clear(&request->ek);
	bytes_clear(&request->ek_public);
	bytes_clear(&request->ak_public);
	for (size_t i = 0; i < request->certificate_count; i++)
		bytes_clear(&request->certificates[i]);
	bytes_clear(&request->create_data);
	bytes_clear(&request->attestation);
	bytes_clear(&request->signature);
}

int
secret_request_decode(struct view body, struct bytes *secret, struct error *err)
{
	json_t *object = NULL;
	int     rc = -1;

	if (json_members_decode(body, secret_members, &object, err) == 0)
		rc = json_get_bytes(object, "secret", SECRET_MAX, true, secret, err);
	json_decref(object);
	return rc;
}
