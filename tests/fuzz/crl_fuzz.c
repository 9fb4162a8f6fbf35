/*
 * CRLs of other CAs, which an operator names: the rest of an input is a file, or, by the first octet,
 * edits (edits.h) of a CRL that is valid, which is then signed again or not. A certificate that one
 * lists counts as revoked only by the signature of its issuer.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <openssl/x509.h>

#include "edits.h"
#include "fuzz.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/revocation.h"
#include "sign.h"
#include "util/error.h"

#define NOW ((int64_t)1795262400)
#define DAY ((int64_t)86400)

enum flag { FLAG_EDITS = 1, FLAG_SIGN = 2, FLAG_STALE = 4 };

static struct {
	struct ca    ca;
	struct ca    below; /* whose certificate the CRL lists */
	struct bytes crl;
	uint8_t      serial[20];
	size_t       serial_size;
} world;

static void
world_make(void)
{
	const ASN1_INTEGER *serial;
	struct ca_revoked   revoked[2] = {{.serial = {7}, .serial_size = 1, .when = NOW, .reason = 4}};
	struct error        err = {0};

	fuzz_must(key_generate(KEY_TYPE_P256, &world.ca.key, &err), &err);
	fuzz_must(key_generate(KEY_TYPE_P256, &world.below.key, &err), &err);
	fuzz_must(ca_root_create(world.ca.key, "Root", NOW, 400 * DAY, &world.ca.certificate, &err), &err);
	fuzz_must(ca_issuing_create(&world.ca, world.below.key, "Issuing", NOW, 300 * DAY,
	              &world.below.certificate, &err), &err);
	serial = X509_get0_serialNumber(world.below.certificate);
	world.serial_size = (size_t)ASN1_STRING_length(serial);
	memcpy(world.serial, ASN1_STRING_get0_data(serial), world.serial_size);
	memcpy(revoked[1].serial, world.serial, world.serial_size);
	revoked[1].serial_size = world.serial_size;
	revoked[1].when = NOW;
	fuzz_must(ca_crl_create(&world.ca, 7, revoked, 2, NOW, DAY, &world.crl, &err), &err);
}

/* Reads it as one of our own. */
static void
own_check(struct view octets)
{
	struct ca_crl crl = {0};
	struct error  err = {0};

	if (ca_crl_read(world.ca.certificate, octets, &crl, &err) == 0)
		assert(crl.revoked.size % sizeof(struct ca_revoked) == 0);
	else
		assert((err.kind == ERROR_MALFORMED || err.kind == ERROR_BAD_ATTESTATION) && err.detail[0] != '\0');
	ca_crl_clear(&crl);
}

static void
file_check(struct view octets, unsigned flags, bool is_ours)
{
	struct revocation      *revocation = revocation_new((flags & FLAG_STALE) != 0);
	struct revocation_facts facts = {0};
	struct error            err = {0};
	int                     reason = -1;
	bool                    found = false;
	const struct view       serial = {world.serial, world.serial_size};

	if (revocation_add_file(revocation, fuzz_file(octets), &err) != 0)
		assert((err.kind == ERROR_MALFORMED || err.kind == ERROR_TOO_LARGE) && err.detail[0] != '\0');
	for (size_t i = 0; i < revocation_count(revocation); i++) {
		fuzz_must(revocation_describe(revocation, i, &facts, &err), &err);
		assert(memchr(facts.name, '\0', sizeof facts.name) != NULL);
		revocation_facts_clear(&facts);
	}
	if (revocation_check(revocation, world.below.certificate, world.ca.certificate, NOW, &err) != 0)
		assert(err.kind == ERROR_BAD_ATTESTATION);
	fuzz_must(revocation_find(revocation, world.below.certificate, world.ca.certificate, &found, &reason, &err),
	    &err);
	if (found) {
		assert(is_ours && revocation_mentions(revocation, serial));
		assert(reason >= 0);
	}
	revocation_verify(revocation, world.ca.certificate);
	if (!is_ours)
		assert(revocation_verified(revocation) == 0);
	revocation_free(revocation);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_BYTES   octets = {0};
	struct edits edits;
	bool         is_ours;

	if (world.ca.key == NULL)
		world_make();
	if (size == 0)
		return 0;
	if ((data[0] & FLAG_EDITS) != 0) {
		bytes_append(&octets, world.crl.data, world.crl.size);
		edits_read((struct view){data + 1, size - 1}, 1, &edits);
		(void)edits_apply(&edits, 0, &octets);
		if ((data[0] & FLAG_SIGN) != 0)
			fuzz_sign_crl(&octets, world.ca.key);
	} else if (size > 1) {
		bytes_append(&octets, data + 1, size - 1);
	}
	/* The signature stands behind what it is of, so a valid one may be followed by anything. */
	is_ours = (data[0] & FLAG_EDITS) != 0 &&
	    ((data[0] & FLAG_SIGN) != 0 ||
	        (octets.size != 0 &&
	            memmem(octets.data, octets.size, world.crl.data, world.crl.size) != NULL));
	file_check(bytes_view(&octets), data[0], is_ours);
	own_check(bytes_view(&octets));
	return 0;
}
