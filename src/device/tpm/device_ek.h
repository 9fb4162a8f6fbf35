/* The machine's endorsement keys: TCG EK Credential Profile. */
#ifndef DEVICE_TPM_DEVICE_EK_H
#define DEVICE_TPM_DEVICE_EK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tss2/tss2_tpm2_types.h>

#include "tpm/ek.h"
#include "util/bytes.h"

struct device_template;
struct device_tpm;
struct error;

/* One EK, with its values in the protocol. */
struct device_ek {
	const struct device_template *template;
	TPMT_PUBLIC                   public;
	struct bytes                  area;        /* the same as octets */
	struct bytes                  spki;        /* SubjectPublicKeyInfo DER */
	struct ek_hash                hash;
	struct bytes                  certificate; /* DER; empty if NV holds none */
	bool certificate_fits;                     /* it belongs to this key */
	char *fault;                               /* why a host refuses it, or NULL */
};

/* Frees what *ek holds and makes it {0}. */
void device_ek_clear(struct device_ek *ek);

/* Locals that clear themselves. */
#define AUTO_EK __attribute__((cleanup(device_ek_clear))) struct device_ek

/*
 * Sets *present to whether the machine has the EK of this template according to its NV:
 * the low range always, the high range if a certificate or a template is there.
 */
int device_ek_present(struct device_tpm *tpm, const struct device_template *template, bool *present,
    struct error *err);

/*
 * Finds the EK among the persistent keys or makes it, and fills *ek. *handle is for
 * device_ek_authorize and ActivateCredential; release it with device_tpm_release.
 *
 * NOT_FOUND when the TPM does not make keys of this kind, else INTERNAL.
 */
int device_ek_load(struct device_tpm *tpm, const struct device_template *template,
    struct device_ek *ek, uint32_t *handle, struct error *err);

/*
 * The EK of the row for `wanted` (device_template_find), or if NULL the default: the first row
 * of the table whose EK the machine has and an attestation host accepts (tpm_ek_decode).
 * BAD_ATTESTATION, with the reason, when the EK exists but would be refused.
 */
int device_ek_load_wanted(struct device_tpm *tpm, const char *wanted, struct device_ek *ek,
    uint32_t *handle, struct error *err);

/*
 * Sets *session to the authorization for the EK's use: the empty password if
 * its attributes allow that, else a policy session that has passed
 * PolicySecret(endorsement), valid for one command. Release it.
 */
int device_ek_authorize(struct device_tpm *tpm, const struct device_ek *ek, uint32_t *session,
    struct error *err);

/*
 * Reads the certificates of all EKs in NV, at most `max`, as DER, and sets *count.
 * The caller clears each. An index that cannot be read is passed over.
 */
void device_ek_certificates(struct device_tpm *tpm, struct bytes *certificates, size_t max,
    size_t *count);

/*
 * The certificate in the content of an NV index: without the padding after it,
 * and without the header of the TPM 1.2 profile, which some 2.0 TPMs have kept.
 * Empty when there is no DER SEQUENCE.
 */
struct view device_ek_certificate_trim(struct view raw);

#endif
