/* Owns the current CRL; who is revoked the store says. */
#include "config.h"

#include "attestation/crl.h"

#include <stdlib.h>
#include <string.h>

#include "pki/ca.h"
#include "store/store.h"
#include "util/error.h"

#define REASON_UNSPECIFIED 0

struct crl {
	const struct ca *issuer;
	int64_t          lifetime;
	int64_t          generation; /* of the store when it was last looked at */
	int64_t          signed_at;
	int64_t          number; /* of the last one */
	struct bytes     revoked; /* struct ca_revoked, one after the other */
	struct bytes     der;
};

struct crl *
crl_new(const struct ca *issuer, int64_t lifetime)
{
	struct crl *crl = memory_new(sizeof *crl);

	crl->issuer = issuer;
	crl->lifetime = lifetime;
	crl->generation = -1;
	return crl;
}

void
crl_free(struct crl *crl)
{
	if (crl == NULL)
		return;
	bytes_clear(&crl->revoked);
	bytes_clear(&crl->der);
	free(crl);
}

struct view
crl_der(const struct crl *crl)
{
	return bytes_view(&crl->der);
}

static bool
crl_collect_cb(const struct store_certificate *certificate, void *arg)
{
	struct ca_revoked entry;

	memset(&entry, 0, sizeof entry); /* padding too: lists are compared as octets */
	memcpy(entry.serial, certificate->serial, certificate->serial_size);
	entry.serial_size = certificate->serial_size;
	entry.when = certificate->revoked;
	entry.reason = REASON_UNSPECIFIED;
	bytes_append(arg, &entry, sizeof entry);
	return true;
}

/* Reads who is revoked; sets *changed when it is not who was. */
static int
crl_collect(struct crl *crl, struct store *store, int64_t now, bool *changed, struct error *err)
{
	struct bytes revoked = {0};
	int64_t      generation = 0;

	*changed = false;
	if (store_generation(store, &generation, err) != 0)
		return -1;
	if (generation == crl->generation)
		return 0;
	if (store_revoked_list(store, now, crl_collect_cb, &revoked, err) != 0) {
		bytes_clear(&revoked);
		return -1;
	}
	crl->generation = generation;
	*changed = !view_equal(bytes_view(&revoked), bytes_view(&crl->revoked));
	bytes_clear(&crl->revoked);
	crl->revoked = revoked;
	return 0;
}

int
crl_refresh(struct crl *crl, struct store *store, int64_t now, bool *fresh, struct error *err)
{
	struct bytes der = {0};
	bool         changed = false;
	int64_t      number;

	*fresh = false;
	if (crl_collect(crl, store, now, &changed, err) != 0)
		return error_wrap(err, "reading what is revoked");
	/* One from before a clock was set back begins in the future, and nobody accepts it. */
	if (!changed && crl->der.size != 0 && now >= crl->signed_at &&
	    now < crl->signed_at + crl->lifetime / 2)
		return 0;
	/* The time is the number, unless that would not grow. */
	number = now > crl->number ? now : crl->number + 1;
	if (ca_crl_create(crl->issuer, (uint64_t)number,
	        (const struct ca_revoked *)(const void *)crl->revoked.data,
	        crl->revoked.size / sizeof(struct ca_revoked), now, crl->lifetime, &der, err) != 0) {
		crl->generation = -1; /* look again */
		bytes_clear(&der);
		return error_wrap(err, "signing the CRL");
	}
	bytes_clear(&crl->der);
	crl->der = der;
	crl->signed_at = now;
	crl->number = number;
	*fresh = true;
	return 0;
}
