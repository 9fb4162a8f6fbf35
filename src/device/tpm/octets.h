/* Structures of the TPM as octets of the wire, by tss2-mu. */
#ifndef DEVICE_TPM_OCTETS_H
#define DEVICE_TPM_OCTETS_H

#include <tss2/tss2_tpm2_types.h>

struct bytes;
struct error;

/*
 * Append the structure without a size prefix. INTERNAL for a selector that tss2-mu does not know: a structure
 * that it has decoded always encodes.
 */
int device_public_append(const TPMT_PUBLIC *area, struct bytes *out, struct error *err);
int device_signature_append(const TPMT_SIGNATURE *signature, struct bytes *out, struct error *err);
int device_creation_append(const TPMS_CREATION_DATA *data, struct bytes *out, struct error *err);

#endif
