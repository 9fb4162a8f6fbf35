/* EK certificates of real TPMs: TCG EK Credential Profile §3.2, WIRE.md §4. */
#ifndef PKI_EK_CERTIFICATE_H
#define PKI_EK_CERTIFICATE_H

#include <openssl/x509.h>

#include "util/bytes.h"

struct error;

/* The TPM's attributes in the certificate: from the SAN's directoryName, by OID. */
struct ek_facts {
	char manufacturer[12]; /* "id:4E544300"; "" if absent */
	char vendor[33];       /* TCG's short name of that vendor ("NTC"), "" when unknown */
	char model[65];        /* one line of printable UTF-8; "" if absent */
	char version[12];      /* "id:00070002", also from shorter forms; "" if absent */
};

/*
 * Reads one EK certificate: DER with nothing behind it but padding (runs of 0x00 or
 * 0xFF, as NV areas have). The caller frees *out. MALFORMED otherwise.
 */
int ek_certificate_decode(struct view der, X509 **out, struct error *err);

/*
 * The same for files: also PEM, with the header of TPM 1.2 and PC Client NV
 * areas before it, and any padding known from real TPMs after it.
 */
int ek_certificate_read(struct view content, X509 **out, struct error *err);

/* Fills *facts. Never fails: a fact that cannot be read is empty. */
void ek_certificate_facts(const X509 *certificate, struct ek_facts *facts);

/* The same from its extensions alone; NULL: it has none. */
void ek_certificate_facts_of(const X509_EXTENSIONS *extensions, struct ek_facts *facts);

/*
 * Checks the profile of an EK certificate: no CA; extended key usage 2.23.133.8.1, or
 * none and then a TPM's manufacturer in the SAN or a key usage to encrypt only;
 * otherwise any key usage, as vendors set wrong ones; no unknown critical extension;
 * an RSA key of at least 2048 bits, or a NIST curve. BAD_ATTESTATION with the reason;
 * "unsupported EK algorithm" for id-RSAES-OAEP.
 */
int ek_certificate_check(X509 *certificate, struct error *err);

#endif
