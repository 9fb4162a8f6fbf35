/* The verdict on a device's EK certificate. */
#ifndef STORE_INVENTORY_EVIDENCE_H
#define STORE_INVENTORY_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/bytes.h"

struct error;

/* The verdict on the EK certificate that a machine sent. The zero value trusts nothing. */
enum store_verdict { STORE_VERDICT_ABSENT = 0, STORE_VERDICT_REFUSED, STORE_VERDICT_VERIFIED };

const char *store_verdict_word(enum store_verdict verdict); /* "absent", "refused", "verified" */

#define STORE_FACT_MAX 64 /* octets of manufacturer, model and version */
#define STORE_REASON_MAX 256

/* Facts from the certificate if it was verified, else the client's claims. */
struct store_evidence {
	enum store_verdict verdict;
	char               reason[STORE_REASON_MAX + 1]; /* why refused, "" otherwise */
	char               manufacturer[STORE_FACT_MAX + 1]; /* "id:4E544300" */
	char               model[STORE_FACT_MAX + 1];
	char               version[STORE_FACT_MAX + 1];
	uint8_t            root[32]; /* SHA-256 of the root's DER when verified */
};

/*
 * Records, with a certificate that is being added or alone, that a device attested at
 * `now` with this evidence (NULL: not checked) and this EK certificate (DER; empty:
 * none). Always writes the time, the rest only if it differs: the verdict on an EK
 * certificate stays when the certificate is not sent again. The revision stays.
 * NOT_ENROLLED when there is no such device.
 */
int store_evidence_record(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_evidence *evidence, struct view certificate, int64_t now,
    struct error *err);

/*
 * Records that an enrolled device gave another proof of life at `when`: never backwards, and
 * not from before its enrolment. *known: it is enrolled; *later: the time was written. The
 * revision stays.
 */
int store_device_seen(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t when,
    bool *known, bool *later, struct error *err);

/* NOT_FOUND when the device never attested. */
int store_evidence_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_evidence *out, int64_t *checked, struct error *err);

#endif
