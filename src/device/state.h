/*
 * The device's state directory: the AK, its proof and its chain, and the keys. One process at a time.
 *
 * Layout, the first key's as it has always been:
 *
 *     STATE/                     0700; 0755 where key_group is set, since others look for keys in it
 *         ak.pem, ak-creation.json, ak-chain.pem, acme-account.pem, certificate.json      0600
 *         device.key             0600; 0640 of the group where key_group is set
 *         device.pem             0644
 *         former-ID.key, former-ID.pem   as device.key and device.pem: keys that were replaced
 *         keys/                  mode as STATE
 *             NAME/              a state directory of its own, with the same files except keys/
 *                 out            0644: the path of the directory that has the pair in its place
 *
 * A directory with device.key and device.pem is a pair directory: STATE (or the directory that
 * `out` names in its place) and each STATE/keys/NAME (or the directory that its file "out" names). certificate_files.h says how a pair is
 * replaced, and how long a former one stays. A NAME has 1 to 32 of the characters A-Z a-z 0-9 . _ -
 * and begins with a letter or a digit. Whatever else is in these directories is not ours: it is
 * neither read nor removed.
 *
 * Programs that use the keys (attest-pkcs11.so) read device.key, device.pem, device.pem.new,
 * former-*.key and former-*.pem of pair directories, and "out", and nothing else. They take no lock.
 */
#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"
#include "util/folder.h"

struct device_ak;
struct error;

/* PEM, TSS2 PRIVATE KEY: wrapped to this TPM. */
#define DEVICE_STATE_AK "ak.pem"
/* JSON: the `params` that POST /attest sends for this AK. */
#define DEVICE_STATE_AK_CREATION "ak-creation.json"
/* PEM: the AK's certificate and those above it, without the root. */
#define DEVICE_STATE_AK_CHAIN "ak-chain.pem"
/* PEM: the private key of the ACME account. */
#define DEVICE_STATE_ACCOUNT "acme-account.pem"
/* JSON: how the certificate was obtained, for its renewal. */
#define DEVICE_STATE_SETTINGS "certificate.json"
#define DEVICE_STATE_OUT      "out"

/* The directory of the named keys, and the longest name. */
#define DEVICE_STATE_KEYS         "keys"
#define DEVICE_STATE_KEY_NAME_MAX 32

/* An open state directory, locked; {.folder = {.fd = -1}} is closed. */
struct device_state {
	struct folder folder;
	bool          named;    /* of a named key */
	struct folder above[2]; /* then STATE/ and STATE/keys/ */
};

/*
 * The default state directory: /var/lib/attest-device for root, otherwise
 * attest-device in $XDG_STATE_HOME or ~/.local/state. The caller frees.
 */
char *device_state_default(void);

/* Checks that a named key may have the name. MALFORMED. */
int device_state_key_check(const char *name, struct error *err);

/*
 * Lists the named keys of the directory (NULL: the default one), in order; none where there is no
 * directory. The caller frees with device_state_names_free. INTERNAL.
 */
struct device_state_names {
	char **names;
	size_t count;
};
int  device_state_names_read(const char *path, struct device_state_names *names, struct error *err);
/* Whether the first key has a certificate, or had one. */
bool device_state_first_is_there(const char *path);
/* NOT_FOUND, naming those that are there, when the key is none of them. */
int  device_state_names_find(const struct device_state_names *names, const char *key,
     struct error *err);
void device_state_names_free(struct device_state_names *names);

#define AUTO_STATE_NAMES                                    \
	__attribute__((cleanup(device_state_names_free)))   \
	struct device_state_names

/*
 * Opens the directory (NULL: the default one), or that of the named key in it (`key`), made with
 * mode 0700, with the directories above it, if missing; waits for another process that has it open.
 * INTERNAL on failure, and when root runs this and the directory is not root's or others may
 * write in it or put another in its place: what root reads there decides which key it uses and
 * what it runs.
 */
int device_state_open(const char *path, const char *key, struct device_state *state,
    struct error *err);

/* The same, but makes nothing: NOT_FOUND when the directory is missing. */
int device_state_open_there(const char *path, const char *key, struct device_state *state,
    struct error *err);

/* Lets everybody look into the directory (mode 0755), and those above a named key; their files have
 * modes of their own. INTERNAL. */
int device_state_show(const struct device_state *state, struct error *err);

/* Where the pair is: in `out`, which the settings name, or without one in the state directory.
 * Borrowed from either. */
const char *device_state_out(const struct device_state *state, const char *out);

void device_state_close(struct device_state *state);

/* Locals that close themselves: AUTO_STATE state = {.folder = {.fd = -1}}; */
#define AUTO_STATE __attribute__((cleanup(device_state_close))) struct device_state

/*
 * Reads the AK and its proof, and checks that they belong together. NOT_FOUND when
 * there is none; MALFORMED or BAD_ATTESTATION when the files are unusable and a
 * new AK should be made; else INTERNAL.
 */
int device_state_ak_load(const struct device_state *state, struct device_ak *ak, struct error *err);

/*
 * Replaces the kept AK and removes the old one's chain. A crash in between leaves
 * the old AK, the new one, or files that device_state_ak_load refuses.
 */
int device_state_ak_save(const struct device_state *state, const struct device_ak *ak,
    struct error *err);

/* Replaces the kept chain, PEM. *path is its file; the caller frees it. */
int device_state_chain_save(const struct device_state *state, struct view pem, char **path,
    struct error *err);

/* Reads the chain, PEM. NOT_FOUND when there is none, else INTERNAL or TOO_LARGE. */
int device_state_chain_load(const struct device_state *state, struct bytes *pem, struct error *err);

/* The same for any of the files: reads, and replaces. */
int device_state_read(const struct device_state *state, const char *name, struct bytes *out,
    struct error *err);
int device_state_write(const struct device_state *state, const char *name, struct view data,
    struct error *err);

#endif
