/* Reads secrets once each; shows none. */
#include "config.h"

#include "admin/access.h"

#include <limits.h>
#include <stdlib.h>

#include "ca/issuer.h"
#include "command/call.h"
#include "util/error.h"
#include "util/secret.h"

static int
access_read_option(const struct admin_call *call, const char *option, bool *found,
    struct access *access, struct error *err)
{
	const char *text = admin_call_value(call, option, NULL);
	char       *end = NULL;
	long        number;

	*found = text != NULL;
	if (text == NULL)
		return 0;
	number = strtol(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > INT_MAX)
		return error_set(err, ERROR_MALFORMED,
		    "--%s wants the number of an open descriptor, as in \"--%s 3 3<file\"", option, option);
	if (secret_read_fd((int)number, &access->secret, err) != 0)
		return error_wrap(err, "--%s %ld", option, number);
	return 0;
}

static void
access_settle(const struct admin_call *call, struct access *access)
{
	access->key.secret = bytes_view(&access->secret);
	access->key.pkcs11_module = admin_call_value(call, "pkcs11-module", NULL);
}

int
access_read(const struct admin_call *call, struct access *access, struct error *err)
{
	bool found = false;

	*access = (struct access){.secret = {0}};
	if (access_read_option(call, "passphrase-fd", &found, access, err) != 0 ||
	    (!found && secret_read_credential(ISSUER_CREDENTIAL, &found, &access->secret, err) != 0))
		return -1;
	access_settle(call, access);
	return 0;
}

int
access_read_root(const struct admin_call *call, const struct access *issuing,
    struct access *access, struct error *err)
{
	bool found = false;

	*access = (struct access){.secret = {0}};
	if (access_read_option(call, "root-passphrase-fd", &found, access, err) != 0 ||
	    (!found &&
	        secret_read_credential(ACCESS_ROOT_CREDENTIAL, &found, &access->secret, err) != 0))
		return -1;
	if (!found && issuing->secret.size != 0)
		bytes_append(&access->secret, issuing->secret.data, issuing->secret.size);
	access_settle(call, access);
	return 0;
}

int
access_status(const struct error *err)
{
	return err->kind == ERROR_MALFORMED ? ADMIN_USAGE : -1;
}

void
access_clear(struct access *access)
{
	bytes_clear(&access->secret);
	*access = (struct access){.secret = {0}};
}
