/* Chooses the parent and makes the key; leaves only the parent loaded. */
#include "config.h"

#include "device/tpm/key_create.h"

#include <stdio.h>

#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/parent.h"
#include "util/error.h"

/* True for the response codes of a TPM that lacks an algorithm, a curve, a scheme or a key size. */
static bool
code_means_unsupported(TPM2_RC code)
{
	return code == TPM2_RC_VALUE || code == TPM2_RC_CURVE || code == TPM2_RC_SCHEME ||
	    code == TPM2_RC_ASYMMETRIC || code == TPM2_RC_HASH || code == TPM2_RC_KEY_SIZE;
}

static TSS2_RC
create(struct device_tpm *tpm, uint32_t parent, const TPMT_PUBLIC *area, struct device_key *key,
    struct device_creation *creation)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_PUBLIC       in = {.publicArea = *area};
	const TPM2B_DATA         outside = {0};
	const TPML_PCR_SELECTION pcrs = {0};
	TPM2B_PUBLIC            *public = NULL;
	TPM2B_PRIVATE           *private = NULL;
	TPM2B_CREATION_DATA     *data = NULL;
	TPM2B_DIGEST            *hash = NULL;
	TPMT_TK_CREATION        *ticket = NULL;
	TSS2_RC                  rc;

	DEVICE_TPM_TRY(rc, Esys_Create(tpm->esys, parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &sensitive, &in, &outside, &pcrs, &private, &public,
	                       &data, &hash, &ticket));
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	key->public = *public;
	key->private = *private;
	*creation = (struct device_creation){*data, *hash, *ticket};
	Esys_Free(public);
	Esys_Free(private);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return TSS2_RC_SUCCESS;
}

/* One try under the current choice of parent. */
static int
create_under(struct device_tpm *tpm, const TPMT_PUBLIC *area, const struct device_key_words *words,
    struct device_key *key, struct device_creation *creation, uint32_t *parent, struct error *err)
{
	char    doing[128];
	bool    transient;
	TSS2_RC rc;

	(void)snprintf(doing, sizeof doing, "making %s", words->whose);
	if (device_parent_choose(tpm, &key->parent, parent, err) != 0)
		return -1;
	transient = key->parent == TPM2_RH_OWNER;
	if (!transient && device_auth_use(tpm, DEVICE_AUTH_PARENT, *parent, doing, err) != 0) {
		device_tpm_release(tpm, parent);
		return -1;
	}
	rc = create(tpm, *parent, area, key, creation);
	if (rc == TSS2_RC_SUCCESS)
		return 0;
	device_tpm_release(tpm, parent);
	if (code_means_unsupported(device_tpm_code(rc)))
		return error_set(err, ERROR_NOT_FOUND, "this TPM makes no %s keys; choose another %s",
		    words->kind, words->option);
	return transient ? device_tpm_error(err, rc, "%s", doing)
	                 : device_auth_error(tpm, DEVICE_AUTH_PARENT, rc, doing, err);
}

int
device_key_create(struct device_tpm *tpm, const TPMT_PUBLIC *area,
    const struct device_key_words *words, struct device_key *key,
    struct device_creation *creation, uint32_t *parent, struct error *err)
{
	bool         closed = tpm->auth[DEVICE_AUTH_PARENT].refused;
	struct error again;

	*parent = ESYS_TR_NONE;
	if (create_under(tpm, area, words, key, creation, parent, err) == 0)
		return 0;
	/* Whether the storage root key has a password is known only after it was used. */
	if (closed || !tpm->auth[DEVICE_AUTH_PARENT].refused || tpm->auth[DEVICE_AUTH_PARENT].known)
		return -1;
	if (create_under(tpm, area, words, key, creation, parent, &again) == 0)
		return 0;
	/* If the owner has a password too, the storage root key's is the one needed. */
	if (!tpm->auth[DEVICE_AUTH_OWNER].refused)
		*err = again;
	else
		device_auth_note(tpm, DEVICE_AUTH_OWNER, err);
	return -1;
}
