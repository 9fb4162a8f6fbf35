/* Finds certificates by the names used on the command line, and formats their records. */
#include "config.h"

#include "acme_admin/find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "command/print.h"
#include "pki/certificate.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/own_command.h"

/* Copies the digits of a serial number: "4001ab", "40:01:AB" and "0x4001ab" are equal. */
static bool
serial_parse(const char *text, uint8_t serial[STORE_SERIAL_MAX], size_t *size)
{
	char   digits[FIND_SERIAL_SIZE];
	size_t count = 0;

	text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
	for (; *text != '\0'; text++) {
		if (*text == ':')
			continue;
		if (count == sizeof digits - 1 || isxdigit((unsigned char)*text) == 0)
			return false;
		digits[count++] = *text;
	}
	*size = count / 2;
	return count != 0 && count % 2 == 0 && hex_decode(digits, serial, *size);
}

struct finder {
	const char      *name;
	store_issued_cb *each;
	void            *arg;
	size_t           found;
};

static bool
finder_cb(const struct store_issued *issued, void *arg)
{
	struct finder *finder = arg;

	if (strcmp(issued->names, finder->name) != 0)
		return true;
	finder->found++;
	return finder->each(issued, finder->arg);
}

int
find_issued(struct store *store, const char *text, store_issued_cb *each, void *arg,
    struct error *err)
{
	struct finder       finder = {text, each, arg, 0};
	struct store_issued issued = {0};
	uint8_t             serial[STORE_SERIAL_MAX];
	size_t              size = 0;

	if (serial_parse(text, serial, &size)) {
		if (store_issued_find_serial(store, (struct view){serial, size}, &issued, err) == 0) {
			(void)each(&issued, arg);
			store_issued_clear(&issued);
			return 0;
		}
		if (err->kind != ERROR_NOT_FOUND)
			return -1;
	}
	if (store_issued_list(store, finder_cb, &finder, err) != 0)
		return -1;
	if (finder.found == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "no certificate has the serial number or the name \"%.255s\"; see \"%s certificates\"", text,
		    own_command("attest-acmed"));
	return 0;
}

/* True when the name is the URN of an EK: of `wanted`, or of any when that is NULL. */
static bool
name_is_ek(const GENERAL_NAME *name, const struct ek_hash *wanted, struct ek_hash *ek)
{
	static const char prefix[] = "urn:ek:sha256:";
	AUTO_FREE char   *text = NULL;
	struct error      ignored;
	struct view       uri;

	if (name->type != GEN_URI)
		return false;
	uri = (struct view){ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
	    (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier)};
	if (uri.size < sizeof prefix || memcmp(uri.data, prefix, sizeof prefix - 1) != 0 ||
	    memchr(uri.data, '\0', uri.size) != NULL)
		return false;
	text = view_dup(uri);
	return ek_hash_parse(text, ek, &ignored) == 0 &&
	    (wanted == NULL || memcmp(ek->bytes, wanted->bytes, sizeof ek->bytes) == 0);
}

bool
find_ek(const struct store_issued *issued, const struct ek_hash *wanted, struct ek_hash *ek)
{
	GENERAL_NAMES *names;
	X509          *ak = NULL;
	size_t         used = 0;
	struct error   ignored;
	bool           found = false;

	if (certificate_decode_first(bytes_view(&issued->chain), &ak, &used, &ignored) != 0)
		return false;
	names = X509_get_ext_d2i(ak, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
		found = name_is_ek(sk_GENERAL_NAME_value(names, i), wanted, ek);
	GENERAL_NAMES_free(names);
	X509_free(ak);
	return found;
}

void
find_serial(const struct store_issued *issued, char text[FIND_SERIAL_SIZE])
{
	hex_encode(issued->serial, issued->serial_size, text);
}

json_t *
find_json(const struct store_issued *issued, int64_t now)
{
	char           serial[FIND_SERIAL_SIZE];
	char           hash[EK_HASH_TEXT_SIZE];
	struct ek_hash ek;
	bool           known = find_ek(issued, NULL, &ek);

	if (known)
		ek_hash_format(&ek, hash);
	find_serial(issued, serial);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:b}",
	    "serial", serial, "name", print_json_text(issued->names), "account", print_json_text(issued->account),
	    "order", print_json_text(issued->order), "witness", print_json_text(issued->witness),
	    "ek_hash", known ? hash : NULL, "not_before", print_json_time(issued->not_before),
	    "not_after", print_json_time(issued->not_after),
	    "revoked", issued->revoked != 0 ? print_json_time(issued->revoked) : json_null(),
	    "reason", issued->revoked != 0 ? json_integer(issued->reason) : json_null(),
	    "good", issued->revoked == 0 && issued->not_after >= now);
}
