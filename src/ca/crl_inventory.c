/* Reads the revoked certificates from the inventory. */
#include "config.h"

#include "ca/crl_inventory.h"

#include "ca/crl.h"
#include "store/inventory/certificate.h"
#include "store/inventory/issuer.h"
#include "util/bytes.h"

static bool
inventory_append_cb(const struct store_certificate *certificate, void *arg)
{
	crl_entry_append(arg, (struct view){certificate->serial, certificate->serial_size},
	    certificate->revoked, certificate->reason);
	return true;
}

static int
inventory_list(struct store *store, int64_t issuer, int64_t since, struct bytes *revoked,
    struct error *err)
{
	return store_revoked_list(store, issuer, since, inventory_append_cb, revoked, err);
}

const struct crl_source *
crl_source_inventory(void)
{
	static const struct crl_source source = {
	    .number_next = store_crl_number_next,
	    .number_last = store_crl_number_last,
	    .revocations = store_revocations,
	    .list = inventory_list,
	};

	return &source;
}
