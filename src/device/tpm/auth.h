/* Passwords that a TPM's owner has set: of its hierarchies, and of its storage root key. */
#ifndef DEVICE_TPM_AUTH_H
#define DEVICE_TPM_AUTH_H

struct device_tpm;
struct error;

/* What has the password. */
enum device_auth {
	DEVICE_AUTH_OWNER,       /* the owner hierarchy */
	DEVICE_AUTH_ENDORSEMENT, /* the endorsement hierarchy */
	DEVICE_AUTH_PARENT,      /* the storage key under which keys are made or lie */
	DEVICE_AUTH_COUNT
};

/* Uses the password in the file, without the line's end, from now on. NOT_FOUND, TOO_LARGE or INTERNAL. */
int device_auth_read(struct device_tpm *tpm, enum device_auth which, const char *path,
    struct error *err);

#endif
