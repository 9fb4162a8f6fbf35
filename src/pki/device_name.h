/* The CN of a device certificate: the name, shortened if too long. */
#ifndef PKI_DEVICE_NAME_H
#define PKI_DEVICE_NAME_H

#include <stdbool.h>

/* 64 characters of up to four octets, and a NUL. */
#define DEVICE_COMMON_NAME_SIZE 257

/*
 * Writes the CN for an identifier, which passed identifier_check: the identifier itself,
 * when it has at most the 64 characters of RFC 5280's ub-common-name; else its first 47
 * octets or, where those would end inside a character, fewer, a "-", and the first 16
 * hexadecimal digits of the identifier's SHA-256. Returns true when it is whole.
 */
bool device_common_name(const char *identifier, char name[DEVICE_COMMON_NAME_SIZE]);

#endif
