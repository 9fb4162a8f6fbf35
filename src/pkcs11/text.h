/* Text as PKCS #11 has it: blank-padded fields of a fixed size. */
#ifndef PKCS11_TEXT_H
#define PKCS11_TEXT_H

#include <stddef.h>

/* Fills the field with the text and blanks, cut between two characters of UTF-8. */
void text_pad(unsigned char *field, size_t size, const char *text);

#endif
