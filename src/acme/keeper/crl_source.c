/* Reads the revoked certificates from ACME's store. */
#include "config.h"

#include "acme/keeper/crl_source.h"

#include "ca/crl.h"
#include "store/acme/acme.h"
#include "util/bytes.h"

static int
acme_number_next(struct store *store, int64_t issuer, int64_t least, int64_t *number,
    struct error *err)
{
	(void)issuer;
	return store_acme_crl_number_next(store, least, number, err);
}

static int
acme_number_last(struct store *store, int64_t issuer, int64_t *number, struct error *err)
{
	(void)issuer;
	return store_acme_crl_number_last(store, number, err);
}

static bool
acme_append_cb(const struct store_issued *issued, void *arg)
{
	crl_entry_append(arg, (struct view){issued->serial, issued->serial_size}, issued->revoked,
	    issued->reason);
	return true;
}

static int
acme_list(struct store *store, int64_t issuer, int64_t since, struct bytes *revoked,
    struct error *err)
{
	(void)issuer;
	return store_issued_list_revoked(store, since, acme_append_cb, revoked, err);
}

const struct crl_source *
crl_source_acme(void)
{
	static const struct crl_source source = {
	    .number_next = acme_number_next,
	    .number_last = acme_number_last,
	    .revocations = store_acme_revocations,
	    .list = acme_list,
	};

	return &source;
}
