/* Names that deceive a reader: characters that cannot be seen, and scripts that look alike. */
#ifndef STORE_INVENTORY_NAME_CHECK_H
#define STORE_INVENTORY_NAME_CHECK_H

struct error;

/*
 * Checks a name, which is valid UTF-8, before a device gets it. MALFORMED when it holds a
 * character that is invisible or turns the direction of the text (zero width, bidi controls,
 * format characters, fillers), or mixes scripts whose letters look alike, as Latin and
 * Cyrillic (Unicode Technical Standard 39, "highly restrictive").
 */
int name_check_visible(const char *name, struct error *err);

#endif
