/* Formats the inventory's records; fetches nothing. */
#include "config.h"

#include "admin/describe.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/print.h"
#include "pki/device_name.h"
#include "pki/crl_reason.h"
#include "store/hash.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/hex.h"
#include "util/own_command.h"
#include "util/shell_quote.h"

json_t *
describe_octets(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = memory_new(2 * size + 1);

	hex_encode(data, size, text);
	return json_string(text);
}

static json_t *
describe_list(char *const *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(array, print_json_text(list[i]));
	return array;
}

#define DESCRIBE_FORMAT(name, ...) "s:o, "
#define DESCRIBE_PAIR(name, ...)   #name, print_json_text(device->name),

json_t *
describe_device_json(const struct store_device *device)
{
	json_t *names = describe_list(device->names, device->name_count);
	json_t *identifiers = json_copy(names);

	if (device->name_count == 0)
		(void)json_array_append_new(identifiers,
		    describe_octets(device->ek_hash, STORE_HASH_SIZE));
	return json_pack("{s:o, s:o, s:o, s:o, " DEVICE_TEXTS(DESCRIBE_FORMAT) "s:b, s:o, s:o}",
	    "ek_hash", describe_octets(device->ek_hash, STORE_HASH_SIZE),
	    "names", names,
	    "identifiers", identifiers,
	    "tags", describe_list(device->tags, device->tag_count),
	    DEVICE_TEXTS(DESCRIBE_PAIR)
	    "enabled", device->enabled,
	    "enrolled", print_json_time(device->enrolled),
	    "seen", device->seen != 0 ? print_json_time(device->seen) : json_null());
}

json_t *
describe_certificate_json(const struct store_certificate *certificate)
{
	const char *reason = crl_reason_word(certificate->reason);
	bool        revoked = certificate->revoked != 0;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:s?}",
	    "serial", describe_octets(certificate->serial, certificate->serial_size),
	    "ak_name", describe_octets(certificate->ak_name, certificate->ak_name_size),
	    "not_before", print_json_time(certificate->not_before),
	    "not_after", print_json_time(certificate->not_after),
	    "revoked", revoked ? print_json_time(certificate->revoked) : json_null(),
	    "reason", revoked ? reason : NULL);
}

static char *
describe_joined(char *const *list, size_t count)
{
	AUTO_BYTES text = {0};

	for (size_t i = 0; i < count; i++) {
		if (i != 0)
			bytes_append(&text, ", ", 2);
		bytes_append(&text, list[i], strlen(list[i]));
	}
	bytes_append_u8(&text, '\0');
	return memory_strdup((const char *)text.data);
}

char *
describe_names(const struct store_device *device)
{
	return describe_joined(device->names, device->name_count);
}

char *
describe_tags(const struct store_device *device)
{
	return describe_joined(device->tags, device->tag_count);
}

char *
describe_recorded_names(const char *names)
{
	AUTO_BYTES text = {0};

	for (; *names != '\0'; names++) {
		if (*names != '\n')
			bytes_append_u8(&text, (uint8_t)*names);
		else
			bytes_append(&text, ", ...", names[1] == '\0' ? 5 : 2);
	}
	bytes_append_u8(&text, '\0');
	return memory_strdup((const char *)text.data);
}

/* Octets of what getpwuid_r reads into. */
#define PASSWD_SIZE 4096

char *
describe_actor(const char *actor)
{
	struct passwd  entry;
	struct passwd *found = NULL;
	char           buffer[PASSWD_SIZE];
	AUTO_BYTES     text = {0};
	const char    *digits = strncmp(actor, "uid ", 4) == 0 ? actor + 4 : "";
	size_t         length = strspn(digits, "0123456789");

	if (length == 0 || length > 9 || digits[length] != '\0' ||
	    getpwuid_r((uid_t)strtoul(digits, NULL, 10), &entry, buffer, sizeof buffer, &found) != 0 ||
	    found == NULL)
		return memory_strdup(actor);
	bytes_append(&text, actor, strlen(actor));
	bytes_append(&text, " (", 2);
	bytes_append(&text, found->pw_name, strlen(found->pw_name));
	bytes_append(&text, ")", 2); /* with its NUL */
	return memory_strdup((const char *)text.data);
}

void
describe_device_line(FILE *out, const struct store_device *device)
{
	AUTO_FREE char *names = describe_names(device);
	char            hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	(void)fprintf(out, "EK %s", hash);
	if (device->name_count == 0)
		return;
	(void)fputs(" (", out);
	print_text(out, names);
	(void)fputc(')', out);
}

static void
describe_line(FILE *out, const char *what, const char *text)
{
	(void)fprintf(out, "%-10s", what);
	print_text(out, text);
	(void)fputc('\n', out);
}

void
describe_device(FILE *out, const struct store_device *device)
{
	AUTO_FREE char *tags = describe_tags(device);
	char            hash[STORE_HASH_TEXT_SIZE];
	char            when[CLOCK_TEXT_SIZE];

	store_hash_format(device->ek_hash, hash);
	describe_line(out, "EK hash", hash);
	for (size_t i = 0; i < device->name_count; i++)
		describe_line(out, "name", device->names[i]);
	if (device->name_count == 0)
		describe_line(out, "name", "none: AK certificates carry the hash");
	if (device->tag_count != 0)
		describe_line(out, "tags", tags);
#define X(name, ...)                                                                          \
	if (*device->name != '\0')                                                            \
		describe_line(out, #name, device->name);
	DEVICE_TEXTS(X)
#undef X
	describe_line(out, "state", device->enabled ? "enabled" : "disabled");
	clock_format(device->enrolled, when);
	describe_line(out, "enrolled", when);
	clock_format(device->seen, when);
	describe_line(out, "seen", device->seen != 0 ? when : "never");
}

void
describe_revoked(FILE *out, size_t revoked)
{
	(void)fprintf(out, "%zu AK certificate%s revoked\n", revoked, revoked == 1 ? "" : "s");
}

void
describe_crl_hint(FILE *out, size_t revoked)
{
	if (revoked != 0)
		(void)fprintf(out, "a running attestd signs the CRL within a second; without one, run"
		                   " \"%s crl\"\n", own_command("attest-ca"));
}

void
describe_acme_command(FILE *out, const uint8_t ek_hash[STORE_HASH_SIZE], const char *name)
{
	char hash[STORE_HASH_TEXT_SIZE];

	store_hash_format(ek_hash, hash);
	(void)fprintf(out, "  attest-acmed revoke --ek %s", hash);
	if (name != NULL) {
		AUTO_FREE char *word = shell_word(name);

		(void)fprintf(out, " --name %s", word);
	}
	(void)fputc('\n', out);
}

void
describe_acme_hint(FILE *out, const uint8_t ek_hash[STORE_HASH_SIZE], char *const *names, size_t count)
{
	(void)fprintf(out, "the device certificates that it has stay good: unless attest-acmed has\n"
	                   "revoke_with_attestation = true, revoke them on its host:\n");
	for (size_t i = 0; i < (count != 0 ? count : 1); i++)
		describe_acme_command(out, ek_hash, count != 0 ? names[i] : NULL);
}

void
describe_long_names(const struct store_device *device)
{
	char name[DEVICE_COMMON_NAME_SIZE];

	for (size_t i = 0; i < device->name_count; i++) {
		if (device_common_name(device->names[i], name))
			continue;
		(void)fprintf(stderr, "the name ");
		print_text(stderr, device->names[i]);
		(void)fprintf(stderr,
		    " has more than 64 characters: device certificates of attest-acmed hold it whole as"
		    " PermanentIdentifier, and as CN ");
		print_text(stderr, name);
		(void)fputc('\n', stderr);
	}
}
