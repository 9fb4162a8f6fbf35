/* Parses each identifier once; registers nothing in OpenSSL's global table. */
#include "config.h"

#include "pki/oid.h"

#include <pthread.h>

#include <openssl/objects.h>

#include "util/bytes.h"
#include "util/der.h"

static const char *const dotted_texts[] = {
#define X(name, dotted) [OID_##name] = dotted,
    OIDS(X)
#undef X
};

static const ASN1_OBJECT *objects[OID_COUNT];
static pthread_once_t     parsed = PTHREAD_ONCE_INIT;

static void
oid_parse_all(void)
{
	for (size_t i = 0; i < OID_COUNT; i++)
		objects[i] = memory_check(OBJ_txt2obj(dotted_texts[i], 1)); /* nothing else is wrong with constants */
}

const ASN1_OBJECT *
oid_get(enum oid oid)
{
	(void)pthread_once(&parsed, oid_parse_all);
	return objects[oid];
}

void
oid_append(struct bytes *out, const ASN1_OBJECT *object)
{
	der_append(out, DER_OBJECT, (struct view){OBJ_get0_data(object), OBJ_length(object)});
}
