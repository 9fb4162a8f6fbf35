/* Signs; remembers of a parent only what the TPM said. Reads no file. */
#include "config.h"

#include "device/tpm/key_sign.h"

#include <string.h>

#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/key_load.h"
#include "device/tpm/parent.h"
#include "device/tpm/room.h"
#include "util/error.h"

#define WHOSE "the device key"

/* So often a key is loaded again that another process made room in place of. */
#define LOST_MAX 4

void
device_parent_known_clear(struct device_parent_known *known)
{
	bytes_clear(&known->handle);
	*known = (struct device_parent_known){0};
}

int
device_key_sign_loaded(struct device_tpm *tpm, uint32_t handle, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, const char *doing, TPMT_SIGNATURE *signature,
    struct error *err)
{
	const TPMT_SIG_SCHEME how = {.scheme = scheme, .details.any.hashAlg = hash};
	/* An unrestricted key may sign a digest that the TPM did not compute: an empty ticket. */
	const TPMT_TK_HASHCHECK ticket = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};
	TPM2B_DIGEST            in = {.size = (uint16_t)digest.size};
	TPMT_SIGNATURE         *made = NULL;
	TSS2_RC                 rc;

	if (digest.size > sizeof in.buffer)
		return error_set(err, ERROR_INTERNAL, "a digest of %zu octets", digest.size);
	memcpy(in.buffer, digest.data, digest.size);
	DEVICE_TPM_TRY_OBJECT(tpm, rc, Esys_Sign(tpm->esys, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &in, &how, &ticket, &made));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "%s", doing);
	*signature = *made;
	Esys_Free(made);
	return 0;
}

/* ESAPI keeps the handle and its Name, so that nothing is asked of the TPM. */
static void
parent_remember(struct device_tpm *tpm, ESYS_TR parent, struct device_parent_known *known)
{
	uint8_t *octets = NULL;
	size_t   size = 0;

	if (Esys_TR_Serialize(tpm->esys, parent, &octets, &size) != TSS2_RC_SUCCESS)
		return;
	bytes_clear(&known->handle);
	bytes_append(&known->handle, octets, size);
	Esys_Free(octets);
}

static bool
parent_recall(struct device_tpm *tpm, const struct device_parent_known *known, ESYS_TR *parent)
{
	if (known->handle.size == 0 || Esys_TR_Deserialize(tpm->esys, known->handle.data,
	                                   known->handle.size, parent) != TSS2_RC_SUCCESS)
		return false;
	device_tpm_keep(tpm, *parent, false);
	return true;
}

/* Opens the persistent parent: the one that the key's file names, or the SRK. */
static int
parent_open(struct device_tpm *tpm, const struct device_key *key, ESYS_TR *parent,
    struct error *err)
{
	return key->parent == TPM2_RH_OWNER ? device_parent_srk(tpm, parent, err)
	                                    : device_parent_load(tpm, key->parent, parent, err);
}

/* Loads the key under a persistent parent, and remembers that parent. */
static int
load_persistent(struct device_tpm *tpm, const struct device_key *key,
    struct device_parent_known *known, ESYS_TR *handle, struct error *err)
{
	ESYS_TR parent = ESYS_TR_NONE;
	bool    recalled = parent_recall(tpm, known, &parent);
	int     rc;

	*handle = ESYS_TR_NONE;
	if (!recalled && parent_open(tpm, key, &parent, err) != 0)
		return -1;
	rc = device_key_load_under(tpm, parent, key, WHOSE, handle, err);
	if (rc == 0 && !recalled)
		parent_remember(tpm, parent, known);
	device_tpm_release(tpm, &parent);
	if (rc == 0 || !recalled)
		return rc;
	/* What is at the handle may have changed. */
	bytes_clear(&known->handle);
	return load_persistent(tpm, key, known, handle, err);
}

/* The same for the parent that the key's file names, or one that is the same key. */
static int
load(struct device_tpm *tpm, const struct device_key *key, struct device_parent_known *known,
    ESYS_TR *handle, struct error *err)
{
	if (!known->transient && load_persistent(tpm, key, known, handle, err) == 0)
		return 0;
	if (key->parent != TPM2_RH_OWNER || device_key_load(tpm, key, WHOSE, handle, err) != 0)
		return -1;
	known->transient = true;
	return 0;
}

static int
sign_once(struct device_tpm *tpm, const struct device_key *key,
    struct device_parent_known *known, TPM2_ALG_ID scheme, TPM2_ALG_ID hash, struct view digest,
    TPMT_SIGNATURE *signature, struct error *err)
{
	ESYS_TR handle = ESYS_TR_NONE;
	int     rc;

	tpm->lost = false;
	if (load(tpm, key, known, &handle, err) != 0)
		return -1;
	rc = device_key_sign_loaded(tpm, handle, scheme, hash, digest, "signing with " WHOSE, signature,
	    err);
	device_tpm_release(tpm, &handle);
	return rc;
}

int
device_key_sign(struct device_tpm *tpm, const struct device_key *key,
    struct device_parent_known *known, TPM2_ALG_ID scheme, TPM2_ALG_ID hash, struct view digest,
    TPMT_SIGNATURE *signature, struct error *err)
{
	for (int lost = 0;; lost++) {
		if (sign_once(tpm, key, known, scheme, hash, digest, signature, err) == 0)
			return 0;
		if (!tpm->lost || lost == LOST_MAX)
			return -1;
	}
}
