/* Collects certificates without verifying them. */
#include "config.h"

#include "device/exhibits.h"

#include <stdbool.h>

#include "device/tpm/device_ek.h"
#include "device/tpm/nv.h"
#include "device/tpm/tpm.h"
#include "util/error.h"

/* NV indices of the EK certificate chain: as many as the chain needs; a certificate may span two of
 * them. */
#define CHAIN_INDEX_FIRST 0x01c00100U
#define CHAIN_INDEX_LAST  0x01c001ffU
#define CHAIN_INDICES_MAX 16U

/* Longest chain; a longer one would not fit in a request. */
#define CHAIN_MAX ((size_t)32 * 1024)
#define CHAIN_CERTIFICATES_MAX 8U

/* Some vendors count the padding of the NV index. */
static bool
octet_is_padding(uint8_t octet)
{
	return octet == 0x00 || octet == 0xff;
}

size_t
device_exhibits_split(struct view raw, struct view *certificates, size_t max)
{
	size_t count = 0;

	while (raw.size != 0 && count < max) {
		struct view der = device_ek_certificate_trim(raw);

		if (der.size != 0) {
			certificates[count++] = der;
			raw.size -= (size_t)(der.data - raw.data) + der.size;
			raw.data = der.data + der.size;
		} else if (octet_is_padding(raw.data[0])) {
			raw.data++;
			raw.size--;
		} else {
			break;
		}
	}
	return count;
}

static void
chain_read(struct device_tpm *tpm, struct bytes *raw)
{
	TPM2_HANDLE  indices[CHAIN_INDICES_MAX];
	size_t       count = CHAIN_INDICES_MAX;
	struct error ignored;

	if (device_tpm_handles(tpm, CHAIN_INDEX_FIRST, indices, &count, &ignored) != 0)
		return;
	for (size_t i = 0; i < count && indices[i] <= CHAIN_INDEX_LAST && raw->size < CHAIN_MAX; i++)
		(void)device_nv_read(tpm, indices[i], raw, &ignored);
}

/* Adds a certificate unless it is there already. */
static void
exhibits_add(struct bytes *certificates, size_t max, size_t *count, struct view der)
{
	for (size_t i = 0; i < *count; i++) {
		if (view_equal(bytes_view(&certificates[i]), der))
			return;
	}
	if (der.size == 0 || *count == max)
		return;
	certificates[*count] = (struct bytes){0};
	bytes_append(&certificates[(*count)++], der.data, der.size);
}

void
device_exhibits_read(struct device_tpm *tpm, const struct device_ek *ek,
    struct bytes *certificates, size_t max, size_t *count)
{
	AUTO_BYTES   raw = {0};
	struct view  chain[CHAIN_CERTIFICATES_MAX];
	struct bytes others[CHAIN_CERTIFICATES_MAX];
	size_t       found;

	*count = 0;
	exhibits_add(certificates, max, count, bytes_view(&ek->certificate));
	chain_read(tpm, &raw);
	found = device_exhibits_split(bytes_view(&raw), chain, CHAIN_CERTIFICATES_MAX);
	for (size_t i = 0; i < found; i++)
		exhibits_add(certificates, max, count, chain[i]);
	device_ek_certificates(tpm, others, CHAIN_CERTIFICATES_MAX, &found);
	for (size_t i = 0; i < found; i++) {
		exhibits_add(certificates, max, count, bytes_view(&others[i]));
		bytes_clear(&others[i]);
	}
}
