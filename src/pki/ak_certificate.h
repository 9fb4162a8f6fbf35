/* The certificate of an attestation key: WIRE.md §5, WebAuthn §8.3.1, TCG EK profile §3.2.9. */
#ifndef PKI_AK_CERTIFICATE_H
#define PKI_AK_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "pki/certificate.h"
#include "util/bytes.h"

struct ca;
struct error;

/* The content of an AK certificate; every string is borrowed. */
struct ak_profile {
	struct view        spki;         /* the AK's public key, as spki_encode writes it */
	const char        *ek_urn;       /* "urn:ek:sha256:…" */
	const char        *manufacturer; /* "id:4E544300" */
	const char        *model;        /* NULL or empty gives "unknown" */
	const char        *version;      /* "id:00070002" */
	const char *const *names;        /* PermanentIdentifier values, in order */
	size_t             name_count;   /* at least 1: without one, any name would pass */
	const char        *crl_url;      /* CRL distribution point, or NULL */
	int64_t            not_before;
	int64_t            not_after;    /* cut to the issuer's own */
};

/*
 * Signs the certificate and appends its DER to *der; fills its serial and the
 * notAfter that it really has. INTERNAL when no name is given, when the issuer
 * is not valid at not_before, or when signing fails.
 */
int ak_certificate_issue(const struct ca *issuer, const struct ak_profile *profile,
    uint8_t serial[CERTIFICATE_SERIAL_SIZE], int64_t *not_after, struct bytes *der,
    struct error *err);

#endif
