/*
 * Writes what fuzzers begin with: for device_file_fuzz a file of devices in each format,
 * for backup_manifest_fuzz a manifest.
 */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>

#include "admin/backup/manifest.h"
#include "admin/fleet/device_file.h"
#include "ca/files.h"
#include "store/inventory/device.h"
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
	AUTO_FREE char           *path = file_join(directory, format->name);
	FILE                     *out = fopen(path, "w");

	if (out == NULL)
		exit(EXIT_FAILURE);
	(void)fputc(first, out);
	format->begin(out);
	format->write(out, &device);
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

int
main(int argc, char **argv)
{
	AUTO_FREE char *directory = file_join(argc > 1 ? argv[1] : ".", "device_file");
	AUTO_FREE char *manifests = file_join(argc > 1 ? argv[1] : ".", "backup_manifest");

	if (argc > 1)
		(void)mkdir(argv[1], 0777);
	(void)mkdir(directory, 0777);
	(void)mkdir(manifests, 0777);
	seed_write_manifest(manifests);
	seed_write(directory, '\0', device_csv());
	seed_write(directory, '\1', device_jsonl());
	return EXIT_SUCCESS;
}
