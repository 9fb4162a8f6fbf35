/* Reads the server's names, which acme_admin/init.c writes. */
#include "config.h"

#include "acme/keeper/dns_names.h"

#include <string.h>

#include "ca/files.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"

#define NAMES_MAX ((size_t)64 * 1024)

/* The file as a string, without the end of its last line. */
static int
dns_names_read(const struct folder *state, struct bytes *text, struct error *err)
{
	if (folder_read(state, STATE_DNS_NAMES, NAMES_MAX, text, err) != 0)
		return -1;
	while (text->size > 0 && (text->data[text->size - 1] == '\n' || text->data[text->size - 1] == '\r'))
		text->size--;
	bytes_append_u8(text, '\0');
	return 0;
}

int
dns_names_load(const struct folder *state, struct config_list *names, struct error *err)
{
	AUTO_BYTES text = {0};
	char      *rest = NULL;

	if (dns_names_read(state, &text, err) != 0)
		return -1;
	for (char *line = strtok_r((char *)text.data, "\r\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\r\n", &rest))
		config_list_append(names, line);
	if (names->count == 0)
		return error_set(err, ERROR_INTERNAL, "%s/%s has no name in it", state->path,
		    STATE_DNS_NAMES);
	return 0;
}
