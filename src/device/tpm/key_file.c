/* Encodes and decodes key files; opens no file and no TPM. */
#include "config.h"

#include "device/tpm/key_file.h"

#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <tss2/tss2_mu.h>

#include "tpm/openssl_error.h"
#include "util/error.h"

#define PEM_LABEL    "TSS2 PRIVATE KEY"
#define LOADABLE_KEY "2.23.133.10.1.3"

/*
 * TPMKey ::= SEQUENCE {
 *     type      OBJECT IDENTIFIER,
 *     emptyAuth [0] EXPLICIT BOOLEAN OPTIONAL,
 *     policy    [1] …, secret [2] …, authPolicy [3] … OPTIONAL: not ours
 *     parent    INTEGER,
 *     pubkey    OCTET STRING,   -- TPM2B_PUBLIC
 *     privkey   OCTET STRING }  -- TPM2B_PRIVATE
 */
typedef struct tpm_key_asn1 {
	ASN1_OBJECT       *type;
	ASN1_BOOLEAN       empty_auth;
	ASN1_INTEGER      *parent;
	ASN1_OCTET_STRING *pubkey;
	ASN1_OCTET_STRING *privkey;
} TPM_KEY_ASN1; /* OpenSSL's template macros want a name of one word */

ASN1_SEQUENCE(TPM_KEY_ASN1) = {
    ASN1_SIMPLE(TPM_KEY_ASN1, type, ASN1_OBJECT),
    ASN1_EXP_OPT(TPM_KEY_ASN1, empty_auth, ASN1_BOOLEAN, 0),
    ASN1_SIMPLE(TPM_KEY_ASN1, parent, ASN1_INTEGER),
    ASN1_SIMPLE(TPM_KEY_ASN1, pubkey, ASN1_OCTET_STRING),
    ASN1_SIMPLE(TPM_KEY_ASN1, privkey, ASN1_OCTET_STRING),
} static_ASN1_SEQUENCE_END(TPM_KEY_ASN1)

static int
key_to_asn1(const struct device_key *key, TPM_KEY_ASN1 *out)
{
	uint8_t public[sizeof key->public];
	uint8_t private[sizeof key->private];
	size_t  public_size = 0;
	size_t  private_size = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(&key->public, public, sizeof public, &public_size) !=
	        TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Marshal(&key->private, private, sizeof private, &private_size) !=
	        TSS2_RC_SUCCESS)
		return 0;
	out->empty_auth = 0xff;
	ASN1_OBJECT_free(out->type);
	return (out->type = OBJ_txt2obj(LOADABLE_KEY, 1)) != NULL &&
	    ASN1_INTEGER_set_uint64(out->parent, key->parent) == 1 &&
	    ASN1_OCTET_STRING_set(out->pubkey, public, (int)public_size) == 1 &&
	    ASN1_OCTET_STRING_set(out->privkey, private, (int)private_size) == 1;
}

int
device_key_encode(const struct device_key *key, struct bytes *pem, struct error *err)
{
	TPM_KEY_ASN1  *asn1 = (TPM_KEY_ASN1 *)ASN1_item_new(ASN1_ITEM_rptr(TPM_KEY_ASN1));
	unsigned char *der = NULL;
	BIO           *bio = BIO_new(BIO_s_mem());
	char          *text = NULL;
	int            size = 0;
	long           length = 0;
	int            rc = 0;

	if (asn1 == NULL || bio == NULL || !key_to_asn1(key, asn1) ||
	    (size = ASN1_item_i2d((const ASN1_VALUE *)asn1, &der, ASN1_ITEM_rptr(TPM_KEY_ASN1))) <= 0 ||
	    PEM_write_bio(bio, PEM_LABEL, "", der, size) <= 0 ||
	    (length = BIO_get_mem_data(bio, &text)) <= 0)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encoding a TPM key");
	else
		bytes_append(pem, text, (size_t)length);
	OPENSSL_free(der);
	BIO_free(bio);
	ASN1_item_free((ASN1_VALUE *)asn1, ASN1_ITEM_rptr(TPM_KEY_ASN1));
	return rc;
}

static int
key_from_asn1(const TPM_KEY_ASN1 *asn1, struct device_key *key, struct error *err)
{
	char     type[32];
	uint64_t parent;
	size_t   offset = 0;
	size_t   size;

	if (OBJ_obj2txt(type, sizeof type, asn1->type, 1) <= 0 || strcmp(type, LOADABLE_KEY) != 0)
		return error_set(err, ERROR_MALFORMED, "TPM key of another type than %s", LOADABLE_KEY);
	if (asn1->empty_auth <= 0)
		return error_set(err, ERROR_MALFORMED, "TPM key with a password");
	if (ASN1_INTEGER_get_uint64(&parent, asn1->parent) != 1 || parent > UINT32_MAX)
		return error_set(err, ERROR_MALFORMED, "TPM key whose parent is no handle");
	key->parent = (TPM2_HANDLE)parent;

	size = (size_t)ASN1_STRING_length(asn1->pubkey);
	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(ASN1_STRING_get0_data(asn1->pubkey), size, &offset,
	        &key->public) != TSS2_RC_SUCCESS || offset != size)
		return error_set(err, ERROR_MALFORMED, "TPM key whose public area does not decode");
	offset = 0;
	size = (size_t)ASN1_STRING_length(asn1->privkey);
	if (Tss2_MU_TPM2B_PRIVATE_Unmarshal(ASN1_STRING_get0_data(asn1->privkey), size, &offset,
	        &key->private) != TSS2_RC_SUCCESS || offset != size)
		return error_set(err, ERROR_MALFORMED, "TPM key whose private area does not decode");
	return 0;
}

int
device_key_decode(struct view pem, struct device_key *key, struct error *err)
{
	BIO                 *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	TPM_KEY_ASN1        *asn1 = NULL;
	char                *name = NULL;
	char                *header = NULL;
	unsigned char       *der = NULL;
	const unsigned char *at;
	long                 size = 0;
	int                  rc;

	*key = (struct device_key){0};
	while (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &size) == 1 &&
	    strcmp(name, PEM_LABEL) != 0) {
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
		name = header = NULL;
		der = NULL;
	}
	at = der;
	if (der == NULL) {
		rc = error_set_unlike(err, ERROR_MALFORMED, "no " PEM_LABEL);
	} else if ((asn1 = (TPM_KEY_ASN1 *)ASN1_item_d2i(NULL, &at, size,
	                ASN1_ITEM_rptr(TPM_KEY_ASN1))) == NULL || at != der + size) {
		rc = error_set_openssl(err, ERROR_MALFORMED, "TPM key that does not decode");
	} else {
		rc = key_from_asn1(asn1, key, err);
	}
	ASN1_item_free((ASN1_VALUE *)asn1, ASN1_ITEM_rptr(TPM_KEY_ASN1));
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return rc;
}
