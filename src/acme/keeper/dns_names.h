/* What `attest-acmed init` left in the state directory, as daemon and commands read it. */
#ifndef ACME_KEEPER_DNS_NAMES_H
#define ACME_KEEPER_DNS_NAMES_H

#include "pki/ca.h"
#include "util/bytes.h"
#include "util/config_file.h"

struct error;
struct key_access;

/*
 * Loads the issuing CA, whose key is in issuing.key or where issuing.uri says, and opened by `access`, its
 * PEM chain without the root, and the root's PEM. INTERNAL when they do not belong
 * together or the certificate has expired. The caller clears all.
 */
int state_dir_load_issuing(const char *state_dir, const struct key_access *access,
    struct ca *issuing, struct bytes *issuing_pem, struct bytes *root_pem, struct error *err);

/* Loads the DNS names and addresses of the server, which the caller clears. */
int state_dir_load_names(const char *state_dir, struct config_list *names, struct error *err);

#endif
