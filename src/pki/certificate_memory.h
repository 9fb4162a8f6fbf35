/*
 * Certificates decoded lately, by their octets. Decoding one sets up its public key, which takes
 * longer than a signature check with it; nothing is verified here. Bounded (util/lru.h). Any
 * thread.
 */
#ifndef PKI_CERTIFICATE_MEMORY_H
#define PKI_CERTIFICATE_MEMORY_H

#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct certificate_memory;

/* An empty memory for at most `max` certificates, some 8 KiB each. */
struct certificate_memory *certificate_memory_new(size_t max);
void                       certificate_memory_free(struct certificate_memory *memory);

/*
 * As certificate_decode and certificate_decode_first (pki/certificate.h), but *out may be shared
 * with others, who only read it as well; the caller frees its reference.
 */
int certificate_memory_decode(struct certificate_memory *memory, struct view der, X509 **out,
    struct error *err);
int certificate_memory_decode_first(struct certificate_memory *memory, struct view der, X509 **out,
    size_t *used, struct error *err);

#endif
