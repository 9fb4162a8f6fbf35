/*
 * The keeper enters its sandbox (daemon/sandbox.h): which of its files that leaves, by the places
 * in its settings, and whether a reload names others.
 */
#ifndef SERVICE_KEEPER_CONFINE_H
#define SERVICE_KEEPER_CONFINE_H

struct config_schema;
struct confinement;
struct error;
struct key_needs;
struct service_settings;

/*
 * Before the store is opened, and any key: the store's library makes its temporary files beside it, and not
 * where the sandbox leaves none; and a token's finds no configuration of its user's, which this process
 * may write, and whose code would run before the sandbox.
 */
void confine_prepare(const struct service_settings *settings);

/*
 * Before keys are opened: adds to keys->writable what the sandbox will leave to write, but for single
 * files and devices. Nothing when `sandbox` is off.
 */
void confine_writable(const struct config_schema *schema, const void *settings, struct key_needs *keys);

/*
 * Enters the sandbox for good, with the calling thread alone: state directory and store to write,
 * and what the schema marks as a place; of a file the directory to read, since it may be replaced.
 * Also the configuration, the service manager's credentials, and for keys in tokens and TPMs what their
 * libraries and `key_paths` and `key_sockets` take. Nothing when `sandbox` is off.
 * The caller frees *out with confinement_free, also after a failure. INTERNAL.
 */
int confine(const struct config_schema *schema, const void *settings, const struct key_needs *keys,
    struct confinement **out, struct error *err);

/*
 * Before new settings are used: INTERNAL, with the remedy, when one of their places is outside.
 * NULL confines nothing.
 */
int confinement_check(const struct confinement *confinement, const struct config_schema *schema,
    const void *settings, struct error *err);

void confinement_free(struct confinement *confinement); /* NULL is allowed */

#endif
