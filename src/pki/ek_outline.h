/*
 * The outline of a certificate: names and the octets of its key, not decoded. OpenSSL
 * decodes the key when it reads a certificate, which takes a hundred times as long.
 */
#ifndef PKI_EK_OUTLINE_H
#define PKI_EK_OUTLINE_H

#include <stdbool.h>

#include <openssl/types.h>

#include "util/bytes.h"

/* The views point into the octets that were read. */
struct ek_outline {
	struct view serial; /* content octets of the serial number, an INTEGER */
	struct view key;    /* SubjectPublicKeyInfo, DER */
	X509_NAME  *issuer;
	X509_NAME  *subject;
};

/*
 * Reads the beginning of a DER certificate (RFC 5280 §4.1) without checking the rest;
 * false, with *outline empty, when it does not look like one.
 */
bool ek_outline_read(struct view der, struct ek_outline *outline);

/* Frees the names and makes it {0}. */
void ek_outline_clear(struct ek_outline *outline);

#endif
