/* Loads the vendors' certificates; ek_trust verifies with them. */
#include "config.h"

#include "attestation/keeper/vendor_trust.h"

#include <stdlib.h>

#include "pki/ek_trust.h"
#include "store/inventory/trust.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/shared.h"

static void
vendor_set_free(void *value)
{
	struct vendor_set *set = value;

	ek_trust_free(set->trust);
	free(set);
}

struct shared *
vendor_trust_new(void)
{
	return shared_new(vendor_set_free);
}

static bool
vendor_add_cb(const struct store_trusted *trusted, void *arg)
{
	struct vendor_set *set = arg;
	struct view        der = {trusted->certificate, trusted->certificate_size};
	struct error       err = {0};

	if (ek_trust_add(set->trust, der, trusted->root, &err) != 0)
		LOG(WARNING, {"event", "trust"}, {"source", trusted->source}, {"reason", err.detail});
	else
		set->count++;
	return true;
}

/* True when the last reading is of this revision. */
static bool
vendor_trust_has(struct shared *vendors, int64_t revision)
{
	struct shared_version   *version = shared_acquire(vendors);
	const struct vendor_set *set = version != NULL ? version->value : NULL;
	bool                     has = set != NULL && set->revision == revision;

	shared_release(vendors, version);
	return has;
}

int
vendor_trust_refresh(struct shared *vendors, struct store *store, bool *fresh, struct error *err)
{
	struct vendor_set *set;
	int64_t            revision = 0;

	*fresh = false;
	if (store_trust_revision(store, &revision, err) != 0)
		return error_wrap(err, "reading the vendors' certificates");
	if (vendor_trust_has(vendors, revision))
		return 0;
	set = memory_new(sizeof *set);
	set->trust = ek_trust_new();
	/* The revision is read before the list, so that a change in between causes another reading. */
	set->revision = revision;
	if (store_trust_list(store, vendor_add_cb, set, err) != 0) {
		vendor_set_free(set);
		return error_wrap(err, "reading the vendors' certificates");
	}
	shared_replace(vendors, set);
	*fresh = true;
	return 0;
}
