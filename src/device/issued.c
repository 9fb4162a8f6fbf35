/* Reads and checks the issued chain; writes no file. The received text itself is never kept. */
#include "config.h"

#include "device/issued.h"

#include <ctype.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "device/chain.h"
#include "pki/certificate.h"
#include "pki/permanent_identifier.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "util/error.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

#define CHAIN_MAX 8

/* ---- reading ---- */

static void
space_skip(struct view *text)
{
	while (text->size > 0 && isspace(text->data[0])) {
		text->data++;
		text->size--;
	}
}

/* Cuts the first PEM block off the text; false when there is none. */
static bool
block_cut(struct view *text, struct view *block)
{
	const uint8_t *end;

	if (text->size < strlen(BEGIN) || memcmp(text->data, BEGIN, strlen(BEGIN)) != 0 ||
	    (end = memmem(text->data, text->size, END, strlen(END))) == NULL)
		return false;
	*block = (struct view){text->data, (size_t)(end - text->data) + strlen(END)};
	text->data += block->size;
	text->size -= block->size;
	return true;
}

/* The certificate of a block without header lines, complete, with no octets left over; NULL
 * otherwise. */
static X509 *
block_decode(struct view block)
{
	BIO           *bio = BIO_new_mem_buf(block.data, (int)block.size);
	char          *name = NULL;
	char          *header = NULL;
	unsigned char *der = NULL;
	long           size = 0;
	X509          *certificate = NULL;
	struct error   ignored;

	if (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &size) == 1 &&
	    strcmp(name, "CERTIFICATE") == 0 && header[0] == '\0')
		(void)certificate_decode((struct view){der, (size_t)size}, &certificate, &ignored);
	ERR_clear_error();
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return certificate;
}

static int
chain_read(struct view sent, struct device_chain *chain, struct error *err)
{
	struct view block;
	bool        good = true;

	*chain = (struct device_chain){.certificates = sk_X509_new_null()};
	for (space_skip(&sent); good && sent.size > 0; space_skip(&sent)) {
		X509 *certificate = NULL;

		good = sk_X509_num(chain->certificates) < CHAIN_MAX && block_cut(&sent, &block) &&
		    (certificate = block_decode(block)) != NULL &&
		    sk_X509_push(chain->certificates, certificate) > 0;
		if (!good)
			X509_free(certificate);
	}
	if (!good || sk_X509_num(chain->certificates) == 0)
		return error_set(err, ERROR_MALFORMED,
		    "the answer is no chain of 1 to %d certificates in PEM", CHAIN_MAX);
	return 0;
}

/* ---- comparing ---- */

static int
key_check(X509 *leaf, const TPMT_PUBLIC *area, struct error *err)
{
	EVP_PKEY *key = NULL;
	bool      same;

	if (tpm_public_key(area, &key, err) != 0)
		return -1;
	same = X509_get0_pubkey(leaf) != NULL && EVP_PKEY_eq(X509_get0_pubkey(leaf), key) == 1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return same ? 0 : error_set(err, ERROR_MALFORMED,
	    "the issued certificate is for another key than ours");
}

/* Counts the permanent identifiers, and those among them that equal the name. */
static void
identifiers_count(X509 *leaf, const char *name, int *count, int *same)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

	*count = 0;
	*same = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
		AUTO_BYTES          value = {0};
		struct error        ignored;

		if (one->type != GEN_OTHERNAME || !permanent_identifier_is(one->d.otherName))
			continue;
		(*count)++;
		if (permanent_identifier_decode(one->d.otherName, &value, &ignored) == 0 &&
		    value.size == strlen(name) && memcmp(value.data, name, value.size) == 0)
			(*same)++;
	}
	GENERAL_NAMES_free(names);
}

static bool
common_name_is(const X509 *leaf, const char *name)
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int              at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char   *text = NULL;
	int              size;
	bool             same;

	if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
		return false;
	size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	same = size >= 0 && (size_t)size == strlen(name) && memcmp(text, name, strlen(name)) == 0;
	OPENSSL_free(text);
	return same;
}

static int
name_check(X509 *leaf, const char *name, struct error *err)
{
	int count;
	int same;

	identifiers_count(leaf, name, &count, &same);
	if (count > 0 ? same == count : common_name_is(leaf, name))
		return 0;
	return error_set(err, ERROR_MALFORMED,
	    "the issued certificate is for another name than \"%s\"", name);
}

static int
times_check(const struct device_chain *chain, int64_t now, struct error *err)
{
	for (int i = 0; i < sk_X509_num(chain->certificates); i++) {
		if (certificate_check_time(sk_X509_value(chain->certificates, i), now, err) == 0)
			continue;
		err->kind = ERROR_MALFORMED;
		return error_wrap(err, i == 0 ? "the issued certificate"
		                              : "a certificate of the issued chain");
	}
	if (certificate_not_after(sk_X509_value(chain->certificates, 0)) - now > DEVICE_CHAIN_LIFETIME_MAX)
		return error_set(err, ERROR_MALFORMED,
		    "the issued certificate is valid for more than ten years");
	return 0;
}

int
issued_read(struct view sent, const struct issued_order *order, struct bytes *pem,
    struct error *err)
{
	AUTO_CHAIN chain = {0};
	X509      *leaf;

	if (chain_read(sent, &chain, err) != 0)
		return -1;
	leaf = sk_X509_value(chain.certificates, 0);
	if (key_check(leaf, order->area, err) != 0 || name_check(leaf, order->name, err) != 0 ||
	    times_check(&chain, order->now, err) != 0 || device_chain_links_verify(&chain, err) != 0)
		return -1;
	return device_chain_encode(&chain, pem, err);
}

/* ---- the name of one that is kept ---- */

static bool
name_take(struct view from, char name[IDENTIFIER_MAX + 1])
{
	struct error ignored;

	if (from.size > IDENTIFIER_MAX ||
	    identifier_check((const char *)from.data, from.size, &ignored) != 0)
		return false;
	memcpy(name, from.data, from.size);
	name[from.size] = '\0';
	return true;
}

static bool
common_name_take(const X509 *leaf, char name[IDENTIFIER_MAX + 1])
{
	const X509_NAME *subject = X509_get_subject_name(leaf);
	int              at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char   *text = NULL;
	int              size;
	bool             good;

	if (at < 0)
		return false;
	size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	good = size > 0 && name_take((struct view){text, (size_t)size}, name);
	OPENSSL_free(text);
	return good;
}

bool
issued_name(const X509 *leaf, char name[IDENTIFIER_MAX + 1])
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool           found = false;
	bool           good = false;

	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *one = sk_GENERAL_NAME_value(names, i);
		AUTO_BYTES          value = {0};
		struct error        ignored;

		found = one->type == GEN_OTHERNAME && permanent_identifier_is(one->d.otherName);
		good = found && permanent_identifier_decode(one->d.otherName, &value, &ignored) == 0 &&
		    name_take(bytes_view(&value), name);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
	return found ? good : common_name_take(leaf, name);
}
