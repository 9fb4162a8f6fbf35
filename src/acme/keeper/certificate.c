/* Download and revocation of certificates: RFC 8555 §7.4.2, §7.6. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/standing.h"
#include "pki/certificate.h"
#include "tpm/spki.h"

/* Reasons that a client may give (RFC 5280 §5.3.1); the others are for the CA. */
static const uint64_t reasons[] = {
    0, /* unspecified */
    1, /* keyCompromise */
    3, /* affiliationChanged */
    4, /* superseded */
    5, /* cessationOfOperation */
};

static int
certificate_get(struct call *call, struct store *store, struct error *err)
{
	struct view         chain = {0};
	AUTO_FREE char     *account = view_dup(operation_asked(call)->account);
	struct acme_answer  message = {.kind = ACME_ANSWER_CERTIFICATE};
	struct store_issued issued = {0};
	AUTO_BYTES          pem = {0};
	char                id[STORE_ID_SIZE];
	int                 rc = -1;

	if (operation_check_account(call, store, err) != 0 || operation_id(operation_asked(call)->object, id, err) != 0 ||
	    store_issued_find(store, id, &issued, err) != 0)
		return -1;
	if (strcmp(issued.account, account) != 0)
		error_set(err, ERROR_UNAUTHORIZED, "this certificate is another account's");
	else
		rc = certificate_wrap_pem(bytes_view(&issued.der), &pem, err);
	if (rc == 0)
		chain = acme_revision_chain(operation_revision(call), bytes_view(&issued.der));
	store_issued_clear(&issued);
	if (rc != 0)
		return -1;
	bytes_append(&pem, chain.data, chain.size);
	message.certificate = bytes_view(&pem);
	acme_answer_encode(&message, &call->answer);
	return 0;
}

static int
check_reason(const struct call *call, struct error *err)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (operation_asked(call)->reason == reasons[i])
			return 0;
	}
	return error_set(err, ERROR_BAD_REVOCATION_REASON,
	    "the reason is none of 0, 1, 3, 4 and 5, which a client may give");
}

/* The octets of the serial number; MALFORMED when it is not a certificate. */
static int
serial_of(struct view der, uint8_t serial[STORE_SERIAL_MAX], size_t *size, struct error *err)
{
	X509               *certificate = NULL;
	const ASN1_INTEGER *number;

	if (certificate_decode(der, &certificate, err) != 0)
		return -1;
	number = X509_get0_serialNumber(certificate);
	*size = (size_t)ASN1_STRING_length(number);
	if (*size != 0 && *size <= STORE_SERIAL_MAX)
		memcpy(serial, ASN1_STRING_get0_data(number), *size);
	else
		*size = 0;
	X509_free(certificate);
	return 0;
}

/* Finds the certificate to revoke; it must be identical to one of ours. */
static int
issued_find(struct call *call, struct store *store, struct store_issued *issued,
    struct error *err)
{
	uint8_t serial[STORE_SERIAL_MAX];
	size_t  size = 0;

	if (serial_of(operation_asked(call)->certificate, serial, &size, err) != 0)
		return -1;
	if (size == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "a certificate without a serial number of 1 to %d octets is not ours", STORE_SERIAL_MAX);
	if (store_issued_find_serial(store, (struct view){serial, size}, issued, err) != 0)
		return err->kind != ERROR_NOT_FOUND
		    ? -1
		    : error_set(err, ERROR_NOT_FOUND, "this server issued no such certificate");
	if (view_equal(bytes_view(&issued->der), operation_asked(call)->certificate))
		return 0;
	store_issued_clear(issued);
	return error_set(err, ERROR_NOT_FOUND, "this server issued another certificate of that number");
}

static int
check_key(const struct call *call, const struct store_issued *issued, struct error *err)
{
	AUTO_BYTES   spki = {0};
	EVP_PKEY    *key = NULL;
	uint8_t      hash[STORE_KEY_HASH_SIZE] = {0};
	struct error ignored;
	bool         same;

	same = spki_decode(operation_asked(call)->spki, "certificate", &key, &ignored) == 0 &&
	    spki_encode(key, &spki, &ignored) == 0 &&
	    EVP_Digest(spki.data, spki.size, hash, NULL, EVP_sha256(), NULL) == 1 &&
	    memcmp(hash, issued->key_hash, sizeof hash) == 0;
	EVP_PKEY_free(key);
	if (!same)
		return error_set(err, ERROR_UNAUTHORIZED,
		    "the request is signed neither by an account nor by the certificate's key");
	return 0;
}

/* The account that owns the certificate, and one that is authorized for its name, may revoke it. */
static int
check_account(struct call *call, struct store *store, const struct store_issued *issued,
    struct error *err)
{
	AUTO_FREE char            *account = view_dup(operation_asked(call)->account);
	struct store_authorization authorization;
	AUTO_BYTES                 ak_serial = {0};
	int                        rc;

	if (operation_check_account(call, store, err) != 0)
		return -1;
	if (strcmp(issued->account, account) == 0)
		return 0;
	if (store_authorization_held(store, account, issued->names, call->now, &authorization, err) != 0)
		return err->kind != ERROR_NOT_FOUND
		    ? -1
		    : error_set(err, ERROR_UNAUTHORIZED,
		          "this certificate is another account's, and this one has no authorization for \"%s\"",
		          issued->names);
	/* The name may be another machine's by now. */
	rc = standing_check(call, &authorization, &ak_serial, err);
	store_authorization_clear(&authorization);
	return rc;
}

static int
revoke_check(struct call *call, struct store *store, struct store_issued *issued,
    struct error *err)
{
	if (check_reason(call, err) != 0 || issued_find(call, store, issued, err) != 0)
		return -1;
	if ((operation_asked(call)->account.size != 0 ? check_account(call, store, issued, err)
	                                   : check_key(call, issued, err)) != 0)
		return -1;
	if (issued->revoked != 0)
		return error_set(err, ERROR_ALREADY_REVOKED, "the certificate is revoked already");
	return 0;
}

static int
revoke_look(struct call *call, struct store *store, struct error *err)
{
	struct store_issued issued = {0};
	int                 rc = revoke_check(call, store, &issued, err);

	store_issued_clear(&issued);
	return rc;
}

static int
revoke_change(struct call *call, struct store *store, struct error *err)
{
	struct acme_answer  message = {.kind = ACME_ANSWER_DONE};
	struct store_issued issued = {0};
	int                 rc = revoke_check(call, store, &issued, err);

	if (rc == 0)
		rc = store_issued_revoke(store, issued.id, call->now, (int)operation_asked(call)->reason, err);
	if (rc == 0) {
		operation_note(call, "revoked", issued.id, issued.names, NULL);
		acme_answer_encode(&message, &call->answer);
	}
	store_issued_clear(&issued);
	return rc;
}

const struct call_operation operation_certificate_get = {
    .name = "certificate-get",
    .look = certificate_get,
};

const struct call_operation operation_certificate_revoke = {
    .name = "revoke",
    .look = revoke_look,
    .change = revoke_change,
};
