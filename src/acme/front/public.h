/* What everybody may read: directory, nonces, the root, the CRLs. */
#ifndef ACME_FRONT_PUBLIC_H
#define ACME_FRONT_PUBLIC_H

struct acme_front;
struct reply;

void public_directory(struct reply *reply); /* RFC 8555 §7.1.1 */
void public_nonce(struct reply *reply);     /* §7.2 */
void public_root(struct reply *reply);
void public_crl_der(struct reply *reply);
void public_crl_pem(struct reply *reply);

/* Forgets the cached files. */
void public_clear(struct acme_front *front);

#endif
