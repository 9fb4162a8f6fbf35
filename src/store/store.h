/*
 * The inventory and the record of what was issued. One interface; the engine is
 * SQLite (sqlite.c). A store belongs to one thread at a time; any number of
 * processes and threads may have one open each.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

#define STORE_HASH_SIZE 32
#define STORE_SERIAL_MAX 20
#define STORE_NAME_MAX 66 /* a TPM Name, nameAlg and SHA-512 */
#define STORE_DEVICE_NAMES_MAX 32 /* all of them go into one certificate */
#define STORE_NOTE_MAX 1024 /* octets */
#define STORE_DEVICE_TAGS_MAX 32
#define STORE_TAG_MAX 64 /* octets: letters, digits and "-_.:@+=/" */

/* A device of the inventory. Filled by store_device_*, emptied by store_device_clear. */
struct store_device {
	uint8_t ek_hash[STORE_HASH_SIZE];
	char  **names; /* permanent identifiers in the order given; none: the hash is the identifier */
	size_t  name_count;
	char  **tags; /* for people to find it by, sorted */
	size_t  tag_count;
	char   *note;    /* never NULL once filled */
	bool    enabled; /* a new device is */
	int64_t enrolled; /* when, in seconds since 1970 */
	int64_t seen;     /* when it last got an AK certificate; 0: never */
	int64_t revision; /* grows with every change of the device; never used twice */
};

/* An AK certificate that was issued. */
struct store_certificate {
	uint8_t serial[STORE_SERIAL_MAX];
	size_t  serial_size;
	uint8_t ek_hash[STORE_HASH_SIZE];
	uint8_t ak_name[STORE_NAME_MAX];
	size_t  ak_name_size;
	int64_t not_before;
	int64_t not_after;
	int64_t revoked; /* when, 0 while it is good */
	int     reason;  /* CRLReason, when it is revoked */
	int64_t issuer;  /* the row of store_issuer_use; 0: from before issuers were recorded */
};

/*
 * Makes an empty store in the directory; CONFLICT when there is one. Permissions 0600.
 */
int store_create(const char *state_dir, struct error *err);

/*
 * Opens the store of the directory. NOT_FOUND with the remedy when there is
 * none; INTERNAL when it cannot be read or was made by a newer version.
 */
int  store_open(const char *state_dir, struct store **out, struct error *err);
void store_close(struct store *store);

/*
 * Runs what follows in one durable transaction: writers of all processes queue
 * fairly for it (a lock file before BEGIN IMMEDIATE). store_commit returns when
 * it is on disk; when it fails, nothing of it happened. store_rollback never fails.
 * The changing calls below make a transaction of their own when none is open.
 */
int  store_begin(struct store *store, struct error *err);
int  store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);

/*
 * Marks a point inside a transaction; with keep false store_release undoes what
 * came after it. Several askers share one transaction so.
 */
int  store_mark(struct store *store, struct error *err);
void store_release(struct store *store, bool keep);

/*
 * Enrols a device (ek_hash, names, tags, note, which may be NULL; the rest is filled
 * in by the store), takes it off the waiting list, and puts that on record. CONFLICT, naming which, when the hash is enrolled or a name
 * in use, or given twice; a name that is another EK's hash, enrolled or not, in
 * any form, counts as in use. MALFORMED when a name is no identifier, there are
 * too many, or the note is too long, not UTF-8, or has control characters.
 */
int store_device_enroll(struct store *store, const struct store_device *device, int64_t now,
    struct error *err);

/*
 * Removes a device and its names and revokes its certificates in the same
 * transaction. NOT_ENROLLED when it is not there.
 */
int store_device_remove(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t now, struct error *err);

/* Finds a device by its EK hash. NOT_ENROLLED when it is not there. */
int store_device_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_device *out, struct error *err);

/*
 * Finds a device as people name it: the whole hash in any form, a name, or a
 * prefix of the hexadecimal hash (4 digits at least) that one device only has. A
 * name goes before a prefix. NOT_ENROLLED when there is none, CONFLICT when a
 * prefix has several.
 */
int store_device_resolve(struct store *store, const char *text, struct store_device *out,
    struct error *err);

/*
 * Calls `each` for every device as of one instant, those with a name by their
 * first name and then the others by hash, until it returns false. It may look
 * things up in this store, and change nothing.
 */
typedef bool store_device_cb(const struct store_device *device, void *arg);
int store_device_list(struct store *store, store_device_cb *each, void *arg, struct error *err);

/* Which devices are meant; {0} is all. They are listed as above. */
struct store_filter {
	const char *tag;       /* NULL: any */
	const char *name_glob; /* a name matches, as the shell's patterns do (glob.h); NULL: any */
	int64_t     unseen_since; /* not seen at this time or later, or never; 0: any */
};
int store_device_search(struct store *store, const struct store_filter *filter,
    store_device_cb *each, void *arg, struct error *err);

void store_device_clear(struct store_device *device);

/*
 * Records a certificate for a device that is still as it was when it was looked
 * up: NOT_ENROLLED when it is gone, DEVICE_DISABLED when it is switched off,
 * CONFLICT when its revision is not `revision`.
 */
int store_certificate_add(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err);

/* Calls `each` for the certificates of a device, oldest first, until it returns false. */
typedef bool store_certificate_cb(const struct store_certificate *certificate, void *arg);
int store_certificate_list(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    store_certificate_cb *each, void *arg, struct error *err);

/*
 * Calls `each` for the certificates of an issuer (0: those from before issuers were
 * recorded) that are revoked and not past notAfter at `now`, by notAfter.
 */
int store_revoked_list(struct store *store, int64_t issuer, int64_t now,
    store_certificate_cb *each, void *arg, struct error *err);

/*
 * A number that differs after certificates were revoked; unlike store_generation it
 * stays through all other changes, of this connection too.
 */
int store_revocations(struct store *store, int64_t *revocations, struct error *err);

/*
 * Who signs certificates from now on: its subjectKeyIdentifier and certificate (DER).
 * Returns its number in *issuer; certificates that have none count as the first issuer's.
 */
int store_issuer_use(struct store *store, const uint8_t *key_id, size_t key_id_size,
    const uint8_t *certificate, size_t certificate_size, int64_t now, int64_t *issuer,
    struct error *err);

/* Says whether an issuer has a certificate that is not past notAfter at `now`. */
int store_issuer_needed(struct store *store, int64_t issuer, int64_t now, bool *needed,
    struct error *err);

/* Draws the number of the next CRL: greater than any before, and at least `least`. */
int store_crl_number_next(struct store *store, int64_t least, int64_t *number, struct error *err);

/* Removes records of certificates that expired before `before`, `max` at most. */
int store_certificate_sweep(struct store *store, int64_t before, size_t max, size_t *removed,
    struct error *err);

/*
 * A number that differs after any other connection has committed: cheap enough to
 * ask each second whether anything must be read again.
 */
int store_generation(struct store *store, int64_t *generation, struct error *err);

#endif
