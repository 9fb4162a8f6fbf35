/*
 * What attestd runs with between two reloads: the settings, and what is read from the files that
 * they name. See service/keeper/keeper.h. The issuing CAs have versions of their own (issuers.h).
 */
#ifndef ATTESTATION_KEEPER_REVISION_H
#define ATTESTATION_KEEPER_REVISION_H

#include <stdint.h>

#include "attestation/settings.h"
#include "util/bytes.h"

struct auto_enroll;
struct error;

struct attestation_revision {
	struct attestation_settings settings;
	struct bytes                tls_chain; /* PEM; both empty for plain HTTP, and when they … */
	struct bytes                tls_key;   /* … are the service's (service_keeper_take_tls) */
	struct auto_enroll         *auto_enroll; /* NULL: no self-enrolment */
	uint64_t                    policy; /* another number when other EK certificates are wanted */
};

/*
 * Copies the settings and reads their files: TLS, and the list of serial numbers. `before` is the
 * revision that this one is to replace; NULL: none. NOT_FOUND, MALFORMED or INTERNAL, naming the
 * file.
 */
int  attestation_revision_new(const struct attestation_settings *settings,
     const struct attestation_revision *before, struct attestation_revision **out, struct error *err);
void attestation_revision_free(void *revision); /* takes NULL too */

#endif
