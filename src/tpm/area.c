/* Distinguishes TPMT_PUBLIC from TPM2B_PUBLIC; never judges the key. */
#include "config.h"

#include "tpm/area.h"

#include <stdint.h>

#include "tpm/public.h"
#include "util/error.h"

/* Largest first octet of the size of a TPM2B_PUBLIC; DER and NV headers begin with a larger one. */
#define AREA_SIZE_FIRST_MAX 0x03
_Static_assert(sizeof(TPMT_PUBLIC) <= (AREA_SIZE_FIRST_MAX << 8 | 0xff), "no TPMT_PUBLIC is larger");

static uint16_t
area_u16(struct view content, size_t at)
{
	return (uint16_t)(content.data[at] << 8 | content.data[at + 1]);
}

/* A TPMT_PUBLIC begins with the type of its key. */
static bool
area_has_type(struct view content, size_t at)
{
	return content.size >= at + 2 &&
	    (area_u16(content, at) == TPM2_ALG_RSA || area_u16(content, at) == TPM2_ALG_ECC);
}

bool
tpm_area_is(struct view content)
{
	return area_has_type(content, 0) ||
	    (area_has_type(content, 2) && content.data[0] <= AREA_SIZE_FIRST_MAX);
}

int
tpm_area_find(struct view content, struct view *area, struct error *err)
{
	*area = content;
	if (area_has_type(content, 0))
		return 0;
	*area = (struct view){content.data + 2, content.size - 2};
	if (area->size == area_u16(content, 0))
		return 0;
	return error_set(err, ERROR_MALFORMED,
	    "the TPM2B_PUBLIC says that it has %u octets, and has %zu", area_u16(content, 0), area->size);
}

int
tpm_area_spki(struct view area, const char *whose, struct bytes *spki, struct error *err)
{
	TPMT_PUBLIC public;

	if (tpm_public_decode(area, whose, &public, err) != 0)
		return -1;
	return tpm_public_spki(&public, spki, err) == 0 ? 0 : error_wrap(err, "%s", whose);
}
