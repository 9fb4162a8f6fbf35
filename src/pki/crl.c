/* Signs CRLs: RFC 5280 §5. */
#include "config.h"

#include <stdbool.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/extension.h"
#include "pki/signing.h"
#include "tpm/openssl_error.h"

/* The CRLReasons of a full CRL's entries; 7 is not assigned, 8 is for delta CRLs. */
static bool
crl_reason_is_known(int reason)
{
	return (reason >= 0 && reason <= 6) || reason == 9 || reason == 10;
}

static int
crl_set_serial(X509_REVOKED *entry, const struct ca_revoked *revoked)
{
	BIGNUM       *number = NULL;
	ASN1_INTEGER *serial = NULL;
	int           rc = -1;

	if (revoked->serial_size <= sizeof revoked->serial &&
	    (number = BN_bin2bn(revoked->serial, (int)revoked->serial_size, NULL)) != NULL &&
	    !BN_is_zero(number) && (serial = BN_to_ASN1_INTEGER(number, NULL)) != NULL &&
	    X509_REVOKED_set_serialNumber(entry, serial) == 1)
		rc = 0;
	ASN1_INTEGER_free(serial);
	BN_free(number);
	return rc;
}

static int
crl_set_reason(X509_REVOKED *entry, int reason)
{
	ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
	int              rc = -1;

	if (value != NULL && ASN1_ENUMERATED_set(value, reason) == 1 &&
	    X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, value, 0, X509V3_ADD_DEFAULT) == 1)
		rc = 0;
	ASN1_ENUMERATED_free(value);
	return rc;
}

static int
crl_add(X509_CRL *crl, const struct ca_revoked *revoked, struct error *err)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME    *when = ASN1_TIME_set(NULL, (time_t)revoked->when);
	int           rc = -1;

	if (!crl_reason_is_known(revoked->reason))
		error_set(err, ERROR_INTERNAL, "%d is no reason for a revocation", revoked->reason);
	else if (entry == NULL || when == NULL || crl_set_serial(entry, revoked) != 0 ||
	    X509_REVOKED_set_revocationDate(entry, when) != 1 ||
	    (revoked->reason != 0 && crl_set_reason(entry, revoked->reason) != 0) ||
	    X509_CRL_add0_revoked(crl, entry) != 1)
		error_set_openssl(err, ERROR_INTERNAL, "adding an entry to a CRL");
	else
		rc = 0;
	if (rc != 0)
		X509_REVOKED_free(entry);
	ASN1_TIME_free(when);
	return rc;
}

static int
crl_set_times(X509_CRL *crl, int64_t now, int64_t lifetime)
{
	ASN1_TIME *this_update = ASN1_TIME_set(NULL, (time_t)now);
	ASN1_TIME *next_update = ASN1_TIME_set(NULL, (time_t)(now + lifetime));
	int        rc = -1;

	if (this_update != NULL && next_update != NULL &&
	    X509_CRL_set1_lastUpdate(crl, this_update) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, next_update) == 1)
		rc = 0;
	ASN1_TIME_free(this_update);
	ASN1_TIME_free(next_update);
	return rc;
}

static int
crl_set_number(X509_CRL *crl, uint64_t number)
{
	ASN1_INTEGER *value = ASN1_INTEGER_new();
	int           rc = -1;

	if (value != NULL && ASN1_INTEGER_set_uint64(value, number) == 1 &&
	    X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, X509V3_ADD_DEFAULT) == 1)
		rc = 0;
	ASN1_INTEGER_free(value);
	return rc;
}

static int
crl_sign(X509_CRL *crl, EVP_PKEY *key, struct bytes *der, struct error *err)
{
	struct signing signing;
	unsigned char *data = NULL;
	int            size;
	int            rc = signing_begin(key, &signing, err);

	if (rc == 0 && X509_CRL_sign_ctx(crl, signing.context) <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "signing a CRL");
	signing_end(&signing);
	if (rc != 0)
		return -1;
	if ((size = i2d_X509_CRL(crl, &data)) <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "encoding a CRL");
	bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
	return 0;
}

int
ca_crl_create(const struct ca *ca, uint64_t number, const struct ca_revoked *revoked,
    size_t count, int64_t now, int64_t lifetime, struct bytes *der, struct error *err)
{
	X509_CRL *crl = X509_CRL_new();
	int       rc = 0;

	if (crl == NULL || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate)) != 1 ||
	    crl_set_times(crl, now, lifetime) != 0 || crl_set_number(crl, number) != 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "making a CRL");
	else
		rc = extension_add_crl_authority_key_id(crl, ca->certificate, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = crl_add(crl, &revoked[i], err);
	if (rc == 0)
		rc = crl_sign(crl, ca->key, der, err);
	X509_CRL_free(crl);
	return rc;
}
