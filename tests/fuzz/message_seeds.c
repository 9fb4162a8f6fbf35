/*
 * Writes what the fuzzer of messages starts from: message_seeds DIRECTORY, which
 * gets message/.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>

#include "acme/message.h"
#include "attestation/message.h"
#include "service/file.h"
#include "service/greeting.h"
#include "util/error.h"
#include "util/file.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static const struct attestation_question questions[] = {
    {
        .request = 17,
        .peer = VIEW("192.0.2.1:51442"),
        .kind = ATTESTATION_CHALLENGE,
        .challenge = {VIEW("1314145024"), VIEW("NPCT75x"), VIEW("7.2"), VIEW("cleo"), VIEW("ek"),
            VIEW("public"), VIEW("ak"), {VIEW("certificate"), VIEW("intermediate"), VIEW("")}, 3},
    },
    {.request = UINT64_MAX, .kind = ATTESTATION_CERTIFY, .certify = {VIEW("secret")}},
};

static const struct service_greeting greeting = {
    .body_max = 1, .tls_chain = VIEW("chain"), .tls_key = VIEW("key")};

static const struct file_news     news = {VIEW("crl.pem"), 7, true};
static const struct file_question file_question = {VIEW("crl.pem"), 7, 65536};
static const struct file_piece    piece = {7, 65540, VIEW("tail")};

/* Every field of every kind of question. */
static const struct acme_question acme_question = {
    .request = 17,
    .account = VIEW("AAAAAAAAAAAAAAAAAAAAAA"),
    .object = VIEW("BBBBBBBBBBBBBBBBBBBBBB"),
    .jwk = VIEW("{\"kty\":\"EC\"}"),
    .thumbprint = VIEW("thumbprint"),
    .contacts = {VIEW("mailto:a@example")},
    .contact_count = 1,
    .identifiers = {{VIEW("permanent-identifier"), VIEW("a")}},
    .identifier_count = 1,
    .not_after = INT64_MAX,
    .statement = {.format = VIEW("tpm"), .alg = -257, .chain = {VIEW("leaf")}, .chain_count = 1},
    .problem = {ERROR_MALFORMED, VIEW("no CBOR")},
    .csr = VIEW("csr"),
    .certificate = VIEW("certificate"),
};

static const struct acme_answer acme_answers[] = {
    {.kind = ACME_ANSWER_REFUSAL,
        .refusal = {.problem = {ERROR_MALFORMED, VIEW("no")},
            .subproblems = {{{ERROR_MALFORMED, VIEW("a slash")}, {VIEW("dns"), VIEW("a/b")}}},
            .subproblem_count = 1}},
    {.kind = ACME_ANSWER_ORDERS, .orders = {{VIEW("id"), VIEW("other")}, 2, VIEW("next")}},
    {.kind = ACME_ANSWER_ORDER,
        .order = {.id = VIEW("id"),
            .identifiers = {{VIEW("dns"), VIEW("a")}},
            .identifier_count = 1,
            .authorizations = {VIEW("id")},
            .authorization_count = 1}},
    {.kind = ACME_ANSWER_DONE},
};

static void
seed_write(const char *folder, const char *kind, size_t number, const struct bytes *octets)
{
	AUTO_FREE char *path = NULL;
	char            name[32];
	struct error    err = {0};

	(void)snprintf(name, sizeof name, "%s%zu", kind, number);
	path = file_join(folder, name);
	if (file_replace(path, octets->data, octets->size, 0666, &err) != 0) {
		(void)fprintf(stderr, "%s\n", err.detail);
		exit(EXIT_FAILURE);
	}
}

int
main(int argc, char **argv)
{
	AUTO_FREE char *folder = NULL;
	AUTO_BYTES      greeted = {0};
	AUTO_BYTES      told = {0};
	AUTO_BYTES      asked = {0};
	AUTO_BYTES      said = {0};

	if (argc != 2)
		return 2;
	folder = file_join(argv[1], "message");
	(void)mkdir(argv[1], 0777);
	(void)mkdir(folder, 0777);
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		AUTO_BYTES body = {0};

		attestation_question_encode(&questions[i], &body);
		seed_write(folder, "question", i, &body);
	}
	service_greeting_encode(&greeting, &greeted);
	seed_write(folder, "greeting", 0, &greeted);
	file_news_encode(&news, &told);
	seed_write(folder, "file_news", 0, &told);
	file_question_encode(&file_question, &asked);
	seed_write(folder, "file_question", 0, &asked);
	file_piece_encode(&piece, &said);
	seed_write(folder, "file_piece", 0, &said);
	for (size_t i = 0; i < ACME_QUESTION_COUNT; i++) {
		struct acme_question question = acme_question;
		AUTO_BYTES           body = {0};

		question.kind = (enum acme_question_kind)i;
		acme_question_encode(&question, &body);
		seed_write(folder, "acme_question", i, &body);
	}
	for (size_t i = 0; i < sizeof acme_answers / sizeof acme_answers[0]; i++) {
		AUTO_BYTES body = {0};

		acme_answer_encode(&acme_answers[i], &body);
		seed_write(folder, "acme_answer", i, &body);
	}
	return 0;
}
