/*
 * Owns the passwords. A password that the TPM has refused is not tried again in this run, because a
 * TPM locks itself after too many failures.
 */
#include "config.h"

#include "device/tpm/auth.h"

#include <string.h>

#include "device/tpm/esys.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static const struct {
	const char *object;
	const char *option;
} words[DEVICE_AUTH_COUNT] = {
    [DEVICE_AUTH_OWNER] = {"the owner hierarchy", "--owner-auth-file"},
    [DEVICE_AUTH_ENDORSEMENT] = {"the endorsement hierarchy", "--endorsement-auth-file"},
    [DEVICE_AUTH_PARENT] = {"the SRK 0x81000001", "--parent-auth-file"},
};

int
device_auth_read(struct device_tpm *tpm, enum device_auth which, const char *path,
    struct error *err)
{
	struct device_auth_state *state = &tpm->auth[which];
	AUTO_BYTES                text = {0};

	if (file_read(path, sizeof state->password.buffer, &text, err) != 0)
		return error_wrap(err, "the password of %s", words[which].object);
	while (text.size > 0 && (text.data[text.size - 1] == '\n' || text.data[text.size - 1] == '\r'))
		text.size--;
	state->password.size = (uint16_t)text.size;
	if (text.size > 0)
		memcpy(state->password.buffer, text.data, text.size);
	state->known = true;
	return 0;
}

void
device_auth_clear(struct device_tpm *tpm)
{
	bytes_cleanse(tpm->auth, sizeof tpm->auth);
}

/* Describes a refusal: which object, and the remedy. */
static int
refused(const struct device_tpm *tpm, enum device_auth which, const char *doing, struct error *err)
{
	if (tpm->auth[which].known)
		return error_set(err, ERROR_INTERNAL,
		    "%s: the password of %s is wrong: correct the file that %s names; it is tried once in a run",
		    doing, words[which].object, words[which].option);
	return error_set(err, ERROR_INTERNAL,
	    "%s: %s has a password; name the file that holds it with %s", doing,
	    words[which].object, words[which].option);
}

void
device_auth_note(const struct device_tpm *tpm, enum device_auth which, struct error *err)
{
	struct error first = *err;

	if (tpm->auth[which].known && tpm->auth[which].refused)
		(void)error_set(err, first.kind, "%s, or correct the one that %s names: its password is wrong",
		    first.detail, words[which].option);
}

int
device_auth_use(struct device_tpm *tpm, enum device_auth which, uint32_t object, const char *doing,
    struct error *err)
{
	TSS2_RC rc;

	if (tpm->auth[which].refused)
		return refused(tpm, which, doing, err);
	if (!tpm->auth[which].known)
		return 0;
	rc = Esys_TR_SetAuth(tpm->esys, object, &tpm->auth[which].password);
	return rc == TSS2_RC_SUCCESS ? 0 : device_tpm_error(err, rc, "%s", doing);
}

bool
device_auth_failed(TSS2_RC rc)
{
	TPM2_RC code = device_tpm_code(rc);

	return code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL;
}

int
device_auth_error(struct device_tpm *tpm, enum device_auth which, TSS2_RC rc, const char *doing,
    struct error *err)
{
	if (!device_auth_failed(rc))
		return device_tpm_error(err, rc, "%s", doing);
	tpm->auth[which].refused = true;
	return refused(tpm, which, doing, err);
}
