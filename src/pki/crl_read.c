/* Reads back the CRLs that crl.c signs, after it has verified the signature. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/ca.h"
#include "pki/certificate.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

static int
crl_read_number(const X509_CRL *crl, uint64_t *number)
{
	ASN1_INTEGER *value = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	int           rc = value != NULL && ASN1_INTEGER_get_uint64(number, value) == 1 ? 0 : -1;

	ASN1_INTEGER_free(value);
	return rc;
}

static int
crl_read_times(const X509_CRL *crl, struct ca_crl *out)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);

	out->this_update = certificate_time(X509_CRL_get0_lastUpdate(crl));
	out->next_update = next != NULL ? certificate_time(next) : INT64_MIN;
	return out->this_update != INT64_MIN && out->next_update != INT64_MIN ? 0 : -1;
}

/* 0 where none is given; -1 when it cannot be decoded. */
static int
crl_read_reason(const X509_REVOKED *entry)
{
	int              found;
	ASN1_ENUMERATED *value = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, &found, NULL);
	long             reason;

	if (value == NULL)
		return found == -1 ? 0 : -1; /* as X509_REVOKED_get_ext_d2i says "there is none" */
	reason = ASN1_ENUMERATED_get(value);
	ASN1_ENUMERATED_free(value);
	return reason >= 0 && reason <= INT_MAX ? (int)reason : 0;
}

static int
crl_read_entry(const X509_REVOKED *entry, struct bytes *revoked, int number, struct error *err)
{
	const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(entry);
	int                 size = ASN1_STRING_length(serial);
	int                 reason = crl_read_reason(entry);
	struct ca_revoked  *out;

	if (size < 1 || (size_t)size > sizeof out->serial)
		return error_set(err, ERROR_MALFORMED, "entry %d of the CRL has no serial number", number);
	if (reason < 0)
		return error_set_openssl(err, ERROR_MALFORMED,
		    "the reason in entry %d of the CRL cannot be decoded", number);
	out = (struct ca_revoked *)(void *)bytes_extend(revoked, sizeof *out);
	memcpy(out->serial, ASN1_STRING_get0_data(serial), (size_t)size);
	out->serial_size = (size_t)size;
	out->when = certificate_time(X509_REVOKED_get0_revocationDate(entry));
	out->reason = reason;
	return 0;
}

static int
crl_read(X509_CRL *crl, struct ca_crl *out, struct error *err)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);

	if (crl_read_number(crl, &out->number) != 0 || crl_read_times(crl, out) != 0)
		return error_set(err, ERROR_MALFORMED, "the CRL has no number, or not both its times");
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
		if (crl_read_entry(sk_X509_REVOKED_value(entries, i), &out->revoked, i + 1, err) != 0)
			return -1;
	return 0;
}

int
ca_crl_read(const X509 *issuer, struct view der, struct ca_crl *out, struct error *err)
{
	const unsigned char *p = der.data;
	X509_CRL            *crl = der.size <= LONG_MAX ? d2i_X509_CRL(NULL, &p, (long)der.size) : NULL;
	int                  rc = -1;

	*out = (struct ca_crl){0};
	if (crl == NULL || p != der.data + der.size)
		error_set_openssl(err, ERROR_MALFORMED, "not a CRL");
	else if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0 ||
	    X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
		error_set(err, ERROR_BAD_ATTESTATION, "the CRL is another issuer's");
	else
		rc = crl_read(crl, out, err);
	if (rc != 0)
		ca_crl_clear(out);
	X509_CRL_free(crl);
	ERR_clear_error();
	return rc;
}

void
ca_crl_clear(struct ca_crl *crl)
{
	bytes_clear(&crl->revoked);
	*crl = (struct ca_crl){0};
}
