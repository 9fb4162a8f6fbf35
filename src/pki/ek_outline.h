/*
 * The outline of a certificate: names, times, and the octets of its key and of its signature,
 * not decoded. OpenSSL decodes the key when it reads a certificate, which takes a hundred
 * times as long.
 */
#ifndef PKI_EK_OUTLINE_H
#define PKI_EK_OUTLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509v3.h>

#include "util/bytes.h"

/* The views point into the octets that were read. */
struct ek_outline {
	struct view serial;  /* content octets of the serial number, an INTEGER */
	struct view key;     /* SubjectPublicKeyInfo, DER */
	X509_NAME  *issuer;
	X509_NAME  *subject;
	int64_t     not_before; /* seconds since 1970; INT64_MIN when it cannot be read */
	unsigned    rsa_bits;   /* of its key; 0: another kind, or it cannot be read */

	/* What a signature is over and by: each a whole element; empty when it is missing. */
	struct view content;          /* TBSCertificate */
	struct view algorithm_within; /* … the algorithm in it */
	struct view algorithm;        /* … and the one after it */
	struct view signature;        /* BIT STRING */
	struct view extensions;       /* SEQUENCE OF Extension */

	/* NULL before ek_outline_extend, or when they are missing or cannot be decoded. */
	X509_EXTENSIONS   *decoded;
	AUTHORITY_KEYID   *authority;
	ASN1_OCTET_STRING *key_id;
	bool               extended;
};

/*
 * Reads the beginning of a DER certificate (RFC 5280 §4.1) without checking the rest;
 * false, with *outline empty, when it does not look like one.
 */
bool ek_outline_read(struct view der, struct ek_outline *outline);

/* Decodes its extensions, once. */
void ek_outline_extend(struct ek_outline *outline);

/* True when it names itself as its issuer, by name and, where it has both, by key id. */
bool ek_outline_is_own_issuer(struct ek_outline *outline);

/* Frees what it has decoded and makes it {0}. */
void ek_outline_clear(struct ek_outline *outline);

#endif
