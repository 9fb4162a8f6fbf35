/* attest-ca issuing csr: makes a pending key and a CSR for its certificate. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/issuing/issuing.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "command/output.h"
#include "command/print.h"
#include "pki/ca_request.h"
#include "pki/key.h"
#include "pki/signing.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/own_command.h"

struct csr {
	struct issuing_options issuing;
	struct access_options  access;
	const char            *name;
	const char            *output; /* NULL: standard output */
	struct output         *file;
};

static const struct command_option csr_rows[] = {
    {OPTION(TEXT, "name", "NAME", struct csr, name,
        "the common name to request (the successor of the present one)")},
    {OPTION(TEXT, "output", "FILE", struct csr, output, "write it there (standard output)")},
    {0},
};

static command_check csr_check;
static command_open  csr_open;
static command_run   admin_issuing_csr;

const struct command admin_issuing_csr_command = {
    .name = "issuing csr",
    .summary = "ask another CA for the next issuing certificate",
    .size = sizeof(struct csr),
    .options = {{issuing_rows, offsetof(struct csr, issuing)}, {csr_rows, 0},
        {access_rows, offsetof(struct csr, access)}},
    .check = csr_check,
    .open = csr_open,
    .state = true,
    .run = admin_issuing_csr,
};

/* Writes the pending key or URI to the state directory, for the directory's owner. */
static int
write_waiting(const struct folder *state, const char *name, struct view content, struct error *err)
{
	if (folder_create(state, name, content.data, content.size, 0600, err) != 0)
		return -1;
	return folder_sync(state, err);
}

static int
wait_with_uri(const struct command_call *call, const char *uri, const struct access *access,
    EVP_PKEY **key, struct error *err)
{
	AUTO_BYTES line = {0};

	if (key_open(uri, &access->key, key, err) != 0)
		return -1;
	bytes_append(&line, uri, strlen(uri));
	bytes_append_u8(&line, '\n');
	return write_waiting(call->state, STATE_NEXT_URI, bytes_view(&line), err);
}

static int
wait_with_new(const struct command_call *call, const struct issuer_files *old, EVP_PKEY **key,
    struct error *err)
{
	const struct csr *options = call->options;
	AUTO_BYTES        pem = {0};

	if (issuing_make_key(&options->issuing, old, key, err) != 0 || key_encode(*key, &pem, err) != 0)
		return -1;
	return write_waiting(call->state, STATE_NEXT_KEY, bytes_view(&pem), err);
}

/* The pending key, or a new one that becomes pending. */
static int
find_key(const struct command_call *call, const struct issuer_files *old,
    const struct access *access, EVP_PKEY **key, struct error *err)
{
	const struct issuing_options *options = &((const struct csr *)call->options)->issuing;
	char                         *uri;
	int                           rc;
	bool                          asked = options->key != NULL || options->key_type != NULL;

	if (issuing_load_waiting(call->state, &access->key, key, err) == 0) {
		if (!asked)
			return 0;
		return error_set(err, ERROR_CONFLICT,
		    "there is a pending key already: leave out --key and --key-type to have its "
		    "CSR again, or remove %s/issuing.next.*",
		    call->state_dir);
	}
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	if (options->key == NULL)
		return wait_with_new(call, old, key, err);
	uri = key_uri_absolute(options->key);
	rc = wait_with_uri(call, uri, access, key, err);
	free(uri);
	return rc;
}

static void
say_written(const char *name)
{
	(void)printf("wrote a request for \"");
	print_text(stdout, name);
	(void)printf("\"; when its certificate has come, run:\n  %s issuing install FILE\n",
	    own_command("attest-ca"));
}

static int
write_csr(const struct command_call *call, const char *name, const struct bytes *pem,
    struct error *err)
{
	const struct csr *options = call->options;
	const char       *output = options->output;

	if (output != NULL && file_write(output_fd(options->file), pem->data, pem->size) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "writing %s", output);
	if (output != NULL && output_commit(options->file, err) != 0)
		return -1;
	if (call->json)
		print_json(json_pack("{s:o, s:s%}", "name", print_json_text(name), "csr", (const char *)pem->data, pem->size));
	else if (output == NULL)
		(void)fwrite(pem->data, 1, pem->size, stdout);
	else
		say_written(name);
	return 0;
}

static int
request(const struct command_call *call, const struct access *access, EVP_PKEY **key,
    struct error *err)
{
	struct issuer_files old = {.id = ""};
	const char         *name = ((const struct csr *)call->options)->name;
	char                next[CA_NAME_SIZE];
	AUTO_BYTES          pem = {0};
	int                 rc = issuer_files_load(call->state, NULL, &old, err);

	if (rc == 0)
		rc = find_key(call, &old, access, key, err);
	if (rc == 0 && name == NULL) {
		rc = issuing_name(&old, *key, next, err);
		name = next;
	}
	if (rc == 0)
		rc = ca_request_create(*key, name, &pem, err);
	if (rc == 0)
		rc = write_csr(call, name, &pem, err);
	issuer_files_clear(&old);
	return rc;
}

static int
csr_check(const struct command_call *call, struct error *err)
{
	const struct csr *options = call->options;

	return issuing_check_options(&options->issuing, err);
}

static int
csr_open(const struct command_call *call, void *options, struct error *err)
{
	struct csr *csr = options;

	if (csr->output == NULL)
		return 0;
	if (directory_check_outside(call->state_dir, csr->output, err) != 0)
		return -1;
	return output_open(csr->output,
	    &(struct output_plan){.mode = 0644, .replace = true, .guarded = call->other_identity},
	    &csr->file, err);
}

static int
admin_issuing_csr(const struct command_call *call, struct error *err)
{
	const struct csr *options = call->options;
	struct access     access = {.secret = {0}};
	EVP_PKEY         *key = NULL;
	int               rc;

	rc = access_read(&options->access, &access, err) != 0 ? access_status(err)
	                                          : request(call, &access, &key, err);
	signing_key_free(key);
	access_clear(&access);
	output_free(options->file);
	return rc;
}
