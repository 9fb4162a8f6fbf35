/* Decides the permissions of a key file. */
#include "config.h"

#include "device/pair.h"

#include "device/tpm/key_file.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"

int
pair_key_write(const struct folder *directory, const char *name, gid_t group,
    struct view key, struct error *err)
{
	return folder_replace_group(directory, name, key, group,
	    group == PAIR_NO_GROUP ? 0600 : 0640, err);
}

int
pair_key_share(const struct folder *directory, const char *name, gid_t group,
    struct error *err)
{
	AUTO_BYTES        pem = {0};
	struct device_key key;

	if (folder_read(directory, name, PAIR_FILE_MAX, &pem, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (device_key_decode(bytes_view(&pem), &key, err) != 0)
		return 0;
	return folder_share(directory, name, bytes_view(&pem), group, 0640, err);
}
