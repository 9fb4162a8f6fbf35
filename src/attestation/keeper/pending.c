/*
 * Owns the open challenges. One lock for the table: it is held for a lookup, some
 * hundred nanoseconds beside the millisecond of a client's round trip; the hashing
 * of the secret is done outside it.
 */
#include "config.h"

#include "attestation/keeper/pending.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "util/error.h"

/* How many challenges of one EK are open at one host. */
struct device {
	struct ek_hash ek;
	char           host[PEER_SIZE];
	size_t         open;
	struct device *bucket_next;
};

struct pending {
	pthread_mutex_t lock;
	size_t          max;
	size_t          device_max;
	int64_t         lifetime_ms;

	size_t             count;
	size_t             bucket_count; /* a power of two */
	struct challenge **challenges;   /* by digest */
	struct device    **devices;      /* by EK hash */
	struct challenge  *oldest;       /* all live equally long: the order is that of expiry */
	struct challenge  *newest;
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
	EVP_PKEY_free(challenge->ak_key);
	bytes_clear(&challenge->ek_certificate);
	free(challenge->enroll_name);
	free(challenge);
}

struct pending *
pending_new(size_t max, size_t device_max, int64_t lifetime_ms)
{
	struct pending *pending = memory_new(sizeof *pending);

	(void)pthread_mutex_init(&pending->lock, NULL);
	pending->max = max;
	pending->device_max = device_max;
	pending->lifetime_ms = lifetime_ms;
	for (pending->bucket_count = 16; pending->bucket_count < max; pending->bucket_count *= 2)
		;
	pending->challenges = memory_new(pending->bucket_count * sizeof(struct challenge *));
	pending->devices = memory_new(pending->bucket_count * sizeof(struct device *));
	return pending;
}

/* Both keys are SHA-256 digests: any octets of them are a good hash. */
static size_t
pending_bucket(const struct pending *pending, const uint8_t digest[32])
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof hash);
	return (size_t)(hash & (pending->bucket_count - 1));
}

static struct challenge **
challenge_slot(struct pending *pending, const uint8_t digest[32])
{
	struct challenge **slot = &pending->challenges[pending_bucket(pending, digest)];

	while (*slot != NULL && memcmp((*slot)->digest, digest, sizeof (*slot)->digest) != 0)
		slot = &(*slot)->bucket_next;
	return slot;
}

static struct device **
device_slot(struct pending *pending, const struct challenge *challenge)
{
	const struct ek_hash *ek = &challenge->ek;
	struct device       **slot = &pending->devices[pending_bucket(pending, ek->bytes)];

	while (*slot != NULL &&
	    (memcmp((*slot)->ek.bytes, ek->bytes, sizeof ek->bytes) != 0 ||
	        memcmp((*slot)->host, challenge->host, sizeof challenge->host) != 0))
		slot = &(*slot)->bucket_next;
	return slot;
}

static void
device_count_up(struct pending *pending, const struct challenge *challenge)
{
	struct device **slot = device_slot(pending, challenge);

	if (*slot == NULL) {
		*slot = memory_new(sizeof **slot);
		(*slot)->ek = challenge->ek;
		memcpy((*slot)->host, challenge->host, sizeof challenge->host);
	}
	(*slot)->open++;
}

static void
device_count_down(struct pending *pending, const struct challenge *challenge)
{
	struct device **slot = device_slot(pending, challenge);
	struct device  *device = *slot;

	if (--device->open == 0) {
		*slot = device->bucket_next;
		free(device);
	}
}

/* Takes the challenge in `slot` out of every list; it is the caller's then. */
static struct challenge *
pending_unlink(struct pending *pending, struct challenge **slot)
{
	struct challenge *challenge = *slot;

	*slot = challenge->bucket_next;
	if (challenge->older != NULL)
		challenge->older->newer = challenge->newer;
	else
		pending->oldest = challenge->newer;
	if (challenge->newer != NULL)
		challenge->newer->older = challenge->older;
	else
		pending->newest = challenge->older;
	device_count_down(pending, challenge);
	pending->count--;
	return challenge;
}

static void
pending_link(struct pending *pending, struct challenge **slot, struct challenge *challenge)
{
	challenge->bucket_next = NULL;
	*slot = challenge;
	challenge->older = pending->newest;
	challenge->newer = NULL;
	if (pending->newest != NULL)
		pending->newest->newer = challenge;
	else
		pending->oldest = challenge;
	pending->newest = challenge;
	device_count_up(pending, challenge);
	pending->count++;
}

static void
pending_expire(struct pending *pending, int64_t now_ms)
{
	while (pending->oldest != NULL && pending->oldest->expires <= now_ms)
		challenge_free(pending_unlink(pending, challenge_slot(pending, pending->oldest->digest)));
}

void
pending_free(struct pending *pending)
{
	if (pending == NULL)
		return;
	pending_expire(pending, INT64_MAX);
	free(pending->challenges);
	free(pending->devices);
	(void)pthread_mutex_destroy(&pending->lock);
	free(pending);
}

static int
pending_put_locked(struct pending *pending, struct challenge *challenge, int64_t now_ms,
    struct error *err)
{
	const struct device *device;
	struct challenge   **slot;

	pending_expire(pending, now_ms);
	device = *device_slot(pending, challenge);
	if (device != NULL && device->open >= pending->device_max)
		return error_set(err, ERROR_RATE_LIMITED,
		    "this device has %zu challenges open; finish one, or wait until they expire",
		    device->open);
	if (pending->count >= pending->max)
		return error_set(err, ERROR_OVERLOADED, "%zu challenges are open; try again later",
		    pending->count);
	slot = challenge_slot(pending, challenge->digest);
	if (*slot != NULL)
		return error_set(err, ERROR_INTERNAL, "two challenges have one secret");
	challenge->expires = now_ms + pending->lifetime_ms;
	pending_link(pending, slot, challenge);
	return 0;
}

int
pending_put(struct pending *pending, struct view secret, struct challenge *challenge,
    int64_t now_ms, struct error *err)
{
	int rc;

	if (EVP_Digest(secret.data, secret.size, challenge->digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	(void)pthread_mutex_lock(&pending->lock);
	rc = pending_put_locked(pending, challenge, now_ms, err);
	(void)pthread_mutex_unlock(&pending->lock);
	return rc;
}

int
pending_take(struct pending *pending, struct view secret, int64_t now_ms, struct challenge **out,
    struct error *err)
{
	struct challenge **slot;
	uint8_t            digest[32];

	*out = NULL;
	if (EVP_Digest(secret.data, secret.size, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing a secret");
	(void)pthread_mutex_lock(&pending->lock);
	pending_expire(pending, now_ms);
	slot = challenge_slot(pending, digest);
	if (*slot != NULL)
		*out = pending_unlink(pending, slot);
	(void)pthread_mutex_unlock(&pending->lock);
	if (*out == NULL)
		return error_set(err, ERROR_UNKNOWN_SECRET,
		    "no open challenge has this secret: it was never issued, has expired or is used; "
		    "start again with /attest");
	return 0;
}

size_t
pending_count(struct pending *pending)
{
	size_t count;

	(void)pthread_mutex_lock(&pending->lock);
	count = pending->count;
	(void)pthread_mutex_unlock(&pending->lock);
	return count;
}
