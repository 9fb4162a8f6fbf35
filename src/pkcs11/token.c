/*
 * Owns the objects. They lie on a shelf, which is made whole and then put in place by one store:
 * another thread may fork at any time, and the child goes on with what it finds.
 */
#include "config.h"

#include "pkcs11/token.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "pkcs11/debug.h"
#include "pkcs11/material.h"
#include "pkcs11/object.h"
#include "pkcs11/reach.h"
#include "pkcs11/text.h"

/* Room for old objects at least; what finds none is forgotten, and its handle invalid. */
#define FORMER_MAX  64U
#define OBJECTS_MAX (MATERIAL_PAIRS_MAX * OBJECT_PAIR_MAX + FORMER_MAX)

/* How long a first read waits for a replacement that is half done. */
#define MIXED_TRIES    20
#define MIXED_PAUSE_MS 10

#define LABEL_SIZE sizeof(((CK_TOKEN_INFO *)0)->label)

struct shelf {
	bool           present;
	char           label[3 * LABEL_SIZE];
	unsigned       epoch;
	size_t         current; /* the first so many are on the token now */
	size_t         count;
	struct object *objects[OBJECTS_MAX];
};

struct token {
	char                   *pair;
	char                   *state;
	char                   *tcti;
	char                    serial[17]; /* by the directory: programs name the token by it */
	uint64_t                seen; /* hash of the files' identities when they were read; 0: not yet */
	_Atomic(struct shelf *) shelf;
};

/* Unique in the process, so that a handle never means another object. */
static CK_OBJECT_HANDLE latest_handle;

/* What is said of a directory without a usable key: a label has 32 octets. */
static const char *const fault_labels[] = {
    [MATERIAL_CLOSED] = "attest-ca: no access to files",
    [MATERIAL_KEY_UNREADABLE] = "attest-ca: device.key unreadable",
    [MATERIAL_BROKEN] = "attest-ca: files do not decode",
    [MATERIAL_MIXED] = "attest-ca: key and cert differ",
};

/* The same of a TPM. */
static const char *const reach_labels[] = {
    [REACH_CLOSED] = "attest-ca: no access to the TPM",
    [REACH_ABSENT] = "attest-ca: the TPM is not there",
};

static const struct shelf *
shelf_of(const struct token *token)
{
	return atomic_load(&token->shelf);
}

static void
serial_make(struct token *token)
{
	uint8_t hash[32] = {0};

	(void)EVP_Digest(token->state, strlen(token->state), hash, NULL, EVP_sha256(), NULL);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(token->serial + 2 * i, 3, "%02x", hash[i]);
}

struct token *
token_new(const struct material_place *place, const char *tcti)
{
	struct token *token = memory_new(sizeof *token);

	*token = (struct token){
	    .pair = memory_strdup(place->pair), .state = memory_strdup(place->state),
	    .tcti = memory_strdup(tcti)};
	serial_make(token);
	atomic_init(&token->shelf, memory_new(sizeof(struct shelf)));
	return token;
}

void
token_free(struct token *token)
{
	struct shelf *shelf;

	if (token == NULL)
		return;
	shelf = atomic_load(&token->shelf);
	for (size_t i = 0; i < shelf->count; i++)
		object_free(shelf->objects[i]);
	free(shelf);
	free(token->pair);
	free(token->state);
	free(token->tcti);
	free(token);
}

/* ---- a new shelf ---- */

static bool
shelf_has(const struct shelf *shelf, size_t among, const struct object *object)
{
	for (size_t i = 0; i < among; i++) {
		if (shelf->objects[i] == object)
			return true;
	}
	return false;
}

/* The object on the old shelf that is the same, or NULL. */
static struct object *
shelf_find_equal(const struct shelf *shelf, const struct object *object)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (object_equal(shelf->objects[i], object))
			return shelf->objects[i];
	}
	return NULL;
}

/* Puts the object on the shelf, or in its place the same one of the old shelf, which has a handle. */
static void
shelf_add(struct shelf *shelf, const struct shelf *old, struct object *object)
{
	struct object *known = shelf_find_equal(old, object);

	if (known == NULL)
		known = shelf_find_equal(shelf, object); /* keys of one directory share their authorities */
	if (known != NULL) {
		object_free(object);
		object = known;
	}
	if (shelf_has(shelf, shelf->count, object))
		return;
	if (object_handle(object) == 0)
		object_handle_set(object, ++latest_handle);
	shelf->objects[shelf->count++] = object;
}

/* The private key of the certificate from before, when its file cannot be read any more. */
static void
shelf_add_kept_key(struct shelf *shelf, const struct shelf *old, const struct object *public_key)
{
	const struct view id = object_value(public_key, CKA_ID);

	for (size_t i = 0; i < old->count; i++) {
		struct object *object = old->objects[i];

		if (object_key(object) != NULL && view_equal(object_value(object, CKA_ID), id) &&
		    !shelf_has(shelf, shelf->count, object)) {
			shelf->objects[shelf->count++] = object;
			return;
		}
	}
}

static void
shelf_add_pair(struct shelf *shelf, const struct shelf *old, const struct material_pair *pair)
{
	struct object *objects[OBJECT_PAIR_MAX];
	struct error   err = {0};
	size_t         count = object_make(pair, objects, &err);

	if (count == 0)
		debug_say("%s: %s", pair->label, err.detail);
	else if (!pair->has_key)
		shelf_add_kept_key(shelf, old, objects[0]);
	for (size_t i = 0; i < count; i++)
		shelf_add(shelf, old, objects[i]);
}

static bool
shelf_has_key(const struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->current; i++) {
		if (object_key(shelf->objects[i]) != NULL)
			return true;
	}
	return false;
}

/* Old objects go behind the new ones, while there is room. */
static void
shelf_add_former(struct shelf *shelf, const struct shelf *old)
{
	for (size_t i = 0; i < old->count && shelf->count < OBJECTS_MAX; i++) {
		if (!shelf_has(shelf, shelf->count, old->objects[i]))
			shelf->objects[shelf->count++] = old->objects[i];
	}
}

static bool
shelf_is_same(const struct shelf *a, const struct shelf *b)
{
	return a->present == b->present && strcmp(a->label, b->label) == 0 && a->current == b->current &&
	    memcmp(a->objects, b->objects, a->current * sizeof a->objects[0]) == 0;
}

/* Puts the shelf in place and frees the old one and what is on it alone. */
static void
shelf_replace(struct token *token, struct shelf *shelf)
{
	struct shelf *old = atomic_exchange(&token->shelf, shelf);

	for (size_t i = 0; i < old->count; i++) {
		if (!shelf_has(shelf, shelf->count, old->objects[i]))
			object_free(old->objects[i]);
	}
	free(old);
}

/* Those that are on the token, or the former ones. */
static void
shelf_add_pairs(struct shelf *shelf, const struct shelf *old, const struct material *material,
    bool former)
{
	for (size_t i = 0; i < material->count; i++) {
		if (material->pairs[i].former == former)
			shelf_add_pair(shelf, old, &material->pairs[i]);
	}
}

/* The name of the first key that is on the token. */
static const char *
name_of(const struct material *material)
{
	size_t i = 0;

	while (i + 1 < material->count && material->pairs[i].former)
		i++;
	return material->pairs[i].label;
}

static struct shelf *
shelf_make(const struct material *material, enum reach reach, const struct shelf *old)
{
	struct shelf *shelf = memory_new(sizeof *shelf);

	shelf_add_pairs(shelf, old, material, false);
	shelf->current = shelf->count;
	shelf_add_pairs(shelf, old, material, true);
	shelf->present = material->fault != MATERIAL_ABSENT || shelf->current != 0;
	shelf->epoch = old->epoch + 1;
	if (shelf_has_key(shelf) && reach != REACH_OPEN)
		(void)snprintf(shelf->label, sizeof shelf->label, "%s", reach_labels[reach]);
	else if (shelf_has_key(shelf))
		(void)snprintf(shelf->label, sizeof shelf->label, "attest-ca %s", name_of(material));
	else if (shelf->present)
		(void)snprintf(shelf->label, sizeof shelf->label, "%s", fault_labels[material->fault]);
	return shelf;
}

/* Replaces the shelf, unless nothing on it differs. */
static void
shelf_update(struct token *token, const struct material *material, enum reach reach)
{
	const struct shelf *old = shelf_of(token);
	struct shelf       *shelf = shelf_make(material, reach, old);

	if (shelf_has_key(old) && !shelf_has_key(shelf) && material->fault != MATERIAL_ABSENT) {
		/* A process that gave up its rights, or files in the middle of a replacement. */
		debug_say("%s: going on with what was read before", token->pair);
	} else if (!shelf_is_same(shelf, old)) {
		shelf_add_former(shelf, old);
		debug_say("%s: %zu objects, \"%s\"", token->pair, shelf->current, shelf->label);
		shelf_replace(token, shelf);
		return;
	}
	for (size_t i = 0; i < shelf->count; i++) {
		if (!shelf_has(old, old->count, shelf->objects[i]))
			object_free(shelf->objects[i]);
	}
	free(shelf);
}

/* ---- the directory ---- */

/*
 * FNV-1a of the files' identities, and of what is known of the TPM. Not by OpenSSL, whose locks another
 * thread may have held when this process was forked: a child that finds nothing changed can do without it.
 */
static uint64_t
mark(const struct token *token, enum reach reach)
{
	const struct material_place place = {token->pair, token->state};
	AUTO_BYTES                  marks = {0};
	uint64_t                    hash = 0xcbf29ce484222325U;

	material_mark(&place, &marks);
	bytes_append(&marks, &reach, sizeof reach);
	for (size_t i = 0; i < marks.size; i++)
		hash = (hash ^ marks.data[i]) * 0x100000001b3U;
	return hash;
}

static void
pause_for_replacement(void)
{
	const struct timespec pause = {.tv_nsec = MIXED_PAUSE_MS * 1000000L};

	(void)nanosleep(&pause, NULL);
}

void
token_refresh(struct token *token)
{
	const struct material_place place = {token->pair, token->state};
	enum reach                  reach = reach_look(token->tcti);
	uint64_t                    now = mark(token, reach); /* before reading, so that a later change shows */

	if (now == token->seen)
		return;
	for (int tries = 0;; tries++) {
		AUTO_MATERIAL material;

		material_read(&place, &material);
		if (material.fault == MATERIAL_MIXED && tries < MIXED_TRIES &&
		    !shelf_has_key(shelf_of(token))) {
			pause_for_replacement();
			continue;
		}
		if (material.fault != MATERIAL_WHOLE)
			debug_say("%s: %s", token->pair, material.why.detail);
		shelf_update(token, &material, reach);
		if (material.fault != MATERIAL_MIXED)
			token->seen = now;
		return;
	}
}

bool
token_is_present(const struct token *token)
{
	return shelf_of(token)->present;
}

unsigned
token_epoch(const struct token *token)
{
	return shelf_of(token)->epoch;
}

void
token_describe(const struct token *token, CK_TOKEN_INFO *info)
{
	*info = (CK_TOKEN_INFO){
	    .flags = CKF_RNG | CKF_WRITE_PROTECTED | CKF_TOKEN_INITIALIZED,
	    .ulMaxSessionCount = CK_EFFECTIVELY_INFINITE,
	    .ulSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE,
	    .ulRwSessionCount = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
	    .ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
	};
	text_pad(info->label, sizeof info->label, shelf_of(token)->label);
	text_pad(info->manufacturerID, sizeof info->manufacturerID, "attest-ca");
	text_pad(info->model, sizeof info->model, "TPM 2.0");
	text_pad(info->serialNumber, sizeof info->serialNumber, token->serial);
	memset(info->utcTime, '0', sizeof info->utcTime);
}

/* ---- objects ---- */

static size_t
find_among(const struct shelf *shelf, size_t from, size_t to, const CK_ATTRIBUTE *template,
    CK_ULONG count, CK_OBJECT_HANDLE *handles)
{
	size_t found = 0;

	for (size_t i = from; i < to; i++) {
		if (object_matches(shelf->objects[i], template, count))
			handles[found++] = object_handle(shelf->objects[i]);
	}
	return found;
}

size_t
token_find(const struct token *token, const CK_ATTRIBUTE *template, CK_ULONG count,
    CK_OBJECT_HANDLE **handles)
{
	const struct shelf *shelf = shelf_of(token);
	size_t              found;

	*handles = memory_new((shelf->count + 1) * sizeof **handles);
	found = find_among(shelf, 0, shelf->current, template, count, *handles);
	if (found == 0 && object_template_is_of_one(template, count))
		found = find_among(shelf, shelf->current, shelf->count, template, count, *handles);
	return found;
}

const struct object *
token_object(const struct token *token, CK_OBJECT_HANDLE handle)
{
	const struct shelf *shelf = shelf_of(token);

	for (size_t i = 0; i < shelf->count; i++) {
		if (object_handle(shelf->objects[i]) == handle)
			return shelf->objects[i];
	}
	return NULL;
}
