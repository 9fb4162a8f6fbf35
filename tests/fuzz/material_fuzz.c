/*
 * A state directory as the PKCS #11 module finds it: the input's parts are the files of a pair, of one
 * that is being replaced, of a former one and of a named key; an empty part is no file.
 */
#include "config.h"

#include <sys/stat.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "pkcs11/material.h"
#include "scratch_directory.h"
#include "util/error.h"
#include "util/file.h"

static const char *const files[] = {"device.key", "device.pem", "device.pem.new",
    "former-0123456789abcdef.key", "former-0123456789abcdef.pem", "keys/mail/device.key",
    "keys/mail/device.pem"};

static void
file_put(const char *directory, const char *name, struct view octets)
{
	AUTO_FREE char *path = file_join(directory, name);
	FILE           *file;

	(void)unlink(path);
	if (octets.size == 0)
		return;
	if ((file = fopen(path, "w")) == NULL || fwrite(octets.data, 1, octets.size, file) != octets.size ||
	    fclose(file) != 0)
		abort();
}

static void
material_check(const struct material *material)
{
	assert(material->count <= MATERIAL_PAIRS_MAX);
	for (size_t i = 0; i < material->count; i++) {
		const struct material_pair *pair = &material->pairs[i];

		assert(pair->count >= 1 && pair->count <= MATERIAL_CHAIN_MAX && pair->label != NULL);
		for (size_t j = 0; j < pair->count; j++)
			assert(pair->certificates[j].size != 0);
	}
	assert(material->fault == MATERIAL_WHOLE || material->why.detail[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char           *directory = scratch_directory();
	const struct material_place place = {directory, directory};
	struct view           rest = {data, size};
	AUTO_MATERIAL         material = {0};
	AUTO_BYTES            marks = {0};
	static bool           made;

	if (!made) {
		AUTO_FREE char *keys = file_join(directory, "keys");
		AUTO_FREE char *mail = file_join(directory, "keys/mail");

		made = mkdir(keys, 0700) == 0 && mkdir(mail, 0700) == 0;
		assert(made);
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		file_put(directory, files[i], fuzz_part(&rest));
	material_read(&place, &material);
	material_check(&material);
	material_mark(&place, &marks);
	return 0;
}
