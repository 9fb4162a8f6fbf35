/* Makes the keys and certificates of a new CA in memory. Writes no file. */
#include "config.h"

#include "admin/new_ca.h"

#include <stdio.h>
#include <string.h>

#include "ca/directory.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/utf8.h"

static int
name_check(const char *name, struct error *err)
{
	size_t   length = strlen(name);
	size_t   characters = 0;
	uint32_t character = 0;
	size_t   used;

	for (size_t i = 0; i < length; i += used, characters++) {
		used = utf8_decode((const uint8_t *)name + i, length - i, &character);
		if (used == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of --name is no text in UTF-8", i + 1);
	}
	if (characters == 0 || characters > NEW_CA_NAME_MAX)
		return error_set(err, ERROR_MALFORMED, "--name has 1 to %d characters, not %zu",
		    NEW_CA_NAME_MAX, characters);
	return 0;
}

int
new_ca_plan(const struct new_ca_options *options, struct new_ca *plan, struct error *err)
{
	*plan = (struct new_ca){
	    .root_lifetime = options->root_lifetime,
	    .issuing_lifetime = options->issuing_lifetime,
	};
	if (name_check(options->name, err) != 0 ||
	    key_type_parse(options->key_type, &plan->type, err) != 0)
		return -1;
	if (plan->issuing_lifetime > plan->root_lifetime)
		return error_set(err, ERROR_MALFORMED,
		    "the issuing certificate cannot outlive its root: --issuing-lifetime is above "
		    "--root-lifetime");
	(void)snprintf(plan->root_name, sizeof plan->root_name, "%s Root", options->name);
	(void)snprintf(plan->issuing_name, sizeof plan->issuing_name, "%s Issuing", options->name);
	return 0;
}

int
new_ca_make(const struct new_ca *plan, int64_t now, struct ca *root, struct ca *issuing,
    struct error *err)
{
	if (key_generate(plan->type, &root->key, err) != 0 ||
	    ca_root_create(root->key, plan->root_name, now, plan->root_lifetime, &root->certificate,
	        err) != 0)
		return error_wrap(err, "making the root");
	if (issuing->key == NULL && key_generate(plan->type, &issuing->key, err) != 0)
		return error_wrap(err, "making the issuing key");
	if (ca_issuing_create(root, issuing->key, plan->issuing_name, now, plan->issuing_lifetime,
	        &issuing->certificate, err) != 0)
		return error_wrap(err, "making the issuing certificate");
	return 0;
}

/* The content of the file with this name, which is there. */
static struct bytes *
file_content(struct directory_file *files, size_t count, const char *name)
{
	size_t i = 0;

	while (i < count - 1 && strcmp(files[i].name, name) != 0)
		i++;
	return &files[i].content;
}

int
new_ca_encode(const struct ca *root, const struct ca *issuing, int64_t now,
    struct directory_file *files, size_t count, struct error *err)
{
	int64_t lifetime = certificate_not_after(root->certificate) - now;

	if (key_encode(root->key, file_content(files, count, STATE_ROOT_KEY), err) != 0 ||
	    certificate_encode_pem(root->certificate, file_content(files, count, STATE_ROOT_PEM),
	        err) != 0 ||
	    certificate_encode_pem(issuing->certificate, file_content(files, count, STATE_ISSUING_PEM),
	        err) != 0)
		return -1;
	return ca_crl_create(root, 1, NULL, 0, now, lifetime,
	    file_content(files, count, STATE_ROOT_CRL), err);
}

void
new_ca_point(struct directory_file *file, const char *uri)
{
	file->name = STATE_ISSUING_URI;
	bytes_append(&file->content, uri, strlen(uri));
	bytes_append_u8(&file->content, '\n');
}
