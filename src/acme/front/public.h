/* Resources without authentication: directory, nonces, the root, the CRLs. */
#ifndef ACME_FRONT_PUBLIC_H
#define ACME_FRONT_PUBLIC_H

struct reply;

void public_directory(struct reply *reply); /* RFC 8555 §7.1.1 */
void public_nonce(struct reply *reply);     /* §7.2 */
void public_pem(struct reply *reply);       /* the file that the path names */
void public_crl(struct reply *reply);

#endif
