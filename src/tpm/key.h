/* Public keys (EVP_PKEY), made from the numbers in TPM structures and certificates. */
#ifndef TPM_KEY_H
#define TPM_KEY_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* The curves that we know, with each layer's name for them. */
struct tpm_curve {
	uint16_t    id;         /* TPM2_ECC_NIST_… */
	int         nid;        /* OpenSSL's number */
	const char *group;      /* OpenSSL's name for parameters */
	const char *name;       /* what people call it: "P-256" */
	size_t      field_size; /* octets of a coordinate */
};

/* The largest field_size: P-521. */
#define TPM_COORDINATE_MAX 66

/* NULL when it is not P-256, P-384 or P-521. */
const struct tpm_curve *tpm_curve_by_id(uint16_t id);
const struct tpm_curve *tpm_curve_by_nid(int nid);

/* The curve of an EC key; NULL for another curve and for every other key. */
const struct tpm_curve *tpm_key_curve(const EVP_PKEY *key);

/* Bits of the modulus of an RSA key, id-RSASSA-PSS excluded; 0 for every other key. */
unsigned tpm_key_rsa_bits(const EVP_PKEY *key);

/* The numbers of an RSA key, big-endian; the exponent begins with zeros. */
struct tpm_rsa_numbers {
	uint8_t modulus[512];
	size_t  modulus_size;
	uint8_t exponent[16];
};

/*
 * Reads them; -1 when it is no RSA key, its modulus has more than 4096 bits, or its exponent more than 128.
 * (Cheaper than EVP_PKEY_get_bn_param, which converts two kilobytes in constant time.)
 */
int tpm_key_rsa_numbers(const EVP_PKEY *key, struct tpm_rsa_numbers *numbers);

/*
 * Checks the numbers of a key without making it: a big-endian RSA modulus of at most 4096 bits,
 * which must be odd and begin with a bit that is set; a point in SEC 1 form, compressed or not,
 * which must lie on the curve. BAD_ATTESTATION otherwise.
 */
int tpm_key_check_modulus(struct view modulus, struct error *err);
int tpm_key_check_point(const struct tpm_curve *curve, struct view point, struct error *err);

/*
 * Writes two coordinates as an uncompressed point, padded to field_size; returns its octets, 0
 * when one is too long, with BAD_ATTESTATION.
 */
#define TPM_POINT_MAX (1 + 2 * TPM_COORDINATE_MAX)
size_t tpm_key_point(const struct tpm_curve *curve, struct view x, struct view y,
    uint8_t point[TPM_POINT_MAX], struct error *err);

/*
 * Makes the RSA key of a big-endian modulus, which must be odd and begin with a
 * bit that is set. The caller frees *key. BAD_ATTESTATION otherwise.
 */
int tpm_key_from_rsa(struct view modulus, uint32_t exponent, EVP_PKEY **key, struct error *err);

/*
 * Makes the EC key of a point in SEC 1 form, compressed or not, which must lie on
 * the curve. The caller frees *key. BAD_ATTESTATION otherwise.
 */
int tpm_key_from_point(const struct tpm_curve *curve, struct view point, EVP_PKEY **key,
    struct error *err);

/* The same from two coordinates of at most field_size octets each. */
int tpm_key_from_coordinates(const struct tpm_curve *curve, struct view x, struct view y,
    EVP_PKEY **key, struct error *err);

/* Writes both coordinates of an EC key on `curve`, padded to field_size. INTERNAL on failure. */
int tpm_key_coordinates(const EVP_PKEY *key, const struct tpm_curve *curve,
    uint8_t x[TPM_COORDINATE_MAX], uint8_t y[TPM_COORDINATE_MAX], struct error *err);

#endif
