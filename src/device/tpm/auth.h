/* Passwords of a TPM's hierarchies and of its storage root key. */
#ifndef DEVICE_TPM_AUTH_H
#define DEVICE_TPM_AUTH_H

struct device_tpm;
struct error;

/* The objects that have a password. */
enum device_auth {
	DEVICE_AUTH_OWNER,       /* the owner hierarchy */
	DEVICE_AUTH_ENDORSEMENT, /* the endorsement hierarchy */
	DEVICE_AUTH_PARENT,      /* the storage key above our keys */
	DEVICE_AUTH_COUNT
};

/* Reads the password from the file, without the line end, and uses it from now on. NOT_FOUND,
 * TOO_LARGE or INTERNAL. */
int device_auth_read(struct device_tpm *tpm, enum device_auth which, const char *path,
    struct error *err);

#endif
