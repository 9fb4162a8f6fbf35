/*
 * Short texts of strangers, certificates, settings and command lines; the first octet chooses what
 * reads the rest. What is taken is taken again, the same, where it can be written.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "acme/front/route.h"
#include "acme/keeper/policy.h"
#include "attestation/keeper/ek_policy.h"
#include "attestation/keeper/enroll_rule.h"
#include "attestation/keeper/serial_list.h"
#include "fuzz.h"
#include "pki/alt_name.h"
#include "pki/ca_request.h"
#include "pki/pkcs11_uri.h"
#include "tpm/vendor.h"
#include "util/address.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/config_file.h"
#include "util/duration.h"
#include "util/ek_hash.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/identifier.h"
#include "util/proxies.h"
#include "util/shell_quote.h"
#include "util/source.h"
#include "util/utf8.h"

/* A failure says why. */
static void
explained(int rc, const struct error *err)
{
	assert(rc == 0 || err->detail[0] != '\0');
}

static void
fuzz_uri(const char *text, size_t size)
{
	struct pkcs11_uri uri = {0};
	struct error      err = {0};

	(void)size;
	explained(pkcs11_uri_parse(text, &uri, &err), &err);
	pkcs11_uri_clear(&uri);
}

static void
fuzz_address(const char *text, size_t size)
{
	const struct view view = {(const uint8_t *)text, size};
	struct address    address = {0};
	struct address    again = {0};
	struct source     source = source_of_text(view);
	char              shown[ADDRESS_TEXT_SIZE];

	assert(source.bits == 0 || source.bits == 32 || source.bits == 64);
	if (!address_parse(view, &address))
		return;
	assert(address_parse(view_text(address_format(&address, shown)), &again));
	assert(address_equal(&address, &again));
}

static void
fuzz_proxies(const char *text, size_t size)
{
	struct proxies *proxies = memory_new(sizeof *proxies);
	struct error    err = {0};
	int             rc;

	*proxies = (struct proxies){0};
	rc = proxies_add(proxies, (struct view){(const uint8_t *)text, size}, &err);
	explained(rc, &err);
	if (rc == 0)
		assert(proxies->count == 1 && proxies->networks[0].bits <= 128);
	free(proxies);
}

static void
fuzz_duration(const char *text, size_t size)
{
	struct error err = {0};
	int64_t      seconds = 0;
	int          rc = duration_parse(text, &seconds, &err);

	(void)size;
	explained(rc, &err);
	assert(rc != 0 || (seconds > 0 && seconds <= INT64_C(100) * 366 * 86400));
}

static void
fuzz_time(const char *text, size_t size)
{
	int64_t when;
	int64_t again;
	char    shown[CLOCK_TEXT_SIZE];

	(void)size;
	if (!clock_parse(text, &when))
		return;
	clock_format(when, shown);
	assert(clock_parse(shown, &again) && again == when);
}

static void
fuzz_identifier(const char *text, size_t size)
{
	struct error err = {0};

	explained(identifier_check(text, size, &err), &err);
	(void)alt_name_dns_is_valid(text, size);
}

static void
fuzz_base64(enum base64_alphabet alphabet, const char *text, size_t size)
{
	AUTO_BYTES      octets = {0};
	AUTO_BYTES      again = {0};
	AUTO_FREE char *written = NULL;
	struct error    err = {0};
	int             rc = base64_decode(alphabet, text, size, &octets, &err);

	explained(rc, &err);
	if (rc != 0)
		return;
	written = base64_encode(alphabet, octets.data, octets.size);
	assert(base64_decode(alphabet, written, strlen(written), &again, &err) == 0);
	assert(view_equal(bytes_view(&octets), bytes_view(&again)));
}

static void
fuzz_standard(const char *text, size_t size)
{
	fuzz_base64(BASE64_STANDARD, text, size);
}

static void
fuzz_url(const char *text, size_t size)
{
	fuzz_base64(BASE64_URL, text, size);
}

static void
fuzz_hash(const char *text, size_t size)
{
	struct ek_hash hash;
	struct ek_hash again;
	struct ek_hash greatest;
	struct error   err = {0};
	char           shown[EK_HASH_TEXT_SIZE];
	uint8_t        octets[32];
	int            rc = ek_hash_parse(text, &hash, &err);

	explained(rc, &err);
	if (rc == 0) {
		ek_hash_format(&hash, shown);
		assert(ek_hash_parse(shown, &again, &err) == 0 && ek_hash_equal(&hash, &again));
	}
	if (ek_hash_range(text, &hash, &greatest))
		assert(memcmp(hash.bytes, greatest.bytes, sizeof hash.bytes) <= 0);
	if (size >= 2 * sizeof octets)
		(void)hex_decode(text, octets, sizeof octets);
}

static void
fuzz_serials(const char *text, size_t size)
{
	struct serial_list *list = NULL;
	struct error        err = {0};

	explained(serial_list_parse((struct view){(const uint8_t *)text, size}, &list, &err), &err);
	if (list != NULL)
		(void)serial_list_has(list, "01");
	serial_list_free(list);
}

static void
fuzz_rules(const char *text, size_t size)
{
	struct config_list vendors = {0};
	struct config_list roots = {0};
	struct error       err = {0};

	(void)size;
	explained(enroll_rule_name_check(text, &err), &err);
	config_list_append(&vendors, text);
	config_list_append(&roots, text);
	explained(ek_policy_vendors_normalize(&vendors, &err), &err);
	explained(enroll_rule_roots_normalize(&roots, &err), &err);
	(void)ek_policy_vendors_have(&vendors, "id:4E544300");
	config_list_clear(&vendors);
	config_list_clear(&roots);
}

static void
fuzz_policy(const char *text, size_t size)
{
	char              *everything[] = {(char[]){"*"}};
	struct acme_policy policy = {.allow = {everything, 1}};
	struct view        view = {(const uint8_t *)text, size};
	AUTO_FREE char    *contact = NULL;
	AUTO_FREE char    *again = NULL;
	struct error       err = {0};
	int                rc = policy_contact(view, &contact, &err);

	explained(rc, &err);
	if (rc == 0)
		assert(policy_contact(view_text(contact), &again, &err) == 0 && strcmp(contact, again) == 0);
	explained(policy_check_identifier(&policy, view_text(POLICY_IDENTIFIER), view, &err), &err);
	explained(policy_check_identifier(&policy, view, view_text("laptop"), &err), &err);
}

static void
fuzz_glob(const char *text, size_t size)
{
	char              *globs[] = {(char *)(uintptr_t)text};
	char              *templates[] = {(char *)(uintptr_t)text};
	struct acme_policy policy = {.allow = {globs, 1}, .deny = {globs, 1}, .dns_names = {templates, 1}};
	struct error       err = {0};
	char              *names[POLICY_DNS_MAX];
	size_t             count;

	(void)size;
	explained(policy_check_identifier(&policy, view_text(POLICY_IDENTIFIER), view_text("lap.top"), &err),
	    &err);
	if (policy_check(&policy, &err) != 0)
		return;
	count = policy_dns_names(&policy, "laptop", names);
	for (size_t i = 0; i < count; i++)
		free(names[i]);
}

static void
fuzz_clean(const char *text, size_t size)
{
	char out[64];
	char id[TPM_VENDOR_ID_SIZE];
	char code[TPM_VENDOR_CODE_SIZE];

	utf8_clean((const uint8_t *)text, size, out, sizeof out);
	assert(strlen(out) < sizeof out);
	tpm_vendor_clean((const uint8_t *)text, size, out, sizeof out);
	assert(strlen(out) < sizeof out);
	tpm_vendor_id(text, id);
	tpm_version_id(text, id);
	tpm_version_of_certificate(text, id);
	tpm_vendor_code(text, code);
	(void)tpm_vendor_name(text);
	(void)utf8_has_characters(text, 1, 8);
}

static void
fuzz_names(const char *text, size_t size)
{
	char            next[CA_NAME_SIZE];
	AUTO_FREE char *quoted = shell_quote(text);
	AUTO_FREE char *word = shell_word(text);

	(void)size;
	assert(quoted != NULL && word != NULL);
	if (strlen(text) < CA_NAME_SIZE)
		ca_name_next(text, next);
}

static void
fuzz_route(const char *text, size_t size)
{
	struct view ids[ACME_ROUTE_IDS];
	const char *allow = NULL;

	(void)size;
	(void)acme_route_find("POST", text, ids, &allow);
	(void)acme_route_find("GET", text, ids, &allow);
}

static void (*const readers[])(const char *text, size_t size) = {
    fuzz_uri, fuzz_address, fuzz_proxies, fuzz_duration, fuzz_time, fuzz_identifier, fuzz_standard, fuzz_url,
    fuzz_hash, fuzz_serials, fuzz_rules, fuzz_policy, fuzz_glob, fuzz_clean, fuzz_names, fuzz_route,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = memory_new(size); /* the rest and a NUL: what reads further is found */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	readers[data[0] % (sizeof readers / sizeof readers[0])](text, size - 1);
	free(text);
	return 0;
}
