/* The store that a command works on. */
#ifndef ADMIN_STORE_H
#define ADMIN_STORE_H

struct command_call;
struct error;
struct store;

/* Opens the store at the place of --store, or in the state directory, as store_open says. */
int admin_store_open(const struct command_call *call, struct store **out, struct error *err);

/* For a command that makes a store in the state directory: MALFORMED when --store is given. */
int admin_store_check_own(const struct command_call *call, struct error *err);

#endif
