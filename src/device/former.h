/* Pairs of key and certificate that were replaced, beside the one in use: certificate_files.h. */
#ifndef DEVICE_FORMER_H
#define DEVICE_FORMER_H

#include <stdint.h>
#include <sys/types.h>

struct error;
struct folder;

/* Before the ID of a former pair, whose names end in ".key" and ".pem". */
#define FORMER_PREFIX "former-"
/* Former pairs that are kept at most. */
#define FORMER_MAX 4

/*
 * Puts a copy of the pair in the directory aside, the key first, of the group as
 * certificate_files_replace has it. A pair that no program could use is
 * not kept: a file that is missing, no regular one or does not decode, a certificate of another
 * key, or one that has ended at `now`; why is said on standard error, unless one is missing or
 * has ended. INTERNAL.
 */
int former_keep(const struct folder *directory, gid_t group, int64_t now, struct error *err);

/* pair_key_share for the keys of all former pairs. */
int former_share(const struct folder *directory, gid_t group, struct error *err);

/*
 * Removes former pairs whose certificate has ended at `now` or does not decode, those of the key in
 * use, keys without a chain, and the oldest ones beyond FORMER_MAX. The chain goes before its key.
 * INTERNAL.
 */
int former_prune(const struct folder *directory, int64_t now, struct error *err);

#endif
