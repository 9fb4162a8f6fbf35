/* The hash that identifies an EK, and its one text: for people, files, stores and logs. */
#ifndef UTIL_EK_HASH_H
#define UTIL_EK_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* SHA-256 of the EK's SubjectPublicKeyInfo DER; tpm/ek.h computes it. */
#define EK_HASH_SIZE 32
#define EK_HASH_TEXT_SIZE (2 * EK_HASH_SIZE + 1)

struct ek_hash {
	uint8_t bytes[EK_HASH_SIZE];
};

/*
 * Reads 64 hexadecimal digits of either case, "sha256:" and the same, or
 * "urn:ek:sha256:" and standard base64. MALFORMED otherwise, with a detail that
 * tells a wrong length from a wrong character.
 */
int ek_hash_parse(const char *text, struct ek_hash *hash, struct error *err);

/* The same for who asks whether a text is a hash: false if not, and no message is written. */
bool ek_hash_read(const char *text, struct ek_hash *hash);

/*
 * True when the text is the prefix of a hash, 4 to 64 hexadecimal digits, with or without
 * "sha256:" before: fills the least and the greatest hash with this prefix.
 */
bool ek_hash_range(const char *text, struct ek_hash *least, struct ek_hash *greatest);

bool ek_hash_equal(const struct ek_hash *a, const struct ek_hash *b);

/* Writes the 64 lower-case digits and a NUL. */
void ek_hash_format(const struct ek_hash *hash, char text[EK_HASH_TEXT_SIZE]);

/* Returns "urn:ek:sha256:<standard base64>"; the caller frees. */
char *ek_hash_urn(const struct ek_hash *hash);

#endif
