/*
 * The attestation statement formats. Each has a row here, its decoder in webauthn/NAME.c,
 * and its judge in the ACME server, acme/keeper/statement_NAME.c.
 */
#ifndef WEBAUTHN_FORMAT_H
#define WEBAUTHN_FORMAT_H

struct error;
struct item_reader;
struct webauthn_statement;

/* X(NAME, "fmt") */
#define WEBAUTHN_FORMATS(X) \
	X(tpm, "tpm")

/* webauthn_NAME_decode decodes attStmt, which comes next in the reader, up to its end. MALFORMED. */
#define WEBAUTHN_FORMAT_DECODE(name, text)                                                       \
	int webauthn_##name##_decode(struct item_reader *reader, struct webauthn_statement *statement, \
	    struct error *err);
WEBAUTHN_FORMATS(WEBAUTHN_FORMAT_DECODE)
#undef WEBAUTHN_FORMAT_DECODE

#endif
