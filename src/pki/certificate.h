/* X.509 certificates in general: PEM and DER, files, times, serials. RFC 5280. */
#ifndef PKI_CERTIFICATE_H
#define PKI_CERTIFICATE_H

#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct folder;

/* Size in octets of the serials that we assign: RFC 5280 §4.1.2.2 allows at most 20. */
#define CERTIFICATE_SERIAL_SIZE 20

/* Decodes one DER certificate with nothing after it; MALFORMED otherwise. The caller frees *out. */
int certificate_decode(struct view der, X509 **out, struct error *err);

/* The same, but octets may follow; *used is the certificate's size. */
int certificate_decode_first(struct view der, X509 **out, size_t *used, struct error *err);

/* Append the certificate as DER or as PEM. */
int certificate_encode(const X509 *certificate, struct bytes *der, struct error *err);
int certificate_encode_pem(const X509 *certificate, struct bytes *pem, struct error *err);

/* Appends DER that is known to be a certificate as PEM, without decoding it. INTERNAL. */
int certificate_wrap_pem(struct view der, struct bytes *pem, struct error *err);

/* Reads the first certificate from the content of a PEM file, which was read from `path`.
 * MALFORMED. The caller frees *out. */
int certificate_decode_pem(const struct bytes *pem, const char *path, X509 **out,
    struct error *err);

/* The same from the file itself. NOT_FOUND, MALFORMED or INTERNAL. The caller frees *out. */
int certificate_load(const char *path, X509 **out, struct error *err);

/* The same for the file `name` in a directory. */
int certificate_load_in(const struct folder *folder, const char *name, X509 **out,
    struct error *err);

/* Seconds since 1970 of notBefore and notAfter. */
int64_t certificate_not_before(const X509 *certificate);
int64_t certificate_not_after(const X509 *certificate);

/*
 * When a certificate that is made at `now` begins: `backdate` seconds earlier, for clocks that
 * are behind, but not before its issuer does, unless that begins after `now`.
 */
int64_t certificate_begin(const X509 *issuer, int64_t now, int64_t backdate);

/*
 * Checks that a certificate is valid at `now`. BAD_ATTESTATION with a detail ("it expired at …")
 * that gives the certificate's time and ours, and asks about the clocks.
 */
int certificate_check_time(const X509 *certificate, int64_t now, struct error *err);

/* Seconds since 1970 of an ASN.1 time; INT64_MIN when it cannot be read. */
int64_t certificate_time(const ASN1_TIME *when);

/* Draws a random serial; its top bit is clear and the next set: positive and of fixed length. */
int certificate_serial_draw(uint8_t serial[CERTIFICATE_SERIAL_SIZE], struct error *err);

/* SHA-256 of the SubjectPublicKeyInfo, in our own encoding. */
int certificate_key_hash(const X509 *certificate, uint8_t hash[32], struct error *err);

/* Writes SHA-256 of the DER in digits, as people compare it. INTERNAL. */
#define CERTIFICATE_FINGERPRINT_SIZE 65
int certificate_fingerprint(const X509 *certificate, char text[CERTIFICATE_FINGERPRINT_SIZE],
    struct error *err);

/* Writes the subject, or any name, for display: one line of ASCII, cut at `size`. */
void certificate_subject(const X509 *certificate, char *text, size_t size);
void certificate_name(const X509_NAME *name, char *text, size_t size);

#endif
