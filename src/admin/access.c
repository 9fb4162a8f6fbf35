/* Reads each secret once; prints none. */
#include "config.h"

#include "admin/access.h"

#include "ca/issuer.h"
#include "command/command.h"
#include "util/error.h"
#include "util/secret.h"

const struct command_option access_rows[] = {
    {OPTION(DESCRIPTOR, "passphrase-fd", "N", struct access_options, passphrase_fd,
        "read the key's passphrase or PIN from this open descriptor")},
    {OPTION(TEXT, "pkcs11-module", "FILE", struct access_options, pkcs11_module,
        "for \"pkcs11:\" URIs that name no module-path")},
    {0},
};

/* Reads it from the option's descriptor, or else from the credential. */
static int
access_read_secret(int descriptor, const char *option, const char *credential, bool *found,
    struct access *access, struct error *err)
{
	*found = descriptor >= 0;
	if (!*found)
		return secret_read_credential(credential, found, &access->secret, err);
	return secret_read_fd(descriptor, &access->secret, err) == 0
	    ? 0
	    : error_wrap(err, "--%s %d", option, descriptor);
}

static void
access_settle(const struct access_options *options, struct access *access)
{
	access->key.secret = bytes_view(&access->secret);
	access->key.pkcs11_module = options->pkcs11_module;
}

int
access_read(const struct access_options *options, struct access *access, struct error *err)
{
	bool found;

	*access = (struct access){.secret = {0}};
	if (access_read_secret(options->passphrase_fd, "passphrase-fd", ISSUER_CREDENTIAL, &found,
	        access, err) != 0)
		return -1;
	access_settle(options, access);
	return 0;
}

int
access_read_root(const struct access_options *options, int descriptor,
    const struct access *issuing, struct access *access, struct error *err)
{
	bool found;

	*access = (struct access){.secret = {0}};
	if (access_read_secret(descriptor, "root-passphrase-fd", ACCESS_ROOT_CREDENTIAL, &found, access,
	        err) != 0)
		return -1;
	if (!found && issuing->secret.size != 0)
		bytes_append(&access->secret, issuing->secret.data, issuing->secret.size);
	access_settle(options, access);
	return 0;
}

int
access_status(const struct error *err)
{
	return err->kind == ERROR_MALFORMED ? COMMAND_USAGE : -1;
}

void
access_clear(struct access *access)
{
	bytes_clear(&access->secret);
	*access = (struct access){.secret = {0}};
}
