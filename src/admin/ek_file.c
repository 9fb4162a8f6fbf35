/* Reads a file, within bounds, for the EK that is in it. */
#include "config.h"

#include "admin/ek_file.h"

#include "admin/ek_content.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define EK_FILE_MAX ((size_t)256 * 1024)

int
ek_file_hash(const char *path, struct ek_hash *hash, struct error *err)
{
	AUTO_BYTES content = {0};

	if (file_read(path, EK_FILE_MAX, &content, err) != 0)
		return -1;
	return ek_content_hash(bytes_view(&content), path, hash, err);
}
