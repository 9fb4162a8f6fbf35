/* Who may use the keys besides their owner: key_group. */
#ifndef DEVICE_SHARING_H
#define DEVICE_SHARING_H

#include <sys/types.h>

struct device_settings;
struct device_state;
struct error;

/*
 * Finds the group of the settings, by name or number; PAIR_NO_GROUP when they have
 * none. MALFORMED, naming the remedy, when there is no such group.
 */
int device_sharing_group(const struct device_settings *settings, gid_t *group, struct error *err);

/*
 * Brings the permissions of what is there to what the settings want: the keys are the group's to
 * read, and the state directory everybody's to look into. Without a group it changes nothing.
 * MALFORMED or INTERNAL.
 */
int device_sharing_apply(const struct device_settings *settings, const struct device_state *state,
    struct error *err);

#endif
