/* Owns the names of former pairs; reads the pair in use and never writes it. */
#include "config.h"

#include "device/former.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "device/pair.h"
#include "device/tpm/key_file.h"
#include "pki/certificate.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/hex.h"

#define ID_OCTETS 8
#define ID_DIGITS ((size_t)2 * ID_OCTETS)
#define NAME_SIZE (sizeof FORMER_PREFIX + ID_DIGITS + sizeof ".key")

/* ---- names ---- */

static void
name_make(const char *id, const char *end, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, FORMER_PREFIX "%s%s", id, end);
}

/* Takes the ID from a name that ends in `end`; false when the name is not ours. */
static bool
name_take(const char *name, const char *end, char id[ID_DIGITS + 1])
{
	size_t prefix = strlen(FORMER_PREFIX);

	if (strncmp(name, FORMER_PREFIX, prefix) != 0 ||
	    strspn(name + prefix, "0123456789abcdef") != ID_DIGITS ||
	    strcmp(name + prefix + ID_DIGITS, end) != 0)
		return false;
	memcpy(id, name + prefix, ID_DIGITS);
	id[ID_DIGITS] = '\0';
	return true;
}

static int
key_id(const struct device_key *key, uint8_t hash[32], char id[ID_DIGITS + 1], struct error *err)
{
	AUTO_BYTES spki = {0};

	if (tpm_public_spki(&key->public.publicArea, &spki, err) != 0)
		return -1;
	if (EVP_Digest(spki.data, spki.size, hash, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing the device key");
	hex_encode(hash, ID_OCTETS, id);
	return 0;
}

/* ---- keeping ---- */

/* The pair in use, as it is in its files. */
struct pair {
	struct bytes key;
	struct bytes chain;
	char         id[ID_DIGITS + 1];
};

static void
pair_clear(struct pair *pair)
{
	bytes_clear(&pair->key);
	bytes_clear(&pair->chain);
}

#define AUTO_PAIR __attribute__((cleanup(pair_clear))) struct pair

/* Reads the key in use. */
static int
current_id(const struct folder *directory, struct bytes *pem, uint8_t hash[32],
    char id[ID_DIGITS + 1], struct error *err)
{
	struct device_key key;

	return folder_read(directory, PAIR_KEY, PAIR_FILE_MAX, pem, err) == 0 &&
	        device_key_decode(bytes_view(pem), &key, err) == 0 && key_id(&key, hash, id, err) == 0
	    ? 0
	    : -1;
}

/* 0 when it can be used by a program, *end is when its certificate ends. */
static int
pair_read(const struct folder *directory, struct pair *pair, int64_t *end, struct error *err)
{
	X509   *leaf = NULL;
	uint8_t of_key[32];
	uint8_t of_leaf[32];
	int     rc = -1;

	if (current_id(directory, &pair->key, of_key, pair->id, err) == 0 &&
	    folder_read(directory, PAIR_CHAIN, PAIR_FILE_MAX, &pair->chain, err) == 0 &&
	    certificate_decode_pem(&pair->chain, PAIR_CHAIN, &leaf, err) == 0 &&
	    certificate_key_hash(leaf, of_leaf, err) == 0)
		rc = memcmp(of_key, of_leaf, sizeof of_key) == 0
		    ? 0
		    : error_set(err, ERROR_INTERNAL, "%s is the certificate of another key than %s", PAIR_CHAIN, PAIR_KEY);
	if (rc == 0)
		*end = certificate_not_after(leaf);
	X509_free(leaf);
	return rc;
}

int
former_keep(const struct folder *directory, gid_t group, int64_t now, struct error *err)
{
	AUTO_PAIR    pair = {0};
	char         key[NAME_SIZE];
	char         chain[NAME_SIZE];
	int64_t      end = 0;
	struct error why = {0};

	if (pair_read(directory, &pair, &end, &why) != 0) {
		if (why.kind != ERROR_NOT_FOUND)
			(void)fprintf(stderr, "attest-device: the former key and certificate in %s are not kept: %s\n",
			    directory->path, why.detail);
		return 0;
	}
	if (end <= now)
		return 0;
	name_make(pair.id, ".key", key);
	name_make(pair.id, ".pem", chain);
	return pair_key_write(directory, key, group, bytes_view(&pair.key), err) == 0 &&
	        folder_replace(directory, chain, pair.chain.data, pair.chain.size, 0644, err) == 0
	    ? 0
	    : -1;
}

/* ---- all of them ---- */

static void
entries_free(struct dirent **entries, int count)
{
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

int
former_share(const struct folder *directory, gid_t group, struct error *err)
{
	struct dirent **entries = NULL;
	int             count = folder_list(directory, &entries, err);
	char            id[ID_DIGITS + 1];
	int             rc = 0;

	if (count < 0)
		return -1;
	for (int i = 0; rc == 0 && i < count; i++) {
		if (name_take(entries[i]->d_name, ".key", id))
			rc = pair_key_share(directory, entries[i]->d_name, group, err);
	}
	entries_free(entries, count);
	return rc;
}

/* ---- removing ---- */

/* A former pair that was found. */
struct found {
	char    id[ID_DIGITS + 1];
	int64_t since; /* when it was put aside */
};

static int
newest_first(const void *a, const void *b)
{
	const struct found *one = a;
	const struct found *other = b;

	return one->since < other->since ? 1 : one->since > other->since ? -1 : strcmp(one->id, other->id);
}

static int
pair_remove(const struct folder *directory, const char *id, struct error *err)
{
	char key[NAME_SIZE];
	char chain[NAME_SIZE];

	name_make(id, ".key", key);
	name_make(id, ".pem", chain);
	return folder_remove(directory, chain, err) == 0 && folder_sync(directory, err) == 0 &&
	        folder_remove(directory, key, err) == 0
	    ? 0
	    : -1;
}

/* Whether the pair is still of use; *since is when it was put aside. */
static bool
found_stays(const struct folder *directory, const char *id, const char *current, int64_t now,
    int64_t *since)
{
	char         chain[NAME_SIZE];
	X509        *leaf = NULL;
	struct stat  st;
	struct error ignored;
	bool         stays;

	name_make(id, ".pem", chain);
	stays = strcmp(id, current) != 0 && folder_look(directory, chain, &st) == 0 &&
	    certificate_load_in(directory, chain, &leaf, &ignored) == 0 &&
	    certificate_not_after(leaf) > now;
	X509_free(leaf);
	*since = stays ? (int64_t)st.st_mtim.tv_sec : 0;
	return stays;
}

/* Removes what is of no use; `kept` has room for `count`, and gets the rest. */
static int
useless_remove(const struct folder *directory, struct dirent **entries, int count, int64_t now,
    struct found *kept, size_t *kept_count, struct error *err)
{
	AUTO_BYTES   pem = {0};
	struct error ignored;
	uint8_t      hash[32];
	char         current[ID_DIGITS + 1] = "";

	(void)current_id(directory, &pem, hash, current, &ignored);
	for (int i = 0; i < count; i++) {
		struct found *found = &kept[*kept_count];

		/* The key's name comes before the chain's, and there is no chain without a key. */
		if (!name_take(entries[i]->d_name, ".key", found->id))
			continue;
		if (found_stays(directory, found->id, current, now, &found->since))
			(*kept_count)++;
		else if (pair_remove(directory, found->id, err) != 0)
			return -1;
	}
	return 0;
}

int
former_prune(const struct folder *directory, int64_t now, struct error *err)
{
	struct dirent        **entries = NULL;
	int                    count = folder_list(directory, &entries, err);
	AUTO_FREE struct found *kept = NULL;
	size_t                 kept_count = 0;
	int                    rc;

	if (count < 0)
		return -1;
	kept = memory_new(((size_t)count + 1) * sizeof *kept);
	rc = useless_remove(directory, entries, count, now, kept, &kept_count, err);
	entries_free(entries, count);
	if (rc == 0 && kept_count > 0)
		qsort(kept, kept_count, sizeof *kept, newest_first);
	for (size_t i = FORMER_MAX; rc == 0 && i < kept_count; i++)
		rc = pair_remove(directory, kept[i].id, err);
	return rc;
}
