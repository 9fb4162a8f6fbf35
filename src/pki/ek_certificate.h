/* EK certificates as real TPMs carry them: TCG EK Credential Profile §3.2, WIRE.md §4. */
#ifndef PKI_EK_CERTIFICATE_H
#define PKI_EK_CERTIFICATE_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* What the certificate says of the TPM: from the SAN's directoryName, by OID. */
struct ek_facts {
	char manufacturer[12]; /* "id:4E544300", "" when it does not say */
	char vendor[33];       /* TCG's short name of that vendor ("NTC"), "" when unknown */
	char model[65];        /* UTF-8 of one line, printable; "" when it does not say */
	char version[12];      /* "id:00070002", of shorter forms too; "" when it does not say */
};

/*
 * Reads one EK certificate: DER with nothing behind it but padding (runs of 0x00 or
 * 0xFF, as NV areas have). The caller frees *out. MALFORMED otherwise.
 */
int ek_certificate_decode(struct view der, X509 **out, struct error *err);

/*
 * The same for what people keep in files: also PEM, the header of TPM 1.2 and PC
 * Client NV areas before it, and any padding known from real ones behind it.
 */
int ek_certificate_read(struct view content, X509 **out, struct error *err);

/* Fills *facts. Never fails: what cannot be read is empty. */
void ek_certificate_facts(const X509 *certificate, struct ek_facts *facts);

/*
 * Checks what makes a certificate an EK's: no CA; extended key usage 2.23.133.8.1, or
 * none and then a TPM's manufacturer in the SAN, or a key usage to encrypt and nothing
 * else; any other key usage, as vendors take the wrong one; no critical extension that
 * is not understood; an RSA key of 2048 bits or more, or one on a NIST curve.
 * BAD_ATTESTATION with the reason; "unsupported EK algorithm" for id-RSAES-OAEP.
 */
int ek_certificate_check(X509 *certificate, struct error *err);

#endif
