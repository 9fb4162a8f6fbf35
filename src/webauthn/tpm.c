/* Decodes and encodes the members of a "tpm" statement; does not judge its structures. */
#include "config.h"

#include "webauthn/tpm.h"

#include <string.h>

#include "util/cbor.h"
#include "util/error.h"
#include "webauthn/format.h"
#include "webauthn/item.h"
#include "webauthn/object.h"

#define VERSION "2.0"

enum member { MEMBER_VER, MEMBER_ALG, MEMBER_X5C, MEMBER_SIG, MEMBER_CERT_INFO, MEMBER_PUB_AREA, MEMBER_COUNT };

static const char *const member_names[MEMBER_COUNT] = {
    [MEMBER_VER] = "ver",
    [MEMBER_ALG] = "alg",
    [MEMBER_X5C] = "x5c",
    [MEMBER_SIG] = "sig",
    [MEMBER_CERT_INFO] = "certInfo",
    [MEMBER_PUB_AREA] = "pubArea",
};

static int
version_decode(struct item_reader *reader, struct error *err)
{
	struct view version;

	if (item_text(reader, "ver", 16, &version, err) != 0)
		return -1;
	if (!item_is(version, VERSION))
		return error_set(err, ERROR_MALFORMED, "ver is not \"" VERSION "\"");
	return 0;
}

static int
chain_decode(struct item_reader *reader, struct webauthn_statement *statement, struct error *err)
{
	struct item_walk list;
	bool             more = false;

	if (item_list(reader, "x5c", WEBAUTHN_CHAIN_MAX, &list, err) != 0)
		return -1;
	for (;;) {
		struct view *certificate = &statement->chain[statement->chain_count];

		if (item_list_next(reader, "x5c", WEBAUTHN_CHAIN_MAX, &list, &more, err) != 0)
			return -1;
		if (!more)
			break;
		if (item_bytes(reader, "a certificate of x5c", WEBAUTHN_CERTIFICATE_MAX, certificate,
		        err) != 0)
			return -1;
		if (certificate->size == 0)
			return error_set(err, ERROR_MALFORMED, "a certificate of x5c is empty");
		statement->chain_count++;
	}
	if (statement->chain_count == 0)
		return error_set(err, ERROR_MALFORMED, "x5c holds no certificate");
	return 0;
}

static int
structure_decode(struct item_reader *reader, const char *name, struct view *structure,
    struct error *err)
{
	if (item_bytes(reader, name, WEBAUTHN_STRUCTURE_MAX, structure, err) != 0)
		return -1;
	if (structure->size == 0)
		return error_set(err, ERROR_MALFORMED, "%s is empty", name);
	return 0;
}

static int
member_decode(struct item_reader *reader, enum member member,
    struct webauthn_statement *statement, struct error *err)
{
	switch (member) {
	case MEMBER_VER:
		return version_decode(reader, err);
	case MEMBER_ALG:
		return item_integer(reader, "alg", &statement->alg, err);
	case MEMBER_X5C:
		return chain_decode(reader, statement, err);
	case MEMBER_SIG:
		return structure_decode(reader, "sig", &statement->signature, err);
	case MEMBER_CERT_INFO:
		return structure_decode(reader, "certInfo", &statement->cert_info, err);
	case MEMBER_PUB_AREA:
		return structure_decode(reader, "pubArea", &statement->pub_area, err);
	default: /* an unknown member is passed over; its depth is that of attStmt */
		return item_skip(reader, 2, err);
	}
}

static enum member
member_of(struct view key)
{
	for (unsigned i = 0; i < MEMBER_COUNT; i++) {
		if (item_is(key, member_names[i]))
			return (enum member)i;
	}
	return MEMBER_COUNT;
}

/* All six members must be there; ver must be "2.0". */
int
webauthn_tpm_decode(struct item_reader *reader, struct webauthn_statement *statement,
    struct error *err)
{
	struct item_walk map;
	struct view      key;
	bool             seen[MEMBER_COUNT + 1] = {false};
	bool             more = false;

	if (item_map(reader, "attStmt", &map, err) != 0)
		return -1;
	for (;;) {
		enum member member;

		if (item_map_next(reader, &map, &key, &more, err) != 0)
			return -1;
		if (!more)
			break;
		member = member_of(key);
		if (member_decode(reader, member, statement, err) != 0)
			return -1;
		seen[member] = true;
	}
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		if (!seen[i])
			return error_set(err, ERROR_MALFORMED, "attStmt has no %s", member_names[i]);
	}
	return 0;
}

static void
key_write(enum member member, struct bytes *out)
{
	cbor_write_text(out, member_names[member], strlen(member_names[member]));
}

static void
structure_write(enum member member, struct view structure, struct bytes *out)
{
	key_write(member, out);
	cbor_write_bytes(out, structure.data, structure.size);
}

/* Keys in the order of their encodings: short ones first, then by octets. */
void
webauthn_tpm_encode(const struct webauthn_statement *statement, struct bytes *out)
{
	cbor_write_map(out, MEMBER_COUNT);
	key_write(MEMBER_ALG, out);
	cbor_write_integer(out, statement->alg);
	structure_write(MEMBER_SIG, statement->signature, out);
	key_write(MEMBER_VER, out);
	cbor_write_text(out, VERSION, strlen(VERSION));
	key_write(MEMBER_X5C, out);
	cbor_write_array(out, statement->chain_count);
	for (size_t i = 0; i < statement->chain_count; i++)
		cbor_write_bytes(out, statement->chain[i].data, statement->chain[i].size);
	structure_write(MEMBER_PUB_AREA, statement->pub_area, out);
	structure_write(MEMBER_CERT_INFO, statement->cert_info, out);
}
