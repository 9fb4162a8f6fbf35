/* Shortens a name for the CN; the PermanentIdentifier always has all of it. */
#include "config.h"

#include "pki/device_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "pki/draft.h"
#include "util/hex.h"

#define PREFIX_MAX  47
#define HASH_OCTETS 8

bool
device_common_name(const char *identifier, char name[DEVICE_COMMON_NAME_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE] = {0};
	char    hash[2 * HASH_OCTETS + 1];
	size_t  size = PREFIX_MAX;

	if (draft_common_name_fits(identifier)) {
		(void)snprintf(name, DEVICE_COMMON_NAME_SIZE, "%s", identifier);
		return true;
	}
	while (size > 0 && ((unsigned char)identifier[size] & 0xc0) == 0x80) /* inside a character */
		size--;
	if (EVP_Digest(identifier, strlen(identifier), digest, NULL, EVP_sha256(), NULL) != 1)
		abort(); /* SHA-256 over memory: there is no provider left */
	hex_encode(digest, HASH_OCTETS, hash);
	(void)snprintf(name, DEVICE_COMMON_NAME_SIZE, "%.*s-%s", (int)size, identifier, hash);
	return false;
}
