/* Plays everybody but the keeper. Every failure fails the test. */
#include "config.h"

#include "acme_world.h"

#include <sys/socket.h>

#include <openssl/conf.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/keeper/keeper.h"
#include "ca/files.h"
#include "daemon/channel.h"
#include "daemon/supervisor.h"
#include "pki/ak_certificate.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "service/file.h"
#include "store/acme/acme.h"
#include "tpm/spki.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define DAY 86400

static void
world_write(const struct world *world, const char *name, const void *data, size_t size)
{
	AUTO_FREE char *path = file_join(world->state_dir, name);
	struct error    err = {0};

	unit_ok(file_replace(path, data, size, 0600, &err), &err);
}

static void
world_write_pem(const struct world *world, const char *name, const X509 *certificate)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	world_write(world, name, pem.data, pem.size);
}

static void
world_make_ca(struct ca *root, struct ca *issuing, const char *root_name, const char *name)
{
	struct error err = {0};
	int64_t      now = clock_now();

	unit_ok(key_generate(KEY_TYPE_P256, &root->key, &err), &err);
	unit_ok(key_generate(KEY_TYPE_P256, &issuing->key, &err), &err);
	unit_ok(ca_root_create(root->key, root_name, now, 400 * DAY, &root->certificate, &err), &err);
	unit_ok(ca_issuing_create(root, issuing->key, name, now, 300 * DAY, &issuing->certificate,
	            &err), &err);
}

static void
world_make_state(struct world *world)
{
	AUTO_BYTES   key = {0};
	AUTO_BYTES   crl = {0};
	struct error err = {0};

	unit_ok(store_acme_create(world->state_dir, &err), &err);
	unit_ok(key_encode(world->issuing.key, &key, &err), &err);
	unit_ok(ca_crl_create(&world->root, 1, NULL, 0, clock_now(), DAY, &crl, &err), &err);
	world_write(world, STATE_ISSUING_KEY, key.data, key.size);
	world_write(world, STATE_ROOT_CRL, crl.data, crl.size);
	world_write(world, STATE_DNS_NAMES, "localhost\n", 10);
	world_write_pem(world, STATE_ROOT_PEM, world->root.certificate);
	world_write_pem(world, STATE_ISSUING_PEM, world->issuing.certificate);
	world_write_pem(world, STATE_ATTESTATION_ROOTS, world->attestation_root.certificate);
}

void
world_make(struct world *world)
{
	struct error err = {0};

	memset(world, 0, sizeof *world);
	world->control = -1;
	world->channel = -1;
	scratch_make(world->state_dir);
	world_make_ca(&world->root, &world->issuing, "Device Root", "Device Issuing");
	world_make_ca(&world->attestation_root, &world->attestation, "Attestation Root",
	    "Attestation Issuing");
	unit_ok(key_generate(KEY_TYPE_P256, &world->outsider, &err), &err);
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &world->ak);
	world_make_state(world);
	world->settings.service.state_dir = memory_strdup(world->state_dir);
	world->settings.service.workers = 1;
	unit_ok(config_file_complete(acme_settings_schema(), NULL, &world->settings, &err), &err);
}

void
world_clear(struct world *world)
{
	world_stop(world);
	config_file_clear(acme_settings_schema(), &world->settings);
	ca_clear(&world->root);
	ca_clear(&world->issuing);
	ca_clear(&world->attestation_root);
	ca_clear(&world->attestation);
	EVP_PKEY_free(world->outsider);
	forge_ak_clear(&world->ak);
	bytes_clear(&world->received);
	bytes_clear(&world->greeting_body);
	scratch_remove(world->state_dir);
}

static void *
world_main(void *arg)
{
	struct world *world = arg;

	world->start_rc = acme_keeper_run(&world->settings, world->control, false,
	    "https://127.0.0.1:4711", &world->start_error);
	return NULL;
}

/* What was told: a file's version, or the greeting, which is kept. */
static void
world_take(struct world *world)
{
	struct view  body = bytes_view(&world->received);
	struct error err = {0};

	if (file_message_is(body)) {
		struct file_news news;

		unit_ok(file_news_decode(body, &news, &err), &err);
		if (view_equal(news.name, world_view("crl")))
			world->crl_version = news.version;
		return;
	}
	bytes_clear(&world->greeting_body);
	world->greeting_body = world->received;
	world->received = (struct bytes){0};
	unit_ok(acme_greeting_decode(bytes_view(&world->greeting_body), &world->greeting, &err), &err);
}

/* Receives one packet into `received`. */
static struct channel_header
world_receive_packet(struct world *world)
{
	struct channel_header header = {0};
	uint8_t              *packet = malloc(sizeof header + CHANNEL_MESSAGE_MAX);
	ssize_t size = recv(world->channel, packet, sizeof header + CHANNEL_MESSAGE_MAX, 0);

	ck_assert_msg(size >= (ssize_t)sizeof header, "the keeper is gone: %s",
	    world->start_error.detail);
	memcpy(&header, packet, sizeof header);
	bytes_clear(&world->received);
	bytes_append(&world->received, packet + sizeof header, (size_t)size - sizeof header);
	free(packet);
	if (header.kind == CHANNEL_TELL)
		world_take(world);
	return header;
}

void
world_start(struct world *world)
{
	struct error err = {0};
	int          control[2];
	int          ends[2];

	unit_ok(channel_pair(control, &err), &err);
	unit_ok(channel_pair(ends, &err), &err);
	unit_ok(supervisor_channels_send(control[0], &ends[1], 1, &err), &err);
	(void)close(ends[1]);
	world->channel = ends[0];
	world->control = control[1];
	ck_assert_int_eq(pthread_create(&world->thread, NULL, world_main, world), 0);
	world->running = true;
	world->supervisor = control[0];
	while (world->greeting_body.size == 0)
		ck_assert_uint_eq(world_receive_packet(world).kind, CHANNEL_TELL);
}

void
world_stop(struct world *world)
{
	if (!world->running)
		return;
	(void)close(world->channel);
	(void)close(world->supervisor);
	ck_assert_int_eq(pthread_join(world->thread, NULL), 0);
	(void)close(world->control);
	bytes_clear(&world->greeting_body);
	world->running = false;
	unit_ok(world->start_rc, &world->start_error);
}

uint32_t
world_send_octets(struct world *world, struct view body)
{
	/* The low 12 bits are the slot: no two open questions share one. */
	struct channel_header header = {CHANNEL_ASK, world->next_id++ % CHANNEL_ASKS_MAX};
	AUTO_BYTES            packet = {0};

	bytes_append(&packet, &header, sizeof header);
	bytes_append(&packet, body.data, body.size);
	ck_assert_int_eq(send(world->channel, packet.data, packet.size, MSG_NOSIGNAL),
	    (ssize_t)packet.size);
	return header.id;
}

uint32_t
world_send(struct world *world, const struct acme_question *question)
{
	AUTO_BYTES body = {0};

	acme_question_encode(question, &body);
	return world_send_octets(world, bytes_view(&body));
}

uint64_t
world_read_file(struct world *world, const char *name, struct bytes *out)
{
	struct file_question asked = {.name = world_view(name)};
	struct file_piece    piece;
	struct error         err = {0};

	do {
		AUTO_BYTES            body = {0};
		struct channel_header header;
		uint32_t              id;

		asked.offset = out->size;
		file_question_encode(&asked, &body);
		id = world_send_octets(world, bytes_view(&body));
		do
			header = world_receive_packet(world);
		while (header.kind == CHANNEL_TELL);
		ck_assert_uint_eq(header.id, id);
		unit_ok(file_piece_decode(bytes_view(&world->received), &piece, &err), &err);
		if (piece.version != asked.version)
			bytes_clear(out);
		asked.version = piece.version;
		if (piece.data.size != 0)
			bytes_append(out, piece.data.data, piece.data.size);
	} while (out->size < piece.size);
	return piece.version;
}

uint32_t
world_receive_any(struct world *world, struct acme_answer *answer)
{
	struct channel_header header;
	struct error          err = {0};

	do
		header = world_receive_packet(world);
	while (header.kind == CHANNEL_TELL);
	ck_assert_uint_eq(header.kind, CHANNEL_SAY);
	unit_ok(acme_answer_decode(bytes_view(&world->received), answer, &err), &err);
	return header.id;
}

void
world_receive(struct world *world, uint32_t id, struct acme_answer *answer)
{
	ck_assert_uint_eq(world_receive_any(world, answer), id);
}

void
world_ask(struct world *world, const struct acme_question *question, struct acme_answer *answer)
{
	world_receive(world, world_send(world, question), answer);
}

void
world_refuses(struct world *world, const struct acme_question *question,
    enum error_kind kind, const char *detail)
{
	struct acme_answer   answer;
	struct acme_problem *problem = &answer.refusal.problem;

	world_ask(world, question, &answer);
	ck_assert_int_eq((int)answer.kind, ACME_ANSWER_REFUSAL);
	ck_assert_msg(problem->kind == kind, "%s, not %s: %.*s", error_type(problem->kind),
	    error_type(kind), (int)problem->detail.size, (const char *)problem->detail.data);
	if (detail != NULL)
		ck_assert_msg(view_equal(problem->detail, world_view(detail)), "%.*s",
		    (int)problem->detail.size, (const char *)problem->detail.data);
}

struct world_id
world_id(struct view view)
{
	struct world_id id;

	ck_assert_uint_lt(view.size, sizeof id.text);
	(void)snprintf(id.text, sizeof id.text, "%.*s", (int)view.size, (const char *)view.data);
	return id;
}

struct view
world_view(const char *text)
{
	return view_text(text);
}

const char *
world_thumbprint(size_t client)
{
	static const char *const thumbprints[WORLD_THUMBPRINTS] = {
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	    "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
	    "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC",
	};

	return thumbprints[client];
}

static void
world_must(const struct acme_answer *answer, enum acme_answer_kind kind)
{
	const struct view *detail = &answer->refusal.problem.detail;

	if (answer->kind == ACME_ANSWER_REFUSAL && kind != ACME_ANSWER_REFUSAL)
		ck_abort_msg("refused: %.*s", (int)detail->size, (const char *)detail->data);
	ck_assert_int_eq((int)answer->kind, (int)kind);
}

struct world_id
world_account(struct world *world, size_t client)
{
	struct acme_answer answer;

	world_ask(world,
	    &(struct acme_question){
	        .kind = ACME_ACCOUNT_NEW,
	        .jwk = world_view("{\"kty\":\"EC\"}"),
	        .thumbprint = world_view(world_thumbprint(client)),
	    },
	    &answer);
	world_must(&answer, ACME_ANSWER_ACCOUNT);
	return world_id(answer.account.id);
}

struct world_order
world_order(struct world *world, const struct world_id *account, const char *name)
{
	struct world_order order;
	struct acme_answer answer;

	world_ask(world,
	    &(struct acme_question){
	        .kind = ACME_ORDER_NEW,
	        .account = world_view(account->text),
	        .identifiers = {{world_view("permanent-identifier"), world_view(name)}},
	        .identifier_count = 1,
	    },
	    &answer);
	world_must(&answer, ACME_ANSWER_ORDER);
	ck_assert_int_eq((int)answer.order.status, STATUS_PENDING);
	order.id = world_id(answer.order.id);
	order.authorization = world_id(answer.order.authorizations[0]);
	world_ask(world,
	    &(struct acme_question){
	        .kind = ACME_AUTHORIZATION_GET,
	        .account = world_view(account->text),
	        .object = world_view(order.authorization.text),
	    },
	    &answer);
	world_must(&answer, ACME_ANSWER_AUTHORIZATION);
	order.token = world_id(answer.authorization.token);
	return order;
}

void
world_ak_certificate(const struct ca *issuer, EVP_PKEY *key, const char *const *names,
    size_t count, struct bytes *der)
{
	uint8_t           serial[CERTIFICATE_SERIAL_SIZE];
	struct error      err = {0};
	AUTO_BYTES        spki = {0};
	struct ak_profile profile = {
	    .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = count,
	    .not_before = clock_now() - 60,
	    .not_after = clock_now() + DAY,
	};

	unit_ok(spki_encode(key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	unit_ok(ak_certificate_issue(issuer, &profile, serial, &profile.not_after, der, &err), &err);
}

void
world_statement_make(struct world *world, const char *name, const char *token,
    const char *thumbprint, enum forge_certify_flaw flaw, struct world_statement *out)
{
	char         key_authorization[128];
	struct error err = {0};

	memset(out, 0, sizeof *out);
	(void)snprintf(key_authorization, sizeof key_authorization, "%s.%s", token, thumbprint);
	world_ak_certificate(&world->attestation, world->ak.key, &name, 1, &out->ak);
	unit_ok(certificate_encode(world->attestation.certificate, &out->issuing, &err), &err);
	forge_certify_make(&world->ak, FORGE_AK_RSASSA, FORGE_P256, world_view(key_authorization),
	    flaw, &out->certify);
}

void
world_statement_clear(struct world_statement *statement)
{
	bytes_clear(&statement->ak);
	bytes_clear(&statement->issuing);
	forge_certify_clear(&statement->certify);
}

struct acme_question
world_answer(const struct world_id *account, const struct world_order *order,
    const struct world_statement *statement)
{
	return (struct acme_question){
	    .kind = ACME_CHALLENGE_ANSWER,
	    .account = world_view(account->text),
	    .object = world_view(order->authorization.text),
	    .statement =
	        {
	            .format = world_view("tpm"),
	            .alg = -257,
	            .chain = {bytes_view(&statement->ak), bytes_view(&statement->issuing)},
	            .chain_count = 2,
	            .signature = bytes_view(&statement->certify.sig),
	            .cert_info = bytes_view(&statement->certify.info),
	            .pub_area = bytes_view(&statement->certify.area),
	        },
	};
}

void
world_attest(struct world *world, const struct world_id *account, size_t client,
    const struct world_order *order, const char *name)
{
	struct world_statement statement;
	struct acme_question   question;
	struct acme_answer     answer;

	world_statement_make(world, name, order->token.text, world_thumbprint(client),
	    FORGE_CERTIFY_NONE, &statement);
	question = world_answer(account, order, &statement);
	world_ask(world, &question, &answer);
	world_must(&answer, ACME_ANSWER_AUTHORIZATION);
	ck_assert_msg(answer.authorization.challenge_status == STATUS_VALID, "%.*s",
	    (int)answer.authorization.error.detail.size,
	    (const char *)answer.authorization.error.detail.data);
	ck_assert_int_eq((int)answer.authorization.status, STATUS_VALID);
	world_statement_clear(&statement);
}

EVP_PKEY *
world_device_key(void)
{
	return forge_key(FORGE_P256, 2);
}

void
world_csr(EVP_PKEY *key, const char *common_name, const char *extensions, struct bytes *der)
{
	X509_REQ      *request = X509_REQ_new();
	unsigned char *octets = NULL;
	int            size;

	ck_assert_int_eq(X509_REQ_set_pubkey(request, key), 1);
	if (common_name != NULL)
		ck_assert_int_eq(X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request),
		                     NID_commonName, MBSTRING_UTF8, (const unsigned char *)common_name, -1,
		                     -1, 0), 1);
	if (extensions != NULL) {
		BIO       *bio = BIO_new_mem_buf(extensions, -1);
		CONF      *conf = NCONF_new(NULL);
		X509V3_CTX context;

		ck_assert_int_eq(NCONF_load_bio(conf, bio, NULL), 1);
		X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
		X509V3_set_nconf(&context, conf);
		ck_assert_int_eq(X509V3_EXT_REQ_add_nconf(conf, &context, "ext", request), 1);
		NCONF_free(conf);
		BIO_free(bio);
	}
	ck_assert_int_gt(X509_REQ_sign(request, key, EVP_sha256()), 0);
	ck_assert_int_gt(size = i2d_X509_REQ(request, &octets), 0);
	bytes_append(der, octets, (size_t)size);
	OPENSSL_free(octets);
	X509_REQ_free(request);
}

struct world_id
world_finalize_csr(struct world *world, const struct world_id *account,
    const struct world_order *order, struct view csr, struct bytes *leaf)
{
	struct acme_answer answer;
	struct world_id    id;
	struct error       err = {0};
	BIO               *bio;
	X509              *certificate;

	world_ask(world,
	    &(struct acme_question){
	        .kind = ACME_ORDER_FINALIZE,
	        .account = world_view(account->text),
	        .object = world_view(order->id.text),
	        .csr = csr,
	    },
	    &answer);
	world_must(&answer, ACME_ANSWER_ORDER);
	ck_assert_int_eq((int)answer.order.status, STATUS_VALID);
	id = world_id(answer.order.certificate);
	world_ask(world,
	    &(struct acme_question){
	        .kind = ACME_CERTIFICATE_GET,
	        .account = world_view(account->text),
	        .object = world_view(id.text),
	    },
	    &answer);
	world_must(&answer, ACME_ANSWER_CERTIFICATE);
	bio = BIO_new_mem_buf(answer.certificate.data, (int)answer.certificate.size);
	ck_assert_ptr_nonnull(certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL));
	unit_ok(certificate_encode(certificate, leaf, &err), &err);
	X509_free(certificate);
	BIO_free(bio);
	return id;
}

struct world_id
world_finalize(struct world *world, const struct world_id *account,
    const struct world_order *order, const char *name, struct bytes *leaf)
{
	AUTO_BYTES csr = {0};

	world_csr(world_device_key(), name, NULL, &csr);
	return world_finalize_csr(world, account, order, bytes_view(&csr), leaf);
}
