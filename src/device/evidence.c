/* Converts an AK's proof to JSON and back; does not verify it. */
#include "config.h"

#include "device/evidence.h"

#include "device/tpm/device_ak.h"
#include "util/base64.h"
#include "util/error.h"

json_t *
device_evidence_base64(struct view data)
{
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, data.data, data.size);

	return json_string(text);
}

json_t *
device_evidence_object(const struct device_ak *ak)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:b}",
	    "public", device_evidence_base64(bytes_view(&ak->area)),
	    "createData", device_evidence_base64(bytes_view(&ak->create_data)),
	    "createAttestation", device_evidence_base64(bytes_view(&ak->attestation)),
	    "createSignature", device_evidence_base64(bytes_view(&ak->signature)),
	    "useTCSDActivationFormat", 0);
}

char *
device_evidence_encode(const struct device_ak *ak)
{
	json_t *object = device_evidence_object(ak);
	char   *text = json_dumps(object, JSON_INDENT(1));

	json_decref(object);
	return text;
}

static int
member_decode(const json_t *object, const char *name, struct bytes *out, struct error *err)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_string(member))
		return error_set(err, ERROR_MALFORMED, "no string \"%s\"", name);
	if (base64_decode(BASE64_STANDARD, json_string_value(member), json_string_length(member), out,
	        err) != 0)
		return error_wrap(err, "%s", name);
	return 0;
}

int
device_evidence_decode(struct view text, struct device_ak *ak, struct error *err)
{
	json_error_t problem;
	json_t      *object = json_loadb((const char *)text.data, text.size,
	         JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &problem);
	int          rc = 0;

	if (object == NULL)
		return error_set(err, ERROR_MALFORMED, "not JSON: %s", problem.text);
	if (member_decode(object, "createData", &ak->create_data, err) != 0 ||
	    member_decode(object, "createAttestation", &ak->attestation, err) != 0 ||
	    member_decode(object, "createSignature", &ak->signature, err) != 0)
		rc = -1;
	json_decref(object);
	return rc;
}
