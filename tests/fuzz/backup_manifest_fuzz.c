/* The manifest of a hostile backup: what is taken is within bounds and names files of a CA only. */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "admin/backup/manifest.h"
#include "ca/files.h"
#include "fuzz.h"
#include "util/error.h"

/* What was taken reads the same when it has been written again. */
static void
check_again(const struct backup_manifest *manifest)
{
	struct backup_manifest again = {0};
	AUTO_BYTES             text = {0};
	struct error           err;

	backup_manifest_encode(manifest, &text);
	assert(backup_manifest_decode(bytes_view(&text), &again, &err) == 0);
	assert(again.count == manifest->count && again.keys == manifest->keys);
	for (size_t i = 0; i < again.count; i++) {
		assert(strcmp(again.files[i].name, manifest->files[i].name) == 0);
		assert(again.files[i].mode == manifest->files[i].mode);
		assert(again.files[i].size == manifest->files[i].size);
		assert(memcmp(again.files[i].hash, manifest->files[i].hash, 32) == 0);
	}
	backup_manifest_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backup_manifest manifest = {0};
	struct error           err = {0};

	if (backup_manifest_decode((struct view){data, size}, &manifest, &err) != 0) {
		assert(err.detail[0] != '\0' && manifest.files == NULL);
		return 0;
	}
	assert(manifest.count > 0 && manifest.count <= BACKUP_FILES_MAX);
	assert(strcmp(manifest.files[manifest.count - 1].name, BACKUP_STORE_NAME) == 0);
	for (size_t i = 0; i < manifest.count; i++) {
		const struct backup_file *file = &manifest.files[i];

		assert(backup_name_check(file->name) && strstr(file->name, "..") != file->name);
		assert(strncmp(file->name, "/", 1) != 0 && strstr(file->name, "/../") == NULL);
		assert(!backup_name_is_key(file->name) || file->mode == 0600);
	}
	check_again(&manifest);
	backup_manifest_clear(&manifest);
	return 0;
}
