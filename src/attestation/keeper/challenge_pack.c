/* Writes challenges as octets and reads them again, which nobody else has written. */
#include "config.h"

#include "attestation/keeper/challenge_pack.h"

#include <stdlib.h>
#include <string.h>

/* What has a fixed size; its padding is zero, because packed challenges are compared. */
struct fixed {
	int64_t  revision;
	int64_t  trust_revision;
	uint64_t policy;
	uint8_t  verdict;
	uint8_t  enrolls;
	uint8_t  root; /* there is one */
	uint8_t  padding[5];
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
	X(evidence.version)         \
	X(serial)

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

void
challenge_pack(const struct challenge *challenge, struct bytes *common, struct view *own)
{
	const struct bytes *ak = &challenge->ak_public;
	size_t              shared = ak->size - challenge->ak_number;
	struct fixed        fixed = {
	           .revision = challenge->revision,
	           .trust_revision = challenge->trust_revision,
	           .policy = challenge->policy,
	           .verdict = (uint8_t)challenge->evidence.verdict,
	           .enrolls = challenge->enrolls,
	           .root = !is_zero(challenge->evidence.root),
        };

	bytes_append(common, &fixed, sizeof fixed);
	if (fixed.root)
		bytes_append(common, challenge->evidence.root, sizeof challenge->evidence.root);
#define X(text) part_append(common, view_text(challenge->text));
	TEXTS(X)
#undef X
	part_append(common, (struct view){ak->data, shared});
	part_append(common, bytes_view(&challenge->question));
	part_append(common, bytes_view(&challenge->ek_certificate));
	*own = shared != ak->size ? (struct view){ak->data + shared, challenge->ak_number} : (struct view){0};
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
	struct view       rest = common;
	struct fixed      fixed;

	memcpy(&fixed, rest.data, sizeof fixed);
	rest = (struct view){rest.data + sizeof fixed, rest.size - sizeof fixed};
	challenge->revision = fixed.revision;
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
	bytes_append(&challenge->ak_public, own.data, own.size);
	challenge->ak_number = own.size;
	bytes_read(&rest, &challenge->question);
	bytes_read(&rest, &challenge->ek_certificate);
	return challenge;
}
