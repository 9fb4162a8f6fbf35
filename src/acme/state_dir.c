/* Reads the state directory; what makes it is acme_admin/init.c. */
#include "config.h"

#include "acme/state_dir.h"

#include <string.h>

#include "pki/certificate.h"
#include "pki/key.h"
#include "store/files.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define PEM_MAX   ((size_t)256 * 1024)
#define URI_MAX   4096U
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

/* The operator's own key is where it was; ours lies in the directory. */
static int
load_key(const char *state_dir, EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *uri_path = file_join(state_dir, STATE_ISSUING_URI);
	AUTO_FREE char *key_path = file_join(state_dir, STATE_ISSUING_KEY);
	AUTO_BYTES      uri = {0};

	if (read_text(uri_path, URI_MAX, &uri, err) == 0)
		return key_load((const char *)uri.data, key, err);
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	return key_load(key_path, key, err);
}

int
state_dir_load_issuing(const char *state_dir, struct ca *issuing, struct bytes *issuing_pem,
    struct bytes *root_pem, struct error *err)
{
	AUTO_FREE char *root = file_join(state_dir, STATE_ROOT_PEM);
	AUTO_FREE char *certificate = file_join(state_dir, STATE_ISSUING_PEM);

	if (file_read(root, PEM_MAX, root_pem, err) != 0 ||
	    file_read(certificate, PEM_MAX, issuing_pem, err) != 0 ||
	    certificate_load(certificate, &issuing->certificate, err) != 0 ||
	    load_key(state_dir, &issuing->key, err) != 0 || ca_check_pair(issuing, err) != 0)
		return -1;
	if (certificate_not_after(issuing->certificate) <= clock_now())
		return error_set(err, ERROR_INTERNAL, "the issuing certificate %s has expired",
		    certificate);
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
