/* Names that deceive a reader: characters that cannot be seen, and scripts that look alike. */
#ifndef STORE_INVENTORY_NAME_CHECK_H
#define STORE_INVENTORY_NAME_CHECK_H

#include <stdint.h>

struct bytes;
struct error;

/*
 * Checks a name, which is valid UTF-8, before a device gets it. MALFORMED when it holds a
 * character that is invisible or turns the direction of the text (zero width, bidi controls,
 * format characters, fillers), or mixes scripts whose letters look alike, as Latin and
 * Cyrillic (Unicode Technical Standard 39, "highly restrictive").
 */
int name_check_visible(const char *name, struct error *err);

/*
 * Makes *out, with its NUL, what a reader may take a name for: the skeleton of Unicode Technical
 * Standard 39, §4, of the name in NFKC; case is folded before and after. Names that have one
 * skeleton look alike ("Web" and "web"; "cop" and the same in Cyrillic letters; "m" and "rn").
 * MALFORMED when the name is not UTF-8.
 */
int name_skeleton(const char *name, struct bytes *out, struct error *err);

/* The version of the tables by which skeletons are made; a later one is greater. */
int64_t name_skeleton_version(void);

#endif
