/* The server's DNS names and addresses, written by `attest-acmed init` in the state directory. */
#ifndef ACME_KEEPER_DNS_NAMES_H
#define ACME_KEEPER_DNS_NAMES_H

#include "util/config_file.h"

struct error;
struct folder;

/* Loads the DNS names and addresses of the server, which the caller clears. */
int dns_names_load(const struct folder *state, struct config_list *names, struct error *err);

#endif
