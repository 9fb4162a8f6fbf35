/* Writes challenges as octets and reads them again, which nobody else has written. */
#include "config.h"

#include "attestation/keeper/challenge_pack.h"

#include <stdlib.h>
#include <string.h>

/* What has a fixed size; its padding is zero, because packed challenges are compared. */
struct fixed {
	int64_t  trust_revision;
	uint64_t policy;
	uint16_t number_size;   /* octets of its own: number of the AK, */
	uint8_t  revision_size; /* revision, without leading zeros, */
	uint8_t  serial_size;   /* serial number */
	uint8_t  verdict;
	uint8_t  enrolls;
	uint8_t  root; /* there is one */
	uint8_t  padding[1];
};

struct challenge *
challenge_new(void)
{
	return memory_new(sizeof(struct challenge));
}

void
challenge_free(struct challenge *challenge)
{
	if (challenge == NULL)
		return;
	bytes_clear(&challenge->ak_public);
	bytes_clear(&challenge->question);
	bytes_clear(&challenge->ek_certificate);
	free(challenge);
}

/* The texts, each with its room. */
#define TEXTS(X)                    \
	X(evidence.reason)          \
	X(evidence.manufacturer)    \
	X(evidence.model)           \
	X(evidence.version)

/* Strings of octets: their number before them. */
static void
part_append(struct bytes *out, struct view part)
{
	uint16_t size = (uint16_t)part.size;

	if (part.size > UINT16_MAX)
		abort(); /* ADMISSION_QUESTION_MAX and its like are far below */
	bytes_append(out, &size, sizeof size);
	bytes_append(out, part.data, part.size);
}

static struct view
part_read(struct view *rest)
{
	uint16_t    size;
	struct view part;

	memcpy(&size, rest->data, sizeof size);
	part = (struct view){rest->data + sizeof size, size};
	*rest = (struct view){part.data + size, rest->size - sizeof size - size};
	return part;
}

static bool
is_zero(const uint8_t root[32])
{
	static const uint8_t none[32];

	return memcmp(root, none, sizeof none) == 0;
}

/* Its octets without leading zeros, the lowest first: device revisions are small numbers. */
static uint8_t
revision_size(int64_t revision)
{
	uint8_t size = 0;

	for (uint64_t rest = (uint64_t)revision; rest != 0; rest >>= 8)
		size++;
	return size;
}

static void
own_append(struct bytes *own, const struct fixed *fixed, const struct challenge *challenge)
{
	const struct bytes *ak = &challenge->ak_public;
	uint64_t            revision = (uint64_t)challenge->revision;

	for (uint8_t i = 0; i < fixed->revision_size; i++)
		bytes_append_u8(own, (uint8_t)(revision >> 8 * i));
	bytes_append(own, challenge->serial, fixed->serial_size);
	if (fixed->number_size != 0)
		bytes_append(own, ak->data + ak->size - fixed->number_size, fixed->number_size);
}

void
challenge_pack(const struct challenge *challenge, struct bytes *common, struct bytes *own)
{
	const struct bytes *ak = &challenge->ak_public;
	struct fixed        fixed = {
	           .trust_revision = challenge->trust_revision,
	           .policy = challenge->policy,
	           .number_size = (uint16_t)challenge->ak_number,
	           .revision_size = revision_size(challenge->revision),
	           .serial_size = (uint8_t)strlen(challenge->serial),
	           .verdict = (uint8_t)challenge->evidence.verdict,
	           .enrolls = challenge->enrolls,
	           .root = !is_zero(challenge->evidence.root),
        };

	if (challenge->ak_number > UINT16_MAX)
		abort(); /* CHALLENGE_OWN_MAX */
	bytes_append(common, &fixed, sizeof fixed);
	if (fixed.root)
		bytes_append(common, challenge->evidence.root, sizeof challenge->evidence.root);
#define X(text) part_append(common, view_text(challenge->text));
	TEXTS(X)
#undef X
	part_append(common, (struct view){ak->data, ak->size - challenge->ak_number});
	part_append(common, bytes_view(&challenge->question));
	part_append(common, bytes_view(&challenge->ek_certificate));
	own_append(own, &fixed, challenge);
}

static struct fixed
fixed_read(struct view common)
{
	struct fixed fixed;

	memcpy(&fixed, common.data, sizeof fixed);
	return fixed;
}

size_t
challenge_own_size(struct view common)
{
	struct fixed fixed = fixed_read(common);

	return (size_t)fixed.revision_size + fixed.serial_size + fixed.number_size;
}

static void
own_read(struct challenge *challenge, const struct fixed *fixed, struct view own)
{
	uint64_t revision = 0;

	if (own.size == 0)
		return;
	for (uint8_t i = 0; i < fixed->revision_size; i++)
		revision |= (uint64_t)own.data[i] << 8 * i;
	challenge->revision = (int64_t)revision;
	memcpy(challenge->serial, own.data + fixed->revision_size, fixed->serial_size);
	challenge->serial[fixed->serial_size] = '\0';
	bytes_append(&challenge->ak_public, own.data + fixed->revision_size + fixed->serial_size,
	    fixed->number_size);
	challenge->ak_number = fixed->number_size;
}

static void
text_read(struct view *rest, char *text)
{
	struct view part = part_read(rest);

	memcpy(text, part.data, part.size);
	text[part.size] = '\0';
}

static void
bytes_read(struct view *rest, struct bytes *out)
{
	struct view part = part_read(rest);

	bytes_append(out, part.data, part.size);
}

struct challenge *
challenge_unpack(struct view common, struct view own)
{
	struct challenge *challenge = challenge_new();
	struct fixed      fixed = fixed_read(common);
	struct view       rest = {common.data + sizeof fixed, common.size - sizeof fixed};

	challenge->trust_revision = fixed.trust_revision;
	challenge->policy = fixed.policy;
	challenge->evidence.verdict = fixed.verdict;
	challenge->enrolls = fixed.enrolls;
	if (fixed.root) {
		memcpy(challenge->evidence.root, rest.data, sizeof challenge->evidence.root);
		rest.data += sizeof challenge->evidence.root;
		rest.size -= sizeof challenge->evidence.root;
	}
#define X(text) text_read(&rest, challenge->text);
	TEXTS(X)
#undef X
	bytes_read(&rest, &challenge->ak_public);
	own_read(challenge, &fixed, own);
	bytes_read(&rest, &challenge->question);
	bytes_read(&rest, &challenge->ek_certificate);
	return challenge;
}
