/* The certificates that a machine shows for its EK: TCG EK Credential Profile, "EK certificate chain". */
#ifndef DEVICE_EXHIBITS_H
#define DEVICE_EXHIBITS_H

#include <stddef.h>

#include "util/bytes.h"

struct device_ek;
struct device_tpm;

/*
 * Reads at most `max` of them, as DER: the EK's own, then those above it where the
 * TPM's maker has put them into NV, then those of the machine's other EKs. *count is
 * set, 0 for a TPM that has none. The caller clears each. An index that cannot be read is
 * passed over.
 */
void device_exhibits_read(struct device_tpm *tpm, const struct device_ek *ek,
    struct bytes *certificates, size_t max, size_t *count);

/*
 * What stands in NV one behind the other, perhaps padded: at most `max` certificates, in
 * views of it. Returns how many; whatever else stands there ends it.
 */
size_t device_exhibits_split(struct view raw, struct view *certificates, size_t max);

#endif
