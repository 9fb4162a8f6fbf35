/* Client side of the protocol; keeps no files and prints nothing. */
#include "config.h"

#include "device/host/attestation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "device/evidence.h"
#include "device/exhibits.h"
#include "device/host/http_client.h"
#include "device/host/problem.h"
#include "device/host/retry.h"
#include "device/interrupt.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/device_credential.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/tpm.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/json_members.h"

char *
attestation_request_encode(const struct device_tpm_info *info, const struct device_ek *ek,
    const struct bytes *certificates, size_t count, const struct device_ak *ak, const char *wish)
{
	json_t *list = json_array();
	json_t *request;
	char    manufacturer[16];
	char   *text;

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, device_evidence_base64(bytes_view(&certificates[i])));
	(void)snprintf(manufacturer, sizeof manufacturer, "%u", info->manufacturer);
	request = json_pack("{s:{s:i, s:s, s:s, s:s}, s:o, s:o, s:o, s:s, s:o}",
	    "tpmInfo",
	    "version", 2,
	    "manufacturer", manufacturer,
	    "model", info->model,
	    "firmwareVersion", info->firmware,
	    "ek", device_evidence_base64(bytes_view(&ek->spki)),
	    "ekPublic", device_evidence_base64(bytes_view(&ek->area)),
	    "ekCerts", list,
	    "akCert", "",
	    "params", device_evidence_object(ak));
	if (wish != NULL)
		(void)json_object_set_new(request, "wishedName", json_string(wish));
	text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return text;
}

static const struct json_member challenge_members[] = {
    JSON_VALUE("credential"),
    JSON_VALUE("secret"),
    {0},
};

static const struct json_member issued_members[] = {JSON_LIST("chain", NULL), {0}};

/* Reads an answer that must be a JSON object; the caller decrefs. */
static json_t *
answer_object(struct view body, const struct json_member *members, struct error *err)
{
	json_t      *object;
	struct error why;

	if (json_members_decode(body, members, &object, &why) != 0)
		(void)error_set(err, why.kind, "the answer is %s", why.detail);
	return object;
}

static int
answer_bytes(const json_t *object, const char *name, struct bytes *out, struct error *err)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_string(member))
		return error_set(err, ERROR_MALFORMED, "the answer has no string \"%s\"", name);
	if (base64_decode(BASE64_STANDARD, json_string_value(member), json_string_length(member), out,
	        err) != 0)
		return error_wrap(err, "the answer's \"%s\"", name);
	return 0;
}

int
attestation_challenge_decode(struct view body, TPM2B_ID_OBJECT *credential,
    TPM2B_ENCRYPTED_SECRET *secret, struct error *err)
{
	json_t    *object = answer_object(body, challenge_members, err);
	AUTO_BYTES credential_bytes = {0};
	AUTO_BYTES secret_bytes = {0};
	size_t     used = 0;
	int        rc = -1;

	if (object == NULL)
		return -1;
	if (answer_bytes(object, "credential", &credential_bytes, err) == 0 &&
	    answer_bytes(object, "secret", &secret_bytes, err) == 0)
		rc = 0;
	json_decref(object);
	if (rc != 0)
		return -1;
	if (Tss2_MU_TPM2B_ID_OBJECT_Unmarshal(credential_bytes.data, credential_bytes.size, &used,
	        credential) != TSS2_RC_SUCCESS || used != credential_bytes.size)
		return error_set(err, ERROR_MALFORMED,
		    "the answer's \"credential\" is no TPM2B_ID_OBJECT");
	used = 0;
	if (Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal(secret_bytes.data, secret_bytes.size, &used,
	        secret) != TSS2_RC_SUCCESS || used != secret_bytes.size)
		return error_set(err, ERROR_MALFORMED,
		    "the answer's \"secret\" is no TPM2B_ENCRYPTED_SECRET");
	return 0;
}

/* Sends a request; an answer that is not 200 is a failure. */
static int
ask(struct http_client *client, const char *url, const char *path, const char *json,
    enum retry_rule rule, struct http_answer *answer, struct error *err)
{
	if (http_client_post(client, url, path, json, rule, answer, err) != 0)
		return -1;
	return answer->status == 200 ? 0 : problem_error(answer, url, "attestd", err);
}

static int
challenge_get(struct device_tpm *tpm, struct attestation *attestation,
    struct http_client *client, const char *url, TPM2B_ID_OBJECT *credential,
    TPM2B_ENCRYPTED_SECRET *secret, struct error *err)
{
	struct device_tpm_info info;
	struct bytes           certificates[ATTESTATION_CERTIFICATES_MAX];
	size_t                 count = 0;
	AUTO_ANSWER            answer = {0};

	if (device_tpm_info_read(tpm, &info, err) != 0)
		return -1;
	device_exhibits_read(tpm, attestation->ek, certificates, ATTESTATION_CERTIFICATES_MAX, &count);
	free(attestation->request);
	attestation->request = attestation_request_encode(&info, attestation->ek, certificates, count,
	    attestation->ak, attestation->wish);
	for (size_t i = 0; i < count; i++)
		bytes_clear(&certificates[i]);
	if (ask(client, url, "/attest", attestation->request, RETRY_SAFE, &answer, err) != 0)
		return -1;
	return attestation_challenge_decode(bytes_view(&answer.body), credential, secret, err);
}

static int
chain_get(struct http_client *client, const char *url, struct view secret,
    struct device_chain *chain, struct http_answer *answer, struct error *err)
{
	json_t     *request = json_pack("{s:o}", "secret", device_evidence_base64(secret));
	char       *text = json_dumps(request, JSON_COMPACT);
	json_t     *object;
	int         rc;

	json_decref(request);
	/* A secret can be used once, so the whole attestation is retried. */
	rc = ask(client, url, "/secret", text, RETRY_UNSENT, answer, err);
	free(text);
	if (rc != 0)
		return -1;
	if ((object = answer_object(bytes_view(&answer->body), issued_members, err)) == NULL)
		return -1;
	rc = device_chain_decode(json_object_get(object, "chain"), chain, err);
	json_decref(object);
	return rc;
}

int
attestation_knock(struct http_client *client, const char *url, const char *request, bool *for_now,
    long *retry_after, struct error *err)
{
	AUTO_ANSWER answer = {0};
	int         rc = ask(client, url, "/attest", request, RETRY_NONE, &answer, err);

	*for_now = answer.unsent || answer.lost || answer.status == 408 || answer.status == 429 ||
	    answer.status >= 500;
	*retry_after = answer.retry_after;
	return rc;
}

/* One attestation, from /attest to the chain; *answer is the answer to /secret. */
static int
run_once(struct device_tpm *tpm, struct attestation *attestation, struct http_client *client,
    const char *url, struct device_chain *chain, struct http_answer *answer, struct error *err)
{
	TPM2B_ID_OBJECT        credential;
	TPM2B_ENCRYPTED_SECRET secret;
	AUTO_BYTES             opened = {0};
	const struct device_credential_keys keys = {attestation->ek, attestation->ek_handle,
	    attestation->ak_handle};

	if (challenge_get(tpm, attestation, client, url, &credential, &secret, err) != 0 ||
	    device_interrupt_check(err) != 0 ||
	    device_credential_activate(tpm, &keys, &credential, &secret, &opened, err) != 0)
		return -1;
	return chain_get(client, url, bytes_view(&opened), chain, answer, err);
}

int
attestation_run(struct device_tpm *tpm, struct attestation *attestation,
    struct http_client *client, const char *url, struct device_chain *chain, struct error *err)
{
	for (unsigned int tried = 0;; tried++) {
		AUTO_ANSWER answer = {0};

		if (run_once(tpm, attestation, client, url, chain, &answer, err) == 0)
			return 0;
		if (!retry_status(answer.status, RETRY_REFUSED) ||
		    !http_client_again(client, &answer, tried, err))
			return -1;
	}
}
