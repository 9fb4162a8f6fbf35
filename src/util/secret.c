/* Reads secrets, one line each; never logs one, and leaves no copy behind. */
#include "config.h"

#include "util/secret.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/file.h"
#include "util/file_named.h"
#include "util/shell_quote.h"

/* Reads to the end, but at most one octet more than the longest secret and its line end. */
static int
secret_read_all(int fd, char *text, size_t *size)
{
	ssize_t got;

	*size = 0;
	while (*size < SECRET_MAX + 2) {
		got = read(fd, text + *size, SECRET_MAX + 2 - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		*size += (size_t)got;
	}
	return 0;
}

static int
secret_take_line(const char *text, size_t size, const char *where, struct bytes *secret,
    struct error *err)
{
	const char *end = memchr(text, '\n', size);
	size_t      length = end != NULL ? (size_t)(end - text) : size;

	if (length > 0 && text[length - 1] == '\r')
		length--;
	if (length > SECRET_MAX)
		return error_set(err, ERROR_TOO_LARGE, "the first line of %s has more than %d octets",
		    where, SECRET_MAX);
	if (length == 0)
		return error_set(err, ERROR_MALFORMED, "there is no passphrase in the first line of %s",
		    where);
	if (memchr(text, '\0', length) != NULL)
		return error_set(err, ERROR_MALFORMED, "the first line of %s is no text", where);
	bytes_append(secret, text, length);
	return 0;
}

static int
secret_read_from(int fd, const char *where, struct bytes *secret, struct error *err)
{
	char   text[SECRET_MAX + 2];
	size_t size;
	int    rc;

	if (secret_read_all(fd, text, &size) < 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "reading a passphrase from %s", where);
	else
		rc = secret_take_line(text, size, where, secret, err);
	bytes_cleanse(text, sizeof text);
	return rc;
}

int
secret_read_fd(int fd, struct bytes *secret, struct error *err)
{
	return secret_read_from(fd, "the descriptor", secret, err);
}

static int
secret_check_private(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INTERNAL, "%s is no regular file", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		AUTO_FREE char *word = shell_word(path);

		return error_set(err, ERROR_INTERNAL,
		    "%s has permissions %04o, so that others may read what it keeps; run: chmod 600 %s",
		    path, (unsigned)(st.st_mode & 07777), word);
	}
	return 0;
}

static int
secret_read_path(const char *path, bool private, struct bytes *secret, struct error *err)
{
	int named = file_named_fd(path);
	int fd = named >= 0 ? named : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = 0;

	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	if (private)
		rc = secret_check_private(fd, path, err);
	if (rc == 0)
		rc = secret_read_from(fd, path, secret, err);
	if (fd != named)
		(void)close(fd);
	return rc;
}

int
secret_read_file(const char *path, struct bytes *secret, struct error *err)
{
	return secret_read_path(path, true, secret, err);
}

int
secret_read_credential(const char *name, bool *found, struct bytes *secret, struct error *err)
{
	const char     *directory = getenv("CREDENTIALS_DIRECTORY");
	AUTO_FREE char *path = NULL;

	*found = false;
	if (directory == NULL || *directory == '\0')
		return 0;
	path = file_join(directory, name);
	if (secret_read_path(path, false, secret, err) == 0)
		*found = true;
	else if (err->kind != ERROR_NOT_FOUND)
		return -1;
	return 0;
}
