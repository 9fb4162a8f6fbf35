/*
 * Anti-replay nonces (RFC 8555 §6.5), without a list of those given out: a nonce
 * is a time and a serial number under a MAC whose key dies with the process, and
 * a bit per serial number says whether it was used. Shared by all workers.
 */
#ifndef ACME_FRONT_NONCE_H
#define ACME_FRONT_NONCE_H

#include <stdint.h>

struct error;
struct nonces;

#define NONCE_LIFE_MS   (60LL * 60 * 1000)
#define NONCE_WINDOW    (4U * 1024 * 1024) /* serial numbers that are remembered: 512 KiB */
#define NONCE_TEXT_SIZE 44                 /* base64url of 32 octets, and a NUL */

/*
 * Makes an empty set with a key of its own. `window` is how many of the latest
 * serial numbers it remembers, a multiple of 64: older nonces are refused, whatever
 * their age. INTERNAL when there is no randomness.
 */
int nonces_new(uint32_t window, struct nonces **out, struct error *err);

/* Writes a new nonce; now_ms is of clock_monotonic_ms. */
void nonces_issue(struct nonces *nonces, int64_t now_ms, char text[NONCE_TEXT_SIZE]);

/*
 * Uses a nonce up. Returns 0; or -1 with MALFORMED when it is no base64url (RFC 8555
 * §6.5.2), with BAD_NONCE when it is none of ours, older than an hour, or used.
 */
int nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err);

void nonces_free(struct nonces *nonces);

#endif
