/* The columns of text of a device, from which members, statements, options and files are made. */
#ifndef STORE_INVENTORY_DEVICE_TEXT_H
#define STORE_INVENTORY_DEVICE_TEXT_H

#define STORE_NOTE_MAX 1024 /* octets */

/*
 * X(name, FIELD, number, title, max, argument, summary): `name` is the column, the member of
 * struct store_device, the option, and the word in files of devices and in JSON; `number` is the
 * parameter of the statements that insert a device, where five others come first; `title` is
 * the name with its article; `max` is in octets; `argument` and `summary` are the option's.
 * The schema and the table of "attest-ca list" are not made from it.
 */
#define DEVICE_TEXTS(X) \
	X(note, NOTE, 6, "a note", STORE_NOTE_MAX, "TEXT", "a note for administrators; no certificate carries it")

/* Parts of statements, each for the end of a list. */
#define DEVICE_TEXT_COLUMN(name, ...)                   ", " #name
#define DEVICE_TEXT_PARAMETER(name, FIELD, number, ...) ", ?" #number

#endif
