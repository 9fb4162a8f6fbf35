/* EKs in the formats of common tools. */
#ifndef ADMIN_EK_CONTENT_H
#define ADMIN_EK_CONTENT_H

#include "util/bytes.h"
#include "util/ek_hash.h"

struct error;

/*
 * Hashes the EK in `content`, which has one of these formats and no octets left over:
 * - DER: SubjectPublicKeyInfo, RSAPublicKey (PKCS #1), or a certificate, which may have a
 *   TPM's NV header and padding around it;
 * - PEM: the first block that is one of these;
 * - TPM2B_PUBLIC or TPMT_PUBLIC, as tpm2-tools write them (-f tss, -f tpmt);
 * - base64 of any of these, standard or URL alphabet, with or without line breaks.
 *
 * `name` names the content in the detail of a failure. MALFORMED for any other content;
 * BAD_ATTESTATION when attestd would never accept such a key as an EK. The attributes of a
 * public area are checked; a certificate's issuer and dates are not.
 */
int ek_content_hash(struct view content, const char *name, struct ek_hash *hash, struct error *err);

#endif
