/*
 * What is in a state directory of attest-device: keys, certificates and chains. device/state.h
 * says which files there are, and device/certificate_files.h how they are replaced.
 */
#ifndef PKCS11_MATERIAL_H
#define PKCS11_MATERIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "device/tpm/key_file.h"
#include "util/bytes.h"
#include "util/error.h"

/* Most certificates of a chain, and most keys of a directory. */
#define MATERIAL_CHAIN_MAX 8U
#define MATERIAL_PAIRS_MAX 64U

/* A certificate with its chain, and its key. */
struct material_pair {
	char             *label; /* the name that is certified, or of the key: --key NAME */
	bool              former; /* replaced: still signs, and is not offered */
	struct bytes      certificates[MATERIAL_CHAIN_MAX]; /* DER, the device's first */
	size_t            count;
	bool              has_key; /* false: the key file cannot be used, or not by this user */
	struct device_key key;
};

/* Why a directory has no usable key, in the order of what is said first. */
enum material_fault {
	MATERIAL_WHOLE,
	MATERIAL_ABSENT,         /* there is no directory, or no certificate in it */
	MATERIAL_CLOSED,         /* the directory is not this user's to read */
	MATERIAL_KEY_UNREADABLE, /* the key file is not */
	MATERIAL_BROKEN,         /* a file does not decode */
	MATERIAL_MIXED,          /* certificate and key are not of one another: perhaps only for now */
};

struct material {
	struct material_pair pairs[MATERIAL_PAIRS_MAX];
	size_t               count;
	enum material_fault  fault; /* of the first pair that is not whole, former ones left out */
	struct error         why;   /* set unless it is WHOLE */
};

/* The directories of a token. */
struct material_place {
	const char *pair;  /* of the first key: the state directory, or `out` of device.conf */
	const char *state; /* where keys/NAME/ are */
};

/* Fills *material, which material_clear frees, whatever is there. */
void material_read(const struct material_place *place, struct material *material);
void material_clear(struct material *material);

#define AUTO_MATERIAL __attribute__((cleanup(material_clear))) struct material

/*
 * Appends to `marks` the identities of the files that material_read would read, so that a change
 * of any of them shows. Costs a few system calls for each key.
 */
void material_mark(const struct material_place *place, struct bytes *marks);

#endif
