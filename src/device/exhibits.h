/* The certificates that a machine sends for its EK: TCG EK Credential Profile, "EK certificate
 * chain". */
#ifndef DEVICE_EXHIBITS_H
#define DEVICE_EXHIBITS_H

#include <stddef.h>

#include "util/bytes.h"

struct device_ek;
struct device_tpm;

/*
 * Reads at most `max` of them, as DER: the EK's own, then its chain if the TPM's vendor
 * stored it in NV, then those of the machine's other EKs. Sets *count, 0 for a TPM
 * without certificates. The caller clears each. An index that cannot be read is passed
 * over.
 */
void device_exhibits_read(struct device_tpm *tpm, const struct device_ek *ek,
    struct bytes *certificates, size_t max, size_t *count);

/*
 * Splits the content of NV, certificates in a row with optional padding, into at most
 * `max` views. Stops at anything else. Returns their number.
 * Public for tests.
 */
size_t device_exhibits_split(struct view raw, struct view *certificates, size_t max);

#endif
