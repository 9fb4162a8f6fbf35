/* Reads the state directory; what makes it is acme_admin/init.c. */
#include "config.h"

#include "acme/keeper/dns_names.h"

#include <string.h>

#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/certificate.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define PEM_MAX   ((size_t)256 * 1024)
#define NAMES_MAX ((size_t)64 * 1024)

/* A text file without its last line's end. */
static int
read_text(const char *path, size_t max, struct bytes *text, struct error *err)
{
	if (file_read(path, max, text, err) != 0)
		return -1;
	while (text->size > 0 && (text->data[text->size - 1] == '\n' || text->data[text->size - 1] == '\r'))
		text->size--;
	bytes_append_u8(text, '\0');
	return 0;
}

int
state_dir_load_issuing(const char *state_dir, const struct key_access *access, struct ca *issuing,
    struct bytes *issuing_pem, struct bytes *root_pem, struct error *err)
{
	AUTO_FREE char     *root = file_join(state_dir, STATE_ROOT_PEM);
	struct issuer_files files = {.id = ""};

	if (file_read(root, PEM_MAX, root_pem, err) != 0 ||
	    issuer_files_load(state_dir, access, &files, err) != 0)
		return -1;
	*issuing = files.ca;
	*issuing_pem = files.pem;
	files.ca = (struct ca){NULL, NULL};
	files.pem = (struct bytes){0};
	issuer_files_clear(&files);
	if (certificate_not_after(issuing->certificate) <= clock_now())
		return error_set(err, ERROR_INTERNAL, "the issuing certificate %s/%s has expired",
		    state_dir, STATE_ISSUING_PEM);
	return 0;
}

int
state_dir_load_names(const char *state_dir, struct config_list *names, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, STATE_DNS_NAMES);
	AUTO_BYTES      text = {0};
	char           *rest = NULL;

	if (read_text(path, NAMES_MAX, &text, err) != 0)
		return -1;
	for (char *line = strtok_r((char *)text.data, "\r\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\r\n", &rest))
		config_list_append(names, line);
	if (names->count == 0)
		return error_set(err, ERROR_INTERNAL, "%s has no name in it", path);
	return 0;
}
