/*
 * Writes what the fuzzer of attestation/message.c starts from: attest_seeds DIRECTORY,
 * which gets attest_message/.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>

#include "attestation/message.h"
#include "util/error.h"
#include "util/file.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static const struct attestation_question questions[] = {
    {
        .request = 17,
        .peer = VIEW("192.0.2.1:51442"),
        .kind = ATTESTATION_CHALLENGE,
        .challenge = {VIEW("1314145024"), VIEW("NPCT75x"), VIEW("7.2"), VIEW("ek"), VIEW("public"),
            VIEW("ak"), {VIEW("certificate"), VIEW("intermediate"), VIEW("")}, 3},
    },
    {.request = UINT64_MAX, .kind = ATTESTATION_CERTIFY, .certify = {VIEW("secret")}},
};

static const struct attestation_telling tellings[] = {
    {.told = ATTESTATION_GREETING, .settings = {.body_max = 1, .tls_chain = VIEW("chain"), .tls_key = VIEW("key")}},
    {.told = ATTESTATION_FILE, .file = {.total = 100, .offset = 96, .chunk = VIEW("tail")}},
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

	if (argc != 2)
		return 2;
	folder = file_join(argv[1], "attest_message");
	(void)mkdir(argv[1], 0777);
	(void)mkdir(folder, 0777);
	for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
		AUTO_BYTES body = {0};

		attestation_question_encode(&questions[i], &body);
		seed_write(folder, "question", i, &body);
	}
	for (size_t i = 0; i < sizeof tellings / sizeof tellings[0]; i++) {
		AUTO_BYTES body = {0};

		attestation_telling_encode(&tellings[i], &body);
		seed_write(folder, "telling", i, &body);
	}
	return 0;
}
