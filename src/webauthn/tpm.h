/* Attestation statement format "tpm": WebAuthn §8.3, WIRE.md §6. */
#ifndef WEBAUTHN_TPM_H
#define WEBAUTHN_TPM_H

struct bytes;
struct error;
struct item_reader;
struct webauthn_statement;

/* Reads {ver, alg, x5c, sig, certInfo, pubArea}, all of them; ver must be "2.0". */
int webauthn_tpm_decode(struct item_reader *reader, struct webauthn_statement *statement,
    struct error *err);

/* Appends it in canonical form. */
void webauthn_tpm_encode(const struct webauthn_statement *statement, struct bytes *out);

#endif
