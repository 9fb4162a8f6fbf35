/*
 * A keeper of the attestation CA in a thread, and this test as its supervisor and as
 * the front that somebody else controls: it speaks the channel.
 */
#ifndef TESTS_UNIT_KEEPER_WORLD_H
#define TESTS_UNIT_KEEPER_WORLD_H

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "attestation/keeper/keeper.h"
#include "attestation/message.h"
#include "attestation/settings.h"
#include "bare_front.h"
#include "ca/files.h"
#include "daemon/channel.h"
#include "forge.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "scratch.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

/* One keeper, in a thread, and this test as its supervisor and its front. */
static struct {
	char            directory[SCRATCH_SIZE];
	struct attestation_settings settings;
	pthread_t       thread;
	int             control[2];
	int             front;
	int             rc;
	struct error    err;
	struct forge_ek ek; /* enrolled, under the name "laptop" */
	struct forge_ak ak;
} fixture;

static inline void *
keeper_main(void *arg)
{
	(void)arg;
	fixture.rc = attestation_keeper_run(&fixture.settings, fixture.control[1], false, "nowhere",
	    &fixture.err);
	(void)close(fixture.control[1]);
	return NULL;
}

static inline void
file_put(const char *name, const struct bytes *data)
{
	AUTO_FREE char *path = file_join(fixture.directory, name);
	struct error    err = {0};

	unit_ok(file_replace(path, data->data, data->size, 0600, &err), &err);
}

static inline void
ca_make(void)
{
	struct ca    root = {0};
	struct ca    issuing = {0};
	AUTO_BYTES   root_pem = {0};
	AUTO_BYTES   issuing_pem = {0};
	AUTO_BYTES   issuing_key = {0};
	struct error err = {0};
	int64_t      now = clock_now();

	unit_ok(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	unit_ok(key_generate(KEY_TYPE_P256, &issuing.key, &err), &err);
	unit_ok(ca_root_create(root.key, "Root", now, 864000, &root.certificate, &err), &err);
	unit_ok(ca_issuing_create(&root, issuing.key, "Issuing", now, 864000, &issuing.certificate,
	            &err),
	    &err);
	unit_ok(certificate_encode_pem(root.certificate, &root_pem, &err), &err);
	unit_ok(certificate_encode_pem(issuing.certificate, &issuing_pem, &err), &err);
	unit_ok(key_encode(issuing.key, &issuing_key, &err), &err);
	file_put(STATE_ROOT_PEM, &root_pem);
	file_put(STATE_ISSUING_PEM, &issuing_pem);
	file_put(STATE_ISSUING_KEY, &issuing_key);
	ca_clear(&root);
	ca_clear(&issuing);
}

static inline struct ek_hash
hash_of(const struct forge_ek *ek)
{
	struct ek_hash hash;
	struct error   err = {0};

	unit_ok(ek_hash_of_key(ek->key, &hash, &err), &err);
	return hash;
}

static inline void
enroll(void)
{
	char               *names[] = {memory_strdup("laptop")};
	struct ek_hash      hash = hash_of(&fixture.ek);
	struct store_device device = {.names = names, .name_count = 1};
	struct store       *store = NULL;
	char                note[] = "";
	struct error        err = {0};

	device.note = note;
	memcpy(device.ek_hash, hash.bytes, sizeof device.ek_hash);
	unit_ok(store_create(fixture.directory, &err), &err);
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_device_enroll(store, &device, clock_now(), &err), &err);
	store_close(store);
	free(names[0]);
}

/* A new front: its end is ours, the other the keeper's. */
static inline int
front_attach(void)
{
	return front_open(fixture.control[0]);
}

/* What is there before the keeper starts: a CA, a store with one device, and settings to change. */
static inline void
world_prepare(void)
{
	log_open("keeper_test", LOG_LEVEL_ERROR);
	scratch_make(fixture.directory);
	forge_ek_make(FORGE_RSA2048, &fixture.ek);
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &fixture.ak);
	ca_make();
	enroll();
	fixture.settings = (struct attestation_settings){
	    .service = {.state_dir = memory_strdup(fixture.directory), .workers = 1},
	};
}

static inline void
world_start(void)
{
	struct error err = {0};

	unit_ok(config_file_complete(attestation_settings_schema(), NULL, &fixture.settings, &err), &err);
	unit_ok(channel_pair(fixture.control, &err), &err);
	ck_assert_int_eq(pthread_create(&fixture.thread, NULL, keeper_main, NULL), 0);
	fixture.front = front_attach();
}

static inline void
world_end(void)
{
	(void)close(fixture.front);
	(void)close(fixture.control[0]);
	(void)pthread_join(fixture.thread, NULL);
	ck_assert_msg(fixture.rc == 0, "%s", fixture.err.detail);
	config_file_clear(attestation_settings_schema(), &fixture.settings);
	forge_ak_clear(&fixture.ak);
	forge_ek_clear(&fixture.ek);
	scratch_remove(fixture.directory);
}

/* ---- what a front can send and see ---- */

static inline void
assert_closed(int front)
{
	struct channel_header header;
	AUTO_BYTES            body = {0};

	ck_assert(!front_hear(front, &header, &body));
}

/* Asks and decodes the answer, whose octets go into *body. */
static inline int
ask(int front, const struct attestation_question *question, struct bytes *body,
    struct attestation_answer *answer, struct error *err)
{
	static uint32_t       id;
	struct channel_header header;
	AUTO_BYTES            encoded = {0};

	attestation_question_encode(question, &encoded);
	id = (id + 1) % 4096;
	front_send(front, CHANNEL_ASK, id, bytes_view(&encoded));
	ck_assert_msg(front_hear(front, &header, body), "the keeper closed the channel");
	ck_assert_uint_eq(header.kind, CHANNEL_SAY);
	ck_assert_uint_eq(header.id, id);
	return attestation_answer_decode(bytes_view(body), answer, err);
}

static inline struct attestation_question
challenge_question(void)
{
	return (struct attestation_question){
	    .request = 1,
	    .kind = ATTESTATION_CHALLENGE,
	    .challenge =
	        {
	            .manufacturer = VIEW("1229081856"),
	            .model = VIEW("in software"),
	            .firmware = VIEW("1.2"),
	            .ek = bytes_view(&fixture.ek.spki),
	            .ek_public = bytes_view(&fixture.ek.public),
	            .ak_public = bytes_view(&fixture.ak.public),
	        },
	};
}

static inline void
assert_refused(int front, const struct attestation_question *question, enum error_kind kind,
    const char *detail)
{
	struct attestation_answer answer;
	AUTO_BYTES            body = {0};
	struct error          err = {0};

	unit_fails(ask(front, question, &body, &answer, &err), &err, kind, detail);
	ck_assert_ptr_null(answer.first.data);
	ck_assert_ptr_null(answer.second.data);
}

/* Asks for a challenge from `peer`, and opens it as the TPM of the enrolled EK would. */
static inline void
secret_get_from(int front, const char *peer, struct bytes *secret)
{
	struct attestation_question question = challenge_question();
	struct attestation_answer   answer;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	question.peer = view_text(peer);
	unit_ok(ask(front, &question, &body, &answer, &err), &err);
	ck_assert(forge_activate(&fixture.ek, &fixture.ak.name, answer.first, answer.second, secret));
}

static inline void
secret_get(int front, struct bytes *secret)
{
	secret_get_from(front, "", secret);
}

static inline struct attestation_question
certify_question(const struct bytes *secret)
{
	return (struct attestation_question){
	    .request = 2,
	    .kind = ATTESTATION_CERTIFY,
	    .certify = {.secret = bytes_view(secret)},
	};
}

static const char unknown_secret[] = "no open challenge has this secret: it was never issued, has "
                                     "expired or is used; start again with /attest";

#endif
