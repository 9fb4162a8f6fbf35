/* What a daemon says about a reload; the daemon itself does it. */
#ifndef SERVICE_KEEPER_RELOAD_H
#define SERVICE_KEEPER_RELOAD_H

struct config_changes;
struct config_schema;
struct error;

/*
 * Logs that everything was taken over: the issuer that signs, the settings with new values, and, as
 * a warning, those that wait for a restart.
 */
void reload_log(const struct config_schema *schema, const struct config_changes *changes,
    const char *issuer);

/* Logs that nothing was, and why. */
void reload_log_failed(const struct error *why);

#endif
