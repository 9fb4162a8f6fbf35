/* Reads DigestInfo by comparison: there is one encoding of each. */
#include "config.h"

#include "pkcs11/digest_info.h"

#include <string.h>

/* The notes of RFC 8017 §9.2. */
static const uint8_t sha1[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05,
    0x00, 0x04, 0x14};
static const uint8_t sha256[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha384[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t sha512[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65,
    0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

static const struct {
	TPM2_ALG_ID hash;
	struct view prefix; /* ends in the digest's size */
} encodings[] = {
    {TPM2_ALG_SHA1, {sha1, sizeof sha1}},
    {TPM2_ALG_SHA256, {sha256, sizeof sha256}},
    {TPM2_ALG_SHA384, {sha384, sizeof sha384}},
    {TPM2_ALG_SHA512, {sha512, sizeof sha512}},
};

bool
digest_info_read(struct view data, TPM2_ALG_ID *hash, struct view *digest)
{
	for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
		struct view prefix = encodings[i].prefix;
		size_t      size = prefix.data[prefix.size - 1];

		if (data.size != prefix.size + size || memcmp(data.data, prefix.data, prefix.size) != 0)
			continue;
		*hash = encodings[i].hash;
		*digest = (struct view){data.data + prefix.size, size};
		return true;
	}
	return false;
}
