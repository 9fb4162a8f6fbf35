/*
 * Anti-replay nonces (RFC 8555 §6.5) without a list of issued ones: a nonce is a
 * time and a serial number with a MAC whose key lives only in this process, and
 * a bitmap records the used serial numbers. Shared by all workers.
 *
 * The bitmap needs no shares of sources (util/shares.h): it has one size and no entry of anybody's.
 * Who asks for NONCE_WINDOW nonces while another has one open makes that one too old; that client
 * is told badNonce with a fresh nonce, and asks again (RFC 8555 §6.5).
 */
#ifndef ACME_FRONT_NONCE_H
#define ACME_FRONT_NONCE_H

#include <stdint.h>

struct error;
struct nonces;

#define NONCE_LIFE_MS   (60LL * 60 * 1000)
#define NONCE_WINDOW    (4U * 1024 * 1024) /* serial numbers in the bitmap: 512 KiB */
#define NONCE_TEXT_SIZE 44                 /* base64url of 32 octets, and a NUL */

/*
 * Makes an empty set with its own key. `window` is the number of latest serial
 * numbers in the bitmap, a multiple of 64: older nonces are refused, even if young.
 * INTERNAL when there is no randomness.
 */
int nonces_new(uint32_t window, struct nonces **out, struct error *err);

/* Writes a new nonce; now_ms is of clock_monotonic_ms. */
void nonces_issue(struct nonces *nonces, int64_t now_ms, char text[NONCE_TEXT_SIZE]);

/*
 * Consumes a nonce. Returns 0; or -1 with MALFORMED when it is not base64url (RFC
 * 8555 §6.5.2), with BAD_NONCE when it is not one of ours, older than an hour, or
 * used.
 */
int nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err);

void nonces_free(struct nonces *nonces);

#endif
