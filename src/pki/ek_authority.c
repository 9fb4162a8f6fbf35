/* Judges a single CA certificate, and a single signature of its key; knows no chains. */
#include "config.h"

#include "pki/ek_authority.h"

#include <limits.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "pki/certificate.h"
#include "pki/ek_child.h"
#include "pki/oid.h"
#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

/* RSA sizes; the upper bound limits the cost of verifying with a client's key. Vendors use 4096. */
#define EK_AUTHORITY_RSA_MIN 2048
#define EK_AUTHORITY_RSA_MAX 8192
/* Bits of 65537: an exponent as long as the modulus makes verification take 300 times as long. */
#define EK_AUTHORITY_EXPONENT_BITS_MAX 17

static int
authority_check_exponent(const EVP_PKEY *key, struct error *err)
{
	BIGNUM *exponent = NULL;
	int     bits = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1
	        ? BN_num_bits(exponent)
	        : INT_MAX;

	BN_free(exponent);
	if (bits > EK_AUTHORITY_EXPONENT_BITS_MAX)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "its key has a public exponent of more than %d bits", EK_AUTHORITY_EXPONENT_BITS_MAX);
	return 0;
}

static int
authority_check_key(X509 *certificate, struct error *err)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	unsigned  bits = key != NULL ? tpm_key_rsa_bits(key) : 0;

	if (key == NULL || (bits == 0 && tpm_key_curve(key) == NULL))
		return error_set(err, ERROR_BAD_ATTESTATION, "its key is of an unsupported kind");
	if (bits != 0 && (bits < EK_AUTHORITY_RSA_MIN || bits > EK_AUTHORITY_RSA_MAX))
		return error_set(err, ERROR_BAD_ATTESTATION, "its key has %u bits; %d to %d are accepted", bits,
		    EK_AUTHORITY_RSA_MIN, EK_AUTHORITY_RSA_MAX);
	return bits != 0 ? authority_check_exponent(key, err) : 0;
}

/* A CA whose certificate lists purposes must list EK certificates (RFC 5280 §4.2.1.12 as verifiers
 * commonly read it). */
static bool
authority_is_for_eks(const X509 *certificate)
{
	EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	bool                found = X509_get_ext_by_NID(certificate, NID_ext_key_usage, -1) < 0;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);

		found = found || OBJ_cmp(purpose, oid_get(OID_EK_CERTIFICATE)) == 0 ||
		    OBJ_obj2nid(purpose) == NID_anyExtendedKeyUsage;
	}
	EXTENDED_KEY_USAGE_free(usage);
	return found;
}

static int
authority_check(X509 *certificate, struct error *err)
{
	uint32_t flags = X509_get_extension_flags(certificate);

	if ((flags & EXFLAG_INVALID) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "it has an extension that cannot be decoded");
	if ((flags & EXFLAG_CA) == 0) /* by basic constraints only */
		return error_set(err, ERROR_BAD_ATTESTATION, "it is no CA's");
	if ((X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "its key usage does not let it sign certificates");
	if ((flags & EXFLAG_CRITICAL) != 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it has a critical extension that is not understood");
	if (X509_get_ext_by_NID(certificate, NID_name_constraints, -1) >= 0)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it has name constraints, which are not understood here");
	if (!authority_is_for_eks(certificate))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "it issues certificates for other keys than EKs");
	if (X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "it has no name");
	return authority_check_key(certificate, err);
}

int
ek_authority_init(struct ek_authority *authority, X509 *certificate, struct error *err)
{
	unsigned size = sizeof authority->fingerprint;
	int      rc = authority_check(certificate, err);

	ERR_clear_error();
	if (rc != 0)
		return -1;
	*authority = (struct ek_authority){
	    .certificate = certificate,
	    .subject = X509_get_subject_name(certificate),
	    .key_id = X509_get0_subject_key_id(certificate),
	    .not_before = certificate_not_before(certificate),
	    .not_after = certificate_not_after(certificate),
	    .pathlen = X509_get_pathlen(certificate),
	};
	if (X509_digest(certificate, EVP_sha256(), authority->fingerprint, &size) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a certificate");
	return 0;
}

bool
ek_authority_is_named(const struct ek_authority *issuer, const struct ek_child *child)
{
	/* Issuer and serial number beside the key id are ignored: Infineon's are wrong, WIRE.md §4. */
	if (X509_NAME_cmp(issuer->subject, child->issuer) != 0)
		return false;
	return child->key_id == NULL || issuer->key_id == NULL ||
	    ASN1_OCTET_STRING_cmp(child->key_id, issuer->key_id) == 0;
}

bool
ek_authority_is_own_issuer(const struct ek_authority *authority)
{
	struct ek_child child = ek_child_of(authority->certificate);

	return ek_authority_is_named(authority, &child);
}

bool
ek_authority_signed(const struct ek_authority *issuer, const struct ek_child *child)
{
	return ek_child_signed(child, X509_get0_pubkey(issuer->certificate));
}
