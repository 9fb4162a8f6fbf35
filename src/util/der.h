/* Writes DER (ITU-T X.690), value by value. */
#ifndef UTIL_DER_H
#define UTIL_DER_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* The first octet of a value. */
enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OBJECT = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

/* [n] of a type of its own, and [n] around another value or in place of a SEQUENCE's tag. */
#define DER_CONTEXT(n) (0x80U | (n))
#define DER_CONTEXT_AROUND(n) (0xa0U | (n))

/* Appends a value whose content is complete. */
void der_append(struct bytes *out, unsigned tag, struct view content);

/* Appends an INTEGER that is not negative; `magnitude` is big-endian. */
void der_append_unsigned(struct bytes *out, struct view magnitude);

/*
 * Appends a time as RFC 5280 §4.1.2.5 wants it: UTCTime from 1950 to 2049, else
 * GeneralizedTime. INTERNAL for a year outside 0 to 9999.
 */
int der_append_time(struct bytes *out, int64_t when, struct error *err);

/*
 * Begins a value whose content is what is appended until der_end, which takes what this
 * returns and puts the length in place. Values begun inside it must have ended.
 */
size_t der_begin(struct bytes *out, unsigned tag);
void   der_end(struct bytes *out, size_t begun);

/* Begins a BIT STRING whose bits are whole octets. */
size_t der_begin_bits(struct bytes *out);

#endif
