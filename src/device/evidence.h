/* An AK's proof of creation as JSON, the `params` of WIRE.md §1. The same form is sent and kept. */
#ifndef DEVICE_EVIDENCE_H
#define DEVICE_EVIDENCE_H

#include <jansson.h>

#include "util/bytes.h"

struct device_ak;
struct error;

/* Returns the object; the caller decrefs. */
json_t *device_evidence_object(const struct device_ak *ak);

/* Returns the same as text; the caller frees. */
char *device_evidence_encode(const struct device_ak *ak);

/* Reads createData, createAttestation and createSignature into *ak. MALFORMED. */
int device_evidence_decode(struct view text, struct device_ak *ak, struct error *err);

/* A JSON string of standard base64; the caller decrefs. */
json_t *device_evidence_base64(struct view data);

#endif
