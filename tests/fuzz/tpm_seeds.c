/* Writes what the fuzzers of tpm/ start from: tpm_seeds DIRECTORY, which gets ak/, creation/, … */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>

#include "forge.h"
#include "fuzz.h"
#include "util/file.h"

static void
seed_write(const char *directory, const char *fuzzer, int number, const struct bytes *octets)
{
	AUTO_FREE char *folder = file_join(directory, fuzzer);
	AUTO_FREE char *path = NULL;
	char            name[16];
	struct error    err = {0};

	(void)snprintf(name, sizeof name, "%d", number);
	path = file_join(folder, name);
	(void)mkdir(directory, 0777);
	(void)mkdir(folder, 0777);
	if (file_replace(path, octets->data, octets->size, 0666, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.detail);
		exit(EXIT_FAILURE);
	}
}

static void
seed_ak(const char *directory, enum forge_ak_kind kind)
{
	static const struct view authorization = {(const uint8_t *)"token.thumbprint", 16};
	struct forge_ak          ak;
	struct forge_certify     certify;
	AUTO_BYTES               creation = {0};
	AUTO_BYTES               certified = {0};

	forge_ak_make(kind, FORGE_FLAW_NONE, &ak);
	seed_write(directory, "ak", (int)kind, &ak.public);
	fuzz_append_part(&creation, bytes_view(&ak.public));
	fuzz_append_part(&creation, bytes_view(&ak.create_data));
	fuzz_append_part(&creation, bytes_view(&ak.attestation));
	fuzz_append_part(&creation, bytes_view(&ak.signature));
	seed_write(directory, "creation", (int)kind, &creation);

	forge_certify_make(&ak, kind, FORGE_P256, authorization, FORGE_CERTIFY_NONE, &certify);
	fuzz_append_part(&certified, bytes_view(&ak.public));
	fuzz_append_part(&certified, bytes_view(&certify.area));
	fuzz_append_part(&certified, bytes_view(&certify.info));
	fuzz_append_part(&certified, bytes_view(&certify.sig));
	seed_write(directory, "certify", (int)kind, &certified);
	forge_certify_clear(&certify);
	forge_ak_clear(&ak);
}

static void
seed_ek(const char *directory, enum forge_key kind)
{
	struct forge_ek ek;
	AUTO_BYTES      octets = {0};

	forge_ek_make(kind, &ek);
	fuzz_append_part(&octets, bytes_view(&ek.spki));
	fuzz_append_part(&octets, bytes_view(&ek.public));
	seed_write(directory, "ek", (int)kind, &octets);
	forge_ek_clear(&ek);
}

int
main(int argc, char *argv[])
{
	static const enum forge_key eks[] = {
	    FORGE_RSA2048, FORGE_RSA3072, FORGE_P256, FORGE_P384, FORGE_P521};

	if (argc != 2)
		return EXIT_FAILURE;
	for (int kind = 0; kind < FORGE_AK_COUNT; kind++)
		seed_ak(argv[1], (enum forge_ak_kind)kind);
	for (size_t i = 0; i < sizeof eks / sizeof eks[0]; i++)
		seed_ek(argv[1], eks[i]);
	return EXIT_SUCCESS;
}
