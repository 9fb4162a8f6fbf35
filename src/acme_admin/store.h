/* The store that a command works on. */
#ifndef ACME_ADMIN_STORE_H
#define ACME_ADMIN_STORE_H

struct command_call;
struct error;
struct store;

/* Opens the store at the place of --store, or in the state directory, as store_open says. */
int acme_admin_store_open(const struct command_call *call, struct store **out, struct error *err);

#endif
