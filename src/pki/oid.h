/* Object identifiers that OpenSSL's own table lacks. */
#ifndef PKI_OID_H
#define PKI_OID_H

#include <openssl/types.h>

#include "util/bytes.h"

/* name, dotted form, source. */
#define OIDS(X)                                                                           \
	X(TPM_MANUFACTURER, "2.23.133.2.1")         /* TCG EK Credential Profile §3.1.2 */ \
	X(TPM_MODEL,        "2.23.133.2.2")                                                \
	X(TPM_VERSION,      "2.23.133.2.3")                                                \
	X(EK_CERTIFICATE,   "2.23.133.8.1")         /* tcg-kp-EKCertificate */             \
	X(AK_CERTIFICATE,   "2.23.133.8.3")         /* tcg-kp-AIKCertificate */            \
	X(PERMANENT_IDENTIFIER, "1.3.6.1.5.5.7.8.3") /* RFC 4043 */

enum oid {
#define X(name, dotted) OID_##name,
	OIDS(X)
#undef X
	OID_COUNT
};

/* Appends an object as DER. */
void oid_append(struct bytes *out, const ASN1_OBJECT *object);

/* The object; it lives as long as the program and may be used from any thread. */
const ASN1_OBJECT *oid_get(enum oid oid);

#endif
