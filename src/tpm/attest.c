/* Decodes TPMS_ATTEST; the signature over the same octets is checked elsewhere. */
#include "config.h"

#include "tpm/attest.h"

#include <tss2/tss2_mu.h>

#include "tpm/name.h"
#include "tpm/tss2_error.h"

/* Checks magic and type first: the error of tss2-mu does not say which of them is wrong. */
static int
attest_check_header(struct view octets, TPM2_ST type, const char *type_name, struct error *err)
{
	UINT32  magic;
	UINT16  found;
	size_t  used = 0;
	TSS2_RC rc = Tss2_MU_UINT32_Unmarshal(octets.data, octets.size, &used, &magic);

	if (rc == TSS2_RC_SUCCESS)
		rc = Tss2_MU_UINT16_Unmarshal(octets.data, octets.size, &used, &found);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_decoded(rc, 0, octets.size, err, "the attestation");
	if (magic != TPM2_GENERATED_VALUE)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "attestation magic 0x%08x is not TPM_GENERATED_VALUE: no TPM made it", magic);
	if (found != type)
		return error_set(err, ERROR_BAD_ATTESTATION, "attestation type 0x%04x is not %s",
		    found, type_name);
	return 0;
}

int
tpm_attest_decode(struct view octets, TPM2_ST type, const char *type_name, TPMS_ATTEST *attest,
    struct error *err)
{
	size_t  used = 0;
	TSS2_RC rc;

	if (attest_check_header(octets, type, type_name, err) < 0)
		return -1;
	rc = Tss2_MU_TPMS_ATTEST_Unmarshal(octets.data, octets.size, &used, attest);
	return tpm_decoded(rc, used, octets.size, err, "the attestation");
}

bool
tpm_attest_names(const TPM2B_NAME *attested, const struct tpm_name *name)
{
	return name->size != 0 && view_equal((struct view){attested->name, attested->size},
	                              (struct view){name->bytes, name->size});
}
