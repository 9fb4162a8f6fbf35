/*
 * Owns the open challenges. One lock for the table is enough: it is held for a
 * lookup, some hundred nanoseconds beside the millisecond of a client's round
 * trip; the secret is hashed outside it.
 *
 * There may be a hundred thousand of them, so each is small: a cell with what is its own, linked by
 * numbers (challenge_cell.h), and what challenges have in common kept once (challenge_facts.h).
 */
#include "config.h"

#include "attestation/keeper/pending.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "attestation/keeper/answered.h"
#include "attestation/keeper/challenge_cell.h"
#include "attestation/keeper/challenge_facts.h"
#include "attestation/keeper/challenge_pack.h"
#include "tpm/digest.h"
#include "util/error.h"
#include "util/hash_index.h"
#include "util/share_tree.h"
#include "util/slab.h"

_Static_assert(sizeof(struct source) + sizeof(struct ek_hash) + CHALLENGE_OWN_MAX <= CELL_TAIL_MAX,
    "every challenge has a cell");

struct pending {
	pthread_mutex_t lock;
	size_t          max;
	size_t          held_max; /* of one EK and source */
	int64_t         lifetime_ms;

	struct cells      *cells;
	struct facts      *facts;
	struct hash_index *index; /* challenges by digest */
	struct share_tree *shares;
	struct answered   *answered;
	size_t             weight;  /* of all challenges */
	size_t             held;    /* of those that are held */
	int64_t            expires; /* the latest of all */
	uint32_t           oldest;  /* in the order in which they were made */
	uint32_t           newest;
};

/* ---- challenges by number ---- */

static struct challenge_cell *
cell_at(const struct pending *pending, uint32_t number)
{
	return cells_at(pending->cells, number);
}

static struct view
cell_common(const struct pending *pending, const struct challenge_cell *cell)
{
	return facts_view(pending->facts, cell->facts);
}

/* None expires later than the latest, nor 49 days before it: a lifetime is at most an hour. */
static int64_t
cell_expires(const struct pending *pending, const struct challenge_cell *cell)
{
	return pending->expires - (uint32_t)((uint32_t)pending->expires - cell->expires);
}

static struct share_link *
cell_share(const void *table, uint32_t number)
{
	return &cell_at(table, number)->share;
}

static uint32_t
cell_weight(const void *table, uint32_t number)
{
	return facts_weight(cell_common(table, cell_at(table, number)));
}

static void
cell_share_parts(const void *table, uint32_t number, struct share_parts *parts)
{
	(void)cell_parts(cell_at(table, number), parts, 0);
}

static const struct share_owner share_owner = {cell_share, cell_weight, cell_share_parts};

_Static_assert(sizeof(uint32_t) + CHALLENGE_EK_BEGIN == CELL_ROW_SIZE, "a row, and the beginning of its EK");

/* Row or EK: their sizes tell one from the other. */
static struct view
challenge_subject(const struct challenge *challenge, uint8_t room[CELL_ROW_SIZE])
{
	if (challenge->row == 0)
		return (struct view){challenge->ek.bytes, sizeof challenge->ek.bytes};
	memcpy(room, &challenge->row, sizeof challenge->row);
	memcpy(room + sizeof challenge->row, challenge->ek.bytes, CHALLENGE_EK_BEGIN);
	return (struct view){room, CELL_ROW_SIZE};
}

static void
challenge_subject_set(struct challenge *challenge, struct view subject)
{
	if (subject.size != CELL_ROW_SIZE) {
		memcpy(challenge->ek.bytes, subject.data, sizeof challenge->ek.bytes);
		return;
	}
	memcpy(&challenge->row, subject.data, sizeof challenge->row);
	memcpy(challenge->ek.bytes, subject.data + sizeof challenge->row, CHALLENGE_EK_BEGIN);
}

/* ---- challenges by digest ---- */

/* Any octets of a digest serve as its hash. */
static uint64_t
digest_hash(const uint8_t digest[CELL_DIGEST_SIZE])
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof hash);
	return hash;
}

static uint64_t
cell_hash(const void *table, uint32_t number)
{
	return digest_hash(cell_at(table, number)->digest);
}

static bool
cell_match(const void *table, uint32_t number, const void *digest)
{
	return CRYPTO_memcmp(cell_at(table, number)->digest, digest, CELL_DIGEST_SIZE) == 0;
}

/* SLAB_NONE: no challenge has it. */
static uint32_t
pending_find(const struct pending *pending, const uint8_t digest[CELL_DIGEST_SIZE])
{
	return hash_index_find(pending->index, digest_hash(digest), cell_match, digest);
}

_Static_assert(HASH_INDEX_NONE == SLAB_NONE, "both are no number");

/* ---- the order in which they were made ---- */

static void
order_append(struct pending *pending, uint32_t number)
{
	struct challenge_cell *cell = cell_at(pending, number);

	cell->older = pending->newest;
	cell->newer = SLAB_NONE;
	*(cell->older != SLAB_NONE ? &cell_at(pending, cell->older)->newer : &pending->oldest) = number;
	pending->newest = number;
}

static void
order_remove(struct pending *pending, const struct challenge_cell *cell)
{
	*(cell->older != SLAB_NONE ? &cell_at(pending, cell->older)->newer : &pending->oldest) = cell->newer;
	*(cell->newer != SLAB_NONE ? &cell_at(pending, cell->newer)->older : &pending->newest) = cell->older;
}

/* ---- the table ---- */

static void
pending_reserve(struct pending *pending)
{
	hash_index_reserve(pending->index, pending->max);
	share_tree_reserve(pending->shares, pending->max);
}

struct pending *
pending_new(size_t max, size_t held_max, int64_t lifetime_ms)
{
	struct pending *pending = memory_new(sizeof *pending);

	(void)pthread_mutex_init(&pending->lock, NULL);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	pending->cells = cells_new();
	pending->facts = facts_new();
	pending->index = hash_index_new(cell_hash, pending);
	pending->shares = share_tree_new(&share_owner, pending);
	pending->answered = answered_new();
	pending->oldest = SLAB_NONE;
	pending->newest = SLAB_NONE;
	pending_reserve(pending);
	return pending;
}

/* Challenges of a machine that has answered before are protected from eviction, up to its limit and
 * that of all together. */
static bool
pending_holds(const struct pending *pending, const struct challenge *challenge, struct view subject,
    struct view common)
{
	return answered_has(pending->answered, &challenge->ek, &challenge->source) &&
	    share_tree_held(pending->shares, &challenge->source, subject) <
	        pending->held_max &&
	    pending->held + facts_weight(common) <= pending->max / 2;
}

static void
pending_expires(struct pending *pending, struct challenge_cell *cell, int64_t expires)
{
	if (pending->expires < expires)
		pending->expires = expires;
	cell->expires = (uint32_t)expires;
}

static void
pending_link(struct pending *pending, const struct challenge *challenge, struct view common,
    struct view own, const uint8_t digest[CELL_DIGEST_SIZE], int64_t now_ms)
{
	uint8_t                room[CELL_ROW_SIZE];
	struct view            subject = challenge_subject(challenge, room);
	bool                   held = pending_holds(pending, challenge, subject, common);
	uint32_t               weight = facts_weight(common);
	struct share_parts     parts;
	struct challenge_cell *cell;
	uint32_t               number;

	share_tree_ask(pending->shares, &challenge->source, subject, &parts);
	number = cells_take(pending->cells, cell_tail_size(&parts, own));
	cell = cell_at(pending, number);
	memset(cell, 0, sizeof *cell);
	memcpy(cell->digest, digest, CELL_DIGEST_SIZE);
	cell->facts = facts_take(pending->facts, common) & (FACTS_NUMBERS - 1);
	cell_tail_put(cell, &parts, own);
	pending_expires(pending, cell, now_ms + pending->lifetime_ms);
	hash_index_add(pending->index, number);
	order_append(pending, number);
	share_tree_enter(pending->shares, number, &challenge->source, subject, held);
	pending->weight += weight;
	pending->held += held ? weight : 0;
}

/* Removes the challenge from everywhere, and frees it. */
static void
pending_remove(struct pending *pending, uint32_t number)
{
	struct challenge_cell *cell = cell_at(pending, number);
	uint32_t               weight = cell_weight(pending, number);

	pending->weight -= weight;
	pending->held -= share_link_held(&cell->share) ? weight : 0;
	share_tree_leave(pending->shares, number);
	hash_index_remove(pending->index, number);
	order_remove(pending, cell);
	facts_give(pending->facts, cell->facts);
	cells_give(pending->cells, number);
}

/*
 * So many go with each call, so that after a flood nobody waits for all of them; more than a new one
 * weighs, so that none gives way while expired ones are there. pending_take looks for itself.
 */
#define EXPIRED_AT_ONCE 128

/* The others go too when they expired so long ago, in ms: cell_expires sees no farther than 49 days. */
#define EXPIRED_LONG_AGO 86400000

/* Those that were made before the lifetime was shortened expire after younger ones; see pending_take. */
static void
pending_expire(struct pending *pending, int64_t now_ms)
{
	for (int i = 0; pending->oldest != SLAB_NONE; i++) {
		int64_t expires = cell_expires(pending, cell_at(pending, pending->oldest));

		if (expires > now_ms || (i >= EXPIRED_AT_ONCE && now_ms - expires < EXPIRED_LONG_AGO))
			return;
		pending_remove(pending, pending->oldest);
	}
}

void
pending_free(struct pending *pending)
{
	if (pending == NULL)
		return;
	pending_expire(pending, INT64_MAX);
	share_tree_free(pending->shares);
	hash_index_free(pending->index);
	facts_free(pending->facts);
	cells_free(pending->cells);
	answered_free(pending->answered);
	(void)pthread_mutex_destroy(&pending->lock);
	free(pending);
}

/* One alone always fits, whatever it weighs. */
static bool
pending_is_over(const struct pending *pending)
{
	return pending->weight > pending->max && hash_index_count(pending->index) > 1;
}

/*
 * Evicts challenges of the sources or EKs with the most. The newest is the last of them
 * (share_tree_victim): if it joined older ones of its EK and source, one of these makes room for it.
 */
static void
pending_bound(struct pending *pending)
{
	uint32_t victim;

	while (pending_is_over(pending) && (victim = share_tree_victim(pending->shares)) != SLAB_NONE)
		pending_remove(pending, victim);
}

/* Whether one of this weight fits beside those that never give way. */
static bool
pending_fits(const struct pending *pending, size_t weight)
{
	return pending->held == 0 || pending->held + weight <= pending->max;
}

void
pending_limit(struct pending *pending, size_t max, size_t held_max, int64_t lifetime_ms)
{
	(void)pthread_mutex_lock(&pending->lock);
	pending->max = max;
	pending->held_max = held_max;
	pending->lifetime_ms = lifetime_ms;
	pending_bound(pending);
	pending_reserve(pending);
	(void)pthread_mutex_unlock(&pending->lock);
}

static int
secret_digest(struct view secret, uint8_t digest[EVP_MAX_MD_SIZE], struct error *err)
{
	if (EVP_Digest(secret.data, secret.size, digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	return 0;
}

int
pending_put(struct pending *pending, struct view secret, const struct challenge *challenge,
    int64_t now_ms, struct error *err)
{
	AUTO_BYTES common = {0};
	AUTO_BYTES own = {0};
	uint8_t    digest[EVP_MAX_MD_SIZE];
	int        rc = -1;

	if (secret_digest(secret, digest, err) != 0)
		return -1;
	challenge_pack(challenge, &common, &own);
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	if (pending_find(pending, digest) != SLAB_NONE) {
		error_set(err, ERROR_INTERNAL, "two challenges have one secret");
	} else if (!pending_fits(pending, facts_weight(bytes_view(&common)))) {
		error_set(err, ERROR_OVERLOADED, "%zu challenges are open; try again later", pending->max);
	} else {
		pending_link(pending, challenge, bytes_view(&common), bytes_view(&own), digest, now_ms);
		pending_bound(pending);
		rc = 0;
	}
	(void)pthread_mutex_unlock(&pending->lock);
	return rc;
}

static struct challenge *
pending_open(struct pending *pending, uint32_t number)
{
	const struct challenge_cell *cell = cell_at(pending, number);
	struct view                  common = cell_common(pending, cell);
	struct share_parts           parts;
	struct view                  own = cell_parts(cell, &parts, challenge_own_size(common));
	struct challenge            *challenge = challenge_unpack(common, own);

	share_tree_parts(pending->shares, number, &parts);
	challenge->source = parts.source;
	challenge_subject_set(challenge, parts.subject);
	pending_remove(pending, number);
	return challenge;
}

int
pending_take(struct pending *pending, struct view secret, int64_t now_ms, struct challenge **out,
    struct error *err)
{
	uint8_t  digest[EVP_MAX_MD_SIZE];
	uint32_t number;

	*out = NULL;
	if (secret_digest(secret, digest, err) != 0)
		return -1;
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	number = pending_find(pending, digest);
	if (number != SLAB_NONE && cell_expires(pending, cell_at(pending, number)) > now_ms)
		*out = pending_open(pending, number);
	(void)pthread_mutex_unlock(&pending->lock);
	if (*out == NULL)
		return error_set(err, ERROR_UNKNOWN_SECRET,
		    "no open challenge has this secret: it was never issued, has expired or is used; "
		    "start again with /attest");
	return 0;
}

void
pending_answered(struct pending *pending, const struct ek_hash *ek, const struct source *source)
{
	(void)pthread_mutex_lock(&pending->lock);
	answered_add(pending->answered, ek, source);
	(void)pthread_mutex_unlock(&pending->lock);
}

size_t
pending_count(struct pending *pending)
{
	size_t count;

	(void)pthread_mutex_lock(&pending->lock);
	count = hash_index_count(pending->index);
	(void)pthread_mutex_unlock(&pending->lock);
	return count;
}
