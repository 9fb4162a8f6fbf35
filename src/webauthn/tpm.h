/*
 * Attestation statement format "tpm": WebAuthn §8.3, WIRE.md §6. Its decoder is declared
 * in webauthn/format.h.
 */
#ifndef WEBAUTHN_TPM_H
#define WEBAUTHN_TPM_H

struct bytes;
struct webauthn_statement;

/* Appends {ver, alg, x5c, sig, certInfo, pubArea} in canonical form. */
void webauthn_tpm_encode(const struct webauthn_statement *statement, struct bytes *out);

#endif
