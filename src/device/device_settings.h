/* Where settings come from: the command line, then device.conf, then what the last run remembered. */
#ifndef DEVICE_DEVICE_SETTINGS_H
#define DEVICE_DEVICE_SETTINGS_H

#include <stdbool.h>

#include "device/command.h"

struct device_state;
struct error;

/* How many of the settings may stand in device.conf. */
#define DEVICE_SETTINGS_COUNT 15

/* Settings put together; `all` borrows from the others. {0} is none. */
struct device_settings {
	struct command_settings all;
	char                   *file[DEVICE_SETTINGS_COUNT];
	json_t                 *remembered;
};

void device_settings_clear(struct device_settings *settings);

#define AUTO_SETTINGS __attribute__((cleanup(device_settings_clear))) struct device_settings

/*
 * Begins with what the command line says, and adds what device.conf does: --config, or the
 * default file when it is there; `must_have` when it has to be. MALFORMED, naming file and
 * line; NOT_FOUND; INTERNAL.
 */
int device_settings_read(const struct command_settings *line, bool must_have,
    struct device_settings *settings, struct error *err);

/* Adds what the state directory remembers. MALFORMED or INTERNAL. */
int device_settings_recall(struct device_settings *settings, const struct device_state *state,
    struct error *err);

/* Remembers what a renewal needs, paths as they are from everywhere. INTERNAL. */
int device_settings_remember(const struct device_settings *settings,
    const struct device_state *state, struct error *err);

/* Checks that the words that are there are known ones. MALFORMED. */
int device_settings_words_check(const struct command_settings *settings, struct error *err);

/* The same, and that what a certificate needs is there; MALFORMED with the remedy. */
int device_settings_check(const struct command_settings *settings, struct error *err);

#endif
