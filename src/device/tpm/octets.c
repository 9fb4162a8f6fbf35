/* Encodes structures of the TPM; decodes none. */
#include "config.h"

#include "device/tpm/octets.h"

#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_mu.h>

#include "util/bytes.h"
#include "util/error.h"

/* Appends what was encoded, if it was. */
static int
append(TSS2_RC rc, struct view octets, const char *what, struct bytes *out, struct error *err)
{
	if (rc != TSS2_RC_SUCCESS)
		return error_set(err, ERROR_INTERNAL, "%s does not encode", what);
	bytes_append(out, octets.data, octets.size);
	return 0;
}

int
device_public_append(const TPMT_PUBLIC *area, struct bytes *out, struct error *err)
{
	uint8_t octets[sizeof *area];
	size_t  size = 0;
	TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Marshal(area, octets, sizeof octets, &size);

	return append(rc, (struct view){octets, size}, "a public area", out, err);
}

int
device_signature_append(const TPMT_SIGNATURE *signature, struct bytes *out, struct error *err)
{
	uint8_t octets[sizeof *signature];
	size_t  size = 0;
	TSS2_RC rc = Tss2_MU_TPMT_SIGNATURE_Marshal(signature, octets, sizeof octets, &size);

	return append(rc, (struct view){octets, size}, "a signature", out, err);
}

int
device_creation_append(const TPMS_CREATION_DATA *data, struct bytes *out, struct error *err)
{
	uint8_t octets[sizeof *data];
	size_t  size = 0;
	TSS2_RC rc = Tss2_MU_TPMS_CREATION_DATA_Marshal(data, octets, sizeof octets, &size);

	return append(rc, (struct view){octets, size}, "creation data", out, err);
}
