/* Owns which files are copied and under which names; what is in them is the shelf's business. */
#include "config.h"

#include "attestation/keeper/copies.h"

#include <sys/stat.h>

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/files.h"
#include "service/keeper/shelf.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static const struct {
	const char *served;
	const char *file;
} copied[] = {
    {STATE_ROOT_PEM, STATE_ROOT_PEM},
    {STATE_CRL_PEM, STATE_CRL_PEM},
    {"crl", STATE_ISSUING_CRL}, /* of the issuer that signs */
};

#define COPIES (sizeof copied / sizeof copied[0])

struct copies {
	char    *directory;
	uint64_t versions[COPIES]; /* of what was written; 0: nothing yet */
};

struct copies *
copies_new(const char *directory)
{
	struct copies *copies;

	if (directory == NULL)
		return NULL;
	copies = memory_new(sizeof *copies);
	copies->directory = memory_strdup(directory);
	return copies;
}

void
copies_free(struct copies *copies)
{
	if (copies == NULL)
		return;
	free(copies->directory);
	free(copies);
}

int
copies_check(const char *directory, struct error *err)
{
	struct stat st;

	if (directory == NULL)
		return 0;
	if (stat(directory, &st) == 0 && !S_ISDIR(st.st_mode))
		return error_set(err, ERROR_INTERNAL, "publish: %s is no directory", directory);
	if (access(directory, W_OK | X_OK) == 0)
		return 0;
	return error_set(err, ERROR_INTERNAL,
	    "publish: %s: %s; make that directory, where attestd may write, or name another", directory,
	    strerror(errno));
}

static int
copies_write(struct copies *copies, size_t i, struct shelf *shelf, struct error *err)
{
	AUTO_FREE char *path = file_join(copies->directory, copied[i].file);
	AUTO_BYTES      content = {0};
	uint64_t        version = shelf_copy(shelf, copied[i].served, copies->versions[i], &content);

	if (version == copies->versions[i])
		return 0;
	if (file_replace(path, content.data, content.size, 0644, err) != 0)
		return -1;
	copies->versions[i] = version;
	return 0;
}

int
copies_refresh(struct copies *copies, struct shelf *shelf, struct error *err)
{
	struct error one;
	int          rc = 0;

	/* After a failure the other copies are still written; the first failure is reported. */
	for (size_t i = 0; copies != NULL && i < COPIES; i++)
		if (copies_write(copies, i, shelf, rc == 0 ? err : &one) != 0)
			rc = -1;
	return rc == 0 ? 0 : error_wrap(err, "publishing");
}
