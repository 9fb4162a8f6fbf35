/*
 * Writes what fuzzers begin with: for device_file_fuzz a file of devices in each format,
 * for backup_manifest_fuzz a manifest, for ek_content_fuzz an EK in each form.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/backup/manifest.h"
#include "admin/fleet/device_file.h"
#include "ca/files.h"
#include "forge.h"
#include "pki/pem.h"
#include "store/inventory/device.h"
#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static void
seed_write(const char *directory, char first, const struct device_format *format)
{
	static const char *const  names[] = {"db1", "db1, \"east\""};
	static const char *const  tags[] = {"berlin", "rack=7"};
	const struct store_device device = {.ek_hash = {0x2e, 0xa8},
	    .names = (char **)(uintptr_t)names,
	    .name_count = 2,
	    .tags = (char **)(uintptr_t)tags,
	    .tag_count = 2,
	    .note = (char *)(uintptr_t)"third floor, left"};
	const struct store_removed removed = {.ek_hash = {0x4b}, .at = 1700000000, .names = "db2\ndb3",
	    .actor = "uid 0 (root)", .reason = "removed"};
	AUTO_FREE char *path = file_join(directory, format->name);
	FILE           *out = fopen(path, "w");

	if (out == NULL)
		exit(EXIT_FAILURE);
	(void)fputc(first, out);
	format->begin(out, true);
	format->write(out, &device, true);
	format->write_removed(out, &removed);
	if (fclose(out) != 0)
		exit(EXIT_FAILURE);
}

static void
seed_write_manifest(const char *directory)
{
	char               key[] = STATE_ISSUING_KEY;
	char               store[] = BACKUP_STORE_NAME;
	struct backup_file files[] = {{key, 0600, 241, {1}}, {store, 0600, 4096, {2}}};
	const struct backup_manifest manifest = {1700000000, true, files, 2};
	AUTO_FREE char *path = file_join(directory, "manifest");
	AUTO_BYTES      text = {0};
	struct error    err;

	backup_manifest_encode(&manifest, &text);
	if (file_replace(path, text.data, text.size, 0644, &err) != 0)
		exit(EXIT_FAILURE);
}

static void
seed_write_octets(const char *directory, const char *form, enum forge_key kind,
    const struct bytes *octets)
{
	AUTO_FREE char *path = NULL;
	char            name[32];
	struct error    err;

	(void)snprintf(name, sizeof name, "%s-%u", form, (unsigned)kind);
	path = file_join(directory, name);
	if (file_replace(path, octets->data, octets->size, 0644, &err) != 0)
		exit(EXIT_FAILURE);
}

static void
seed_write_ek(const char *directory, enum forge_key kind)
{
	struct forge_ek ek;
	struct error    err;
	AUTO_BYTES      pem = {0};
	AUTO_BYTES      sized = {0};
	AUTO_BYTES      base64 = {0};
	AUTO_FREE char *text = NULL;

	forge_ek_make(kind, &ek);
	if (pem_wrap("PUBLIC KEY", bytes_view(&ek.spki), &pem, &err) != 0)
		exit(EXIT_FAILURE);
	bytes_append_u8(&sized, (uint8_t)(ek.public.size >> 8));
	bytes_append_u8(&sized, (uint8_t)ek.public.size);
	bytes_append(&sized, ek.public.data, ek.public.size);
	text = base64_encode(BASE64_STANDARD, sized.data, sized.size);
	bytes_append(&base64, text, strlen(text));
	seed_write_octets(directory, "spki", kind, &ek.spki);
	seed_write_octets(directory, "pem", kind, &pem);
	seed_write_octets(directory, "tpmt", kind, &ek.public);
	seed_write_octets(directory, "tpm2b", kind, &sized);
	seed_write_octets(directory, "base64", kind, &base64);
	if (kind == FORGE_RSA2048) { /* an RSAPublicKey is what the BIT STRING holds */
		AUTO_BYTES pkcs1 = {0};

		bytes_append(&pkcs1, ek.spki.data + 24, ek.spki.size - 24);
		seed_write_octets(directory, "pkcs1", kind, &pkcs1);
	}
	forge_ek_clear(&ek);
}

int
main(int argc, char **argv)
{
	AUTO_FREE char *directory = file_join(argc > 1 ? argv[1] : ".", "device_file");
	AUTO_FREE char *manifests = file_join(argc > 1 ? argv[1] : ".", "backup_manifest");
	AUTO_FREE char *contents = file_join(argc > 1 ? argv[1] : ".", "ek_content");

	if (argc > 1)
		(void)mkdir(argv[1], 0777);
	(void)mkdir(directory, 0777);
	(void)mkdir(manifests, 0777);
	(void)mkdir(contents, 0777);
	seed_write_ek(contents, FORGE_RSA2048);
	seed_write_ek(contents, FORGE_P256);
	seed_write_manifest(manifests);
	seed_write(directory, '\0', device_csv());
	seed_write(directory, '\1', device_jsonl());
	return EXIT_SUCCESS;
}
