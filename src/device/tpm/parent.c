/*
 * Finds or makes the parent of our keys; makes one persistent only if the owner's password
 * was given.
 */
#include "config.h"

#include "device/tpm/parent.h"

#include "device/tpm/esys.h"
#include "device/tpm/room.h"
#include "device/tpm/template.h"
#include "util/error.h"

/*
 * Makes a transient storage key; with `empty_unique` the one that TSS2 key files denote by
 * the owner hierarchy.
 */
static int
parent_make(struct device_tpm *tpm, bool empty_unique, uint32_t *parent, struct error *err)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_PUBLIC in = {.publicArea = device_template_storage(TPM2_ALG_ECC, empty_unique)};
	const TPM2B_DATA         outside = {0};
	const TPML_PCR_SELECTION pcrs = {0};
	TSS2_RC                  rc;

	if (device_auth_use(tpm, DEVICE_AUTH_OWNER, ESYS_TR_RH_OWNER, "making a storage root key", err) !=
	    0)
		return -1;
	DEVICE_TPM_TRY_OBJECT(tpm, rc, Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
	                       ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &in, &outside, &pcrs, parent,
	                       NULL, NULL, NULL, NULL));
	if (rc != TSS2_RC_SUCCESS) {
		*parent = ESYS_TR_NONE;
		return device_auth_error(tpm, DEVICE_AUTH_OWNER, rc, "making a storage root key", err);
	}
	device_tpm_keep(tpm, *parent, true);
	return 0;
}

/* Opens a persistent parent; *parent is ESYS_TR_NONE if the handle does not exist. */
static int
parent_open(struct device_tpm *tpm, TPM2_HANDLE handle, TPMT_PUBLIC *area, uint32_t *parent,
    struct error *err)
{
	TPM2B_PUBLIC *public = NULL;
	TPM2_HANDLE   found = 0;
	size_t        count = 1;
	TSS2_RC       rc;

	*parent = ESYS_TR_NONE;
	if (device_tpm_handles(tpm, handle, &found, &count, err) != 0)
		return -1;
	if (count == 0 || found != handle)
		return 0;
	DEVICE_TPM_TRY(rc, Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, parent));
	if (rc != TSS2_RC_SUCCESS) {
		*parent = ESYS_TR_NONE;
		return device_tpm_error(err, rc, "the storage root key 0x%08x", handle);
	}
	device_tpm_keep(tpm, *parent, false);
	DEVICE_TPM_TRY(rc, Esys_ReadPublic(tpm->esys, *parent, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &public, NULL, NULL));
	if (rc != TSS2_RC_SUCCESS) {
		device_tpm_release(tpm, parent);
		return device_tpm_error(err, rc, "reading the storage root key 0x%08x", handle);
	}
	*area = public->publicArea;
	Esys_Free(public);
	return 0;
}

/* True for a storage root key whose password was not given: use a transient one, which needs
 * none. */
static bool
parent_is_closed(const struct device_tpm *tpm)
{
	return tpm->auth[DEVICE_AUTH_PARENT].refused && !tpm->auth[DEVICE_AUTH_PARENT].known;
}

/*
 * Makes the storage root key persistent at TCG's handle if the owner hierarchy has a password: keys
 * below it can then be used without that password, keys below a transient one cannot.
 */
static int
parent_persist(struct device_tpm *tpm, uint32_t *parent, struct error *err)
{
	ESYS_TR made = ESYS_TR_NONE;
	TSS2_RC rc;

	if (parent_make(tpm, false, &made, err) != 0)
		return -1;
	DEVICE_TPM_TRY(rc, Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, made, ESYS_TR_PASSWORD,
	                       ESYS_TR_NONE, ESYS_TR_NONE, DEVICE_PARENT_SRK, parent));
	device_tpm_release(tpm, &made);
	if (rc != TSS2_RC_SUCCESS) {
		*parent = ESYS_TR_NONE;
		return device_auth_error(tpm, DEVICE_AUTH_OWNER, rc,
		    "keeping a storage root key in the TPM", err);
	}
	device_tpm_keep(tpm, *parent, false);
	return 0;
}

/* Whether it is TCG's storage root key: among others, wrong passwords do not lock the TPM. */
static bool
is_srk(const TPMT_PUBLIC *area)
{
	TPMT_PUBLIC rsa = device_template_storage(TPM2_ALG_RSA, false);
	TPMT_PUBLIC ecc = device_template_storage(TPM2_ALG_ECC, false);

	return device_template_equal(area, &rsa) || device_template_equal(area, &ecc);
}

int
device_parent_srk(struct device_tpm *tpm, uint32_t *parent, struct error *err)
{
	TPMT_PUBLIC area = {0};

	if (parent_open(tpm, DEVICE_PARENT_SRK, &area, parent, err) != 0)
		return -1;
	if (*parent != ESYS_TR_NONE && is_srk(&area))
		return 0;
	device_tpm_release(tpm, parent);
	return error_set(err, ERROR_NOT_FOUND, "the TPM has no storage root key 0x%08x",
	    DEVICE_PARENT_SRK);
}

int
device_parent_choose(struct device_tpm *tpm, TPM2_HANDLE *which, uint32_t *parent, struct error *err)
{
	TPMT_PUBLIC area = {0};

	*which = DEVICE_PARENT_SRK;
	if (parent_open(tpm, DEVICE_PARENT_SRK, &area, parent, err) != 0)
		return -1;
	if (*parent != ESYS_TR_NONE && !parent_is_closed(tpm) && is_srk(&area))
		return 0;
	if (*parent == ESYS_TR_NONE && tpm->auth[DEVICE_AUTH_OWNER].known)
		return parent_persist(tpm, parent, err);
	device_tpm_release(tpm, parent);
	*which = TPM2_RH_OWNER;
	return parent_make(tpm, true, parent, err);
}

int
device_parent_load(struct device_tpm *tpm, TPM2_HANDLE which, uint32_t *parent, struct error *err)
{
	TPMT_PUBLIC ignored;

	if (which == TPM2_RH_OWNER)
		return parent_make(tpm, true, parent, err);
	if (parent_open(tpm, which, &ignored, parent, err) != 0)
		return -1;
	if (*parent == ESYS_TR_NONE)
		return error_set(err, ERROR_CONFLICT,
		    "the TPM has no key 0x%08x any more, under which the key was made", which);
	return 0;
}
