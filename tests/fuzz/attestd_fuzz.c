/*
 * attestd from a connection's octets to its keeper's decision: the front, the keeper, its store and
 * its CA, all real. By the first octet the rest is what a client sends, with 0xfe as a pause; or
 * edits (edits.h) of a valid request to /attest, of its structures, its JSON, its head, and of the
 * secret with which the credential is answered. Where it says so, the AK signs its evidence again.
 *
 * No answer is a failure of the server's. A credential is one that the enrolled EK opens, for the Name
 * of the AK that was shown; a certificate is given for its secret alone, and to an AK that a TPM would
 * use for nothing but attestation.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "check_alone.h"
#include "attestation/front/front.h"
#include "edits.h"
#include "forge_must.h"
#include "fuzz.h"
#include "keeper_world.h"
#include "served.h"
#include "util/base64.h"
#include "util/log.h"

enum flag {
	FLAG_RAW = 1,
	FLAG_SIGN = 2,   /* the attestation, by the AK */
	FLAG_NAME = 4,   /* it gets the AK's Name, and the hash of the creation data */
	FLAG_SECRET = 8, /* the credential is answered */
};

enum place {
	PLACE_EK,
	PLACE_EK_PUBLIC,
	PLACE_AK,
	PLACE_CREATION,
	PLACE_ATTESTATION,
	PLACE_SIGNATURE,
	PLACE_CERTIFICATE, /* of the EK; none without an edit */
	PLACE_WISH,
	PLACE_JSON,
	PLACE_HEAD,
	PLACE_SECRET,
	PLACE_COUNT
};

static void
world_remove(void)
{
	scratch_remove(fixture.directory);
}

static void
begin(void)
{
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	world_prepare();
	forge_ak_clear(&fixture.ak);
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &fixture.ak);
	fixture.settings.service.log_level = memory_strdup("error");
	if (atexit(world_remove) != 0)
		abort();
	world_start();
	served_start(fixture.front, attestation_front_run);
}

/* ---- what a client sends as it stands ---- */

static void
raw(struct view input)
{
	int        fd = served_connect();
	AUTO_BYTES answers = {0};

	while (input.size != 0) {
		const uint8_t *pause = memchr(input.data, 0xfe, input.size);
		size_t         size = pause != NULL ? (size_t)(pause - input.data) : input.size;

		if (size != 0)
			(void)!send(fd, input.data, size, MSG_NOSIGNAL);
		size += pause != NULL;
		input.data += size;
		input.size -= size;
	}
	(void)shutdown(fd, SHUT_WR);
	served_answers(fd, &answers);
	(void)served_status(&answers);
	served_close(fd);
}

/* ---- a request that is nearly right ---- */

struct parts {
	struct bytes octets[PLACE_COUNT];
	struct edits edits;
	unsigned     flags;
};

static void
part_begin(struct parts *parts, enum place place, const struct bytes *valid)
{
	if (valid->size != 0)
		bytes_append(&parts->octets[place], valid->data, valid->size);
	(void)edits_apply(&parts->edits, place, &parts->octets[place]);
}

/* Puts into an attestation that decodes what the other parts would have a TPM say. */
static void
attestation_name(struct parts *parts)
{
	struct bytes   *octets = &parts->octets[PLACE_ATTESTATION];
	struct view     creation = bytes_view(&parts->octets[PLACE_CREATION]);
	struct view     ak = bytes_view(&parts->octets[PLACE_AK]);
	TPMS_ATTEST     attest;
	TPMT_PUBLIC     area;
	size_t          offset = 0;
	size_t          used = 0;
	unsigned        size = 0;
	struct tpm_name name;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(octets->data, octets->size, &offset, &attest) != TSS2_RC_SUCCESS ||
	    attest.type != TPM2_ST_ATTEST_CREATION ||
	    Tss2_MU_TPMT_PUBLIC_Unmarshal(ak.data, ak.size, &used, &area) != TSS2_RC_SUCCESS ||
	    (area.nameAlg != TPM2_ALG_SHA256 && area.nameAlg != TPM2_ALG_SHA384 &&
	        area.nameAlg != TPM2_ALG_SHA512))
		return;
	name = forge_name(ak);
	memcpy(attest.attested.creation.objectName.name, name.bytes, name.size);
	attest.attested.creation.objectName.size = (UINT16)name.size;
	forge_must(EVP_Digest(creation.data, creation.size, attest.attested.creation.creationHash.buffer, &size,
	               forge_digest(area.nameAlg), NULL) == 1);
	attest.attested.creation.creationHash.size = (UINT16)size;
	bytes_clear(octets);
	forge_marshal_attest(&attest, octets);
}

static void
text_append(struct bytes *out, const char *text)
{
	bytes_append(out, text, strlen(text));
}

static void
member_append(const struct parts *parts, enum place place, const char *before, struct bytes *json)
{
	text_append(json, before);
	text_append(json, "\"");
	base64_append(BASE64_STANDARD, bytes_view(&parts->octets[place]), json);
	text_append(json, "\"");
}

static void
parts_make(struct parts *parts)
{
	struct bytes *json = &parts->octets[PLACE_JSON];
	const struct bytes none = {0};

	part_begin(parts, PLACE_EK, &fixture.ek.spki);
	part_begin(parts, PLACE_EK_PUBLIC, &fixture.ek.public);
	part_begin(parts, PLACE_AK, &fixture.ak.public);
	part_begin(parts, PLACE_CREATION, &fixture.ak.create_data);
	part_begin(parts, PLACE_ATTESTATION, &fixture.ak.attestation);
	part_begin(parts, PLACE_CERTIFICATE, &none);
	part_begin(parts, PLACE_WISH, &none);
	if ((parts->flags & FLAG_NAME) != 0)
		attestation_name(parts);
	if ((parts->flags & FLAG_SIGN) != 0)
		forge_sign(fixture.ak.key, forge_ak_scheme(FORGE_AK_P256), forge_ak_hash(FORGE_AK_P256), -1,
		    bytes_view(&parts->octets[PLACE_ATTESTATION]), &parts->octets[PLACE_SIGNATURE]);
	part_begin(parts, PLACE_SIGNATURE, (parts->flags & FLAG_SIGN) != 0 ? &none : &fixture.ak.signature);
	member_append(parts, PLACE_EK, "{\"tpmInfo\":{\"manufacturer\":\"1229081856\"},\"ek\":", json);
	member_append(parts, PLACE_EK_PUBLIC, ",\"ekPublic\":", json);
	if (parts->octets[PLACE_CERTIFICATE].size != 0) {
		member_append(parts, PLACE_CERTIFICATE, ",\"ekCerts\":[", json);
		text_append(json, "]");
	}
	member_append(parts, PLACE_WISH, ",\"wishedName\":", json);
	member_append(parts, PLACE_AK, ",\"params\":{\"public\":", json);
	member_append(parts, PLACE_CREATION, ",\"createData\":", json);
	member_append(parts, PLACE_ATTESTATION, ",\"createAttestation\":", json);
	member_append(parts, PLACE_SIGNATURE, ",\"createSignature\":", json);
	text_append(json, "}}");
	part_begin(parts, PLACE_JSON, &none);
}

/* A connection, while nothing has ended it, and for so many requests: then another address asks. */
static struct {
	int      fd;
	unsigned requests;
} line = {.fd = -1};

#define LINE_REQUESTS_MAX 32

static void
line_end(void)
{
	if (line.fd >= 0)
		served_close(line.fd);
	line.fd = -1;
}

/* Sends a request and reads its answer; the server may have ended the connection meanwhile. */
static void
line_ask(struct view request, struct bytes *answer)
{
	for (int tried = 0; tried < 2 && answer->size == 0; tried++) {
		if (tried != 0 || line.requests == LINE_REQUESTS_MAX)
			line_end();
		if (line.fd < 0) {
			line.fd = served_connect();
			line.requests = 0;
		}
		line.requests++;
		if (send(line.fd, request.data, request.size, MSG_NOSIGNAL) != (ssize_t)request.size ||
		    !served_answer(line.fd, answer))
			line_end();
	}
}

/* The same of a request that may be several, or none: no more comes from here. */
static void
line_ask_at_last(struct view request, struct bytes *answers)
{
	int fd = served_connect();

	if (send(fd, request.data, request.size, MSG_NOSIGNAL) == (ssize_t)request.size)
		(void)shutdown(fd, SHUT_WR);
	served_answers(fd, answers);
	served_close(fd);
}

/* Posts a body; the status of the answer, whose body becomes *answer. */
static unsigned
post(const char *path, const struct bytes *body, const struct edits *edits, struct bytes *answers)
{
	AUTO_BYTES request = {0};
	char       head[256];
	bool       framed = false;

	(void)snprintf(head, sizeof head,
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
	    path, body->size);
	bytes_append(&request, head, strlen(head));
	if (edits != NULL)
		framed = edits_apply(edits, PLACE_HEAD, &request);
	bytes_append(&request, body->data, body->size);
	if (framed)
		line_ask_at_last(bytes_view(&request), answers);
	else
		line_ask(bytes_view(&request), answers);
	return served_status(answers);
}

static void
member_take(struct view body, const char *name, struct bytes *out)
{
	json_t      *object = json_loadb((const char *)body.data, body.size, 0, NULL);
	const char  *text = json_string_value(json_object_get(object, name));
	struct error err = {0};

	assert(text != NULL && base64_decode(BASE64_STANDARD, text, strlen(text), out, &err) == 0);
	json_decref(object);
}

/* A certificate was given: to an AK as it must be. */
static void
certified_check(struct view area)
{
	TPMT_PUBLIC public;
	size_t      offset = 0;

	assert(Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &offset, &public) == TSS2_RC_SUCCESS);
	assert((public.objectAttributes & TPMA_OBJECT_FIXEDTPM) != 0 &&
	    (public.objectAttributes & TPMA_OBJECT_FIXEDPARENT) != 0 &&
	    (public.objectAttributes & TPMA_OBJECT_SENSITIVEDATAORIGIN) != 0 &&
	    (public.objectAttributes & TPMA_OBJECT_RESTRICTED) != 0 &&
	    (public.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) != 0 &&
	    (public.objectAttributes & TPMA_OBJECT_DECRYPT) == 0);
}

/*
 * A credential was made: opens it, and answers. What was shown as AK is read from the body as the
 * server reads it, since edits of the JSON may have changed it.
 */
static void
answer(struct parts *parts, struct view body)
{
	const struct bytes *json = &parts->octets[PLACE_JSON];
	json_t             *shown = json_loadb((const char *)json->data, json->size, 0, NULL);
	const char *text = json_string_value(json_object_get(json_object_get(shown, "params"), "public"));
	AUTO_BYTES  area = {0};
	AUTO_BYTES  credential = {0};
	AUTO_BYTES  encrypted = {0};
	AUTO_BYTES  secret = {0};
	AUTO_BYTES  told = {0};
	AUTO_BYTES  request = {0};
	AUTO_BYTES  answers = {0};
	struct error    err = {0};
	struct tpm_name name;
	unsigned        status;

	/* Another parser need not take what ours takes, or a head may have had the body end earlier. */
	if (text == NULL || base64_decode(BASE64_STANDARD, text, strlen(text), &area, &err) != 0) {
		json_decref(shown);
		return;
	}
	json_decref(shown);
	member_take(body, "credential", &credential);
	member_take(body, "secret", &encrypted);
	name = forge_name(bytes_view(&area));
	assert(forge_activate(&fixture.ek, &name, bytes_view(&credential), bytes_view(&encrypted), &secret));
	if ((parts->flags & FLAG_SECRET) == 0)
		return;
	bytes_append(&told, secret.data, secret.size);
	(void)edits_apply(&parts->edits, PLACE_SECRET, &told);
	text_append(&request, "{\"secret\":\"");
	base64_append(BASE64_STANDARD, bytes_view(&told), &request);
	text_append(&request, "\"}");
	status = post("/secret", &request, NULL, &answers);
	if (status == 200) {
		assert(view_equal(bytes_view(&told), bytes_view(&secret)));
		certified_check(bytes_view(&area));
	} else {
		assert(status / 100 == 4);
	}
}

static void
story(unsigned flags, struct view input)
{
	struct parts parts = {.flags = flags};
	AUTO_BYTES   answers = {0};

	edits_read(input, PLACE_COUNT, &parts.edits);
	parts_make(&parts);
	if (post("/attest", &parts.octets[PLACE_JSON], &parts.edits, &answers) == 200)
		answer(&parts, served_body(&answers));
	for (int place = 0; place < PLACE_COUNT; place++)
		bytes_clear(&parts.octets[place]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;

	if (!begun)
		begin();
	begun = true;
	if (size == 0)
		return 0;
	if ((data[0] & FLAG_RAW) != 0)
		raw((struct view){data + 1, size - 1});
	else
		story(data[0], (struct view){data + 1, size - 1});
	return 0;
}
