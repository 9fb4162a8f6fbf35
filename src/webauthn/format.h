/* One row of the table of attestation statement formats. */
#ifndef WEBAUTHN_FORMAT_H
#define WEBAUTHN_FORMAT_H

struct error;
struct item_reader;
struct webauthn_statement;

struct webauthn_format {
	const char *name; /* "fmt" */

	/* Decodes attStmt, which comes next in the reader, up to its end. MALFORMED. */
	int (*decode)(struct item_reader *reader, struct webauthn_statement *statement,
	    struct error *err);
};

#endif
