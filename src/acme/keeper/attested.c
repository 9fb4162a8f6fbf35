/*
 * Owns which device certificates go with their AK certificate. The CRLs are the operator's files,
 * whose signatures are verified with the issuers that were kept with each certificate.
 */
#include "config.h"

#include "acme/keeper/attested.h"

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme/keeper/roots.h"
#include "pki/certificate.h"
#include "pki/crl_reason.h"
#include "pki/revocation.h"
#include "pki/trust.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"
#include "util/log.h"
#include "util/shared.h"

/* Certificates that are revoked in one transaction, so that nobody waits long for the store. */
#define ATTESTED_BATCH 100U

/* One walk: what may have to be revoked, ids with their NULs, and where it ended. */
struct walk {
	const struct roots_snapshot *roots;
	struct store                *store;
	int64_t                      now;
	struct bytes                 ids;
	int64_t                      row;
	size_t                       count;
};

static bool
walk_cb(int64_t row, const char *id, struct view ak_serial, void *arg)
{
	struct walk *walk = arg;

	walk->row = row;
	if (revocation_mentions(walk->roots->revocation, ak_serial)) {
		bytes_append(&walk->ids, id, STORE_ID_SIZE);
		walk->count++;
	}
	return walk->count < ATTESTED_BATCH;
}

/* *revoked when `issuer` is the one, and has revoked the AK certificate, for *reason. */
static int
find_by(const struct revocation *revocation, const X509 *ak, X509 *issuer, bool *revoked, int *reason,
    struct error *err)
{
	*revoked = false;
	return X509_check_issued(issuer, (X509 *)(uintptr_t)ak) == X509_V_OK
	    ? revocation_find(revocation, ak, issuer, revoked, reason, err)
	    : 0;
}

/*
 * The issuer of the AK certificate comes behind it in the chain, or is a root. A chain that is none is nobody's;
 * what cannot be looked up is looked up again.
 */
static int
find_revoked(const struct roots_snapshot *roots, struct view chain, bool *revoked, int *reason,
    struct error *err)
{
	const STACK_OF(X509) *trusted = trust_stack(roots->trust);
	X509                 *ak = NULL;
	X509                 *issuer = NULL;
	size_t                used = 0;
	int                   rc = 0;

	*revoked = false;
	if (certificate_decode_first(chain, &ak, &used, err) != 0)
		return err->kind == ERROR_MALFORMED ? 0 : -1;
	chain.data += used;
	chain.size -= used;
	if (chain.size != 0 && certificate_decode_first(chain, &issuer, &used, err) != 0 &&
	    err->kind != ERROR_MALFORMED)
		rc = -1;
	else if (issuer != NULL)
		rc = find_by(roots->revocation, ak, issuer, revoked, reason, err);
	for (int i = 0; rc == 0 && !*revoked && i < sk_X509_num(trusted); i++)
		rc = find_by(roots->revocation, ak, sk_X509_value(trusted, i), revoked, reason, err);
	X509_free(issuer);
	X509_free(ak);
	return rc;
}

static int
revoke_one(const struct walk *walk, struct store *store, const char *id, struct error *err)
{
	struct store_issued issued = {0};
	char                serial[2 * STORE_SERIAL_MAX + 1];
	bool                revoked = false;
	int                 reason = 0;
	int                 rc = store_issued_find(store, id, &issued, err);

	/* Somebody else may have revoked or removed it meanwhile. */
	if (rc != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (issued.revoked == 0)
		rc = find_revoked(walk->roots, bytes_view(&issued.chain), &revoked, &reason, err);
	if (rc == 0 && revoked && reason != REASON_SUPERSEDED) {
		if (crl_reason_word(reason) == NULL)
			reason = REASON_UNSPECIFIED;
		rc = store_issued_revoke(store, id, walk->now, reason, err);
		hex_encode(issued.serial, issued.serial_size, serial);
		if (rc == 0)
			LOG(INFO, {"event", "revoked"}, {"serial", serial}, {"name", issued.names},
			    {"why", crl_reason_word(reason)}, {"attested", issued.witness},
			    {"reason", "the attestation CA has revoked what attested its key"});
	}
	store_issued_clear(&issued);
	return rc;
}

static int
revoke_cb(struct store *store, void *arg, struct error *err)
{
	const struct walk *walk = arg;

	for (size_t at = 0; at < walk->ids.size; at += STORE_ID_SIZE)
		if (revoke_one(walk, store, (const char *)walk->ids.data + at, err) != 0)
			return -1;
	return 0;
}

/* One batch; *more is true when there may be others behind it. */
static int
walk_once(struct attested *attested, struct walk *walk, bool *more, struct error *err)
{
	int rc;

	walk->row = attested->row;
	walk->count = 0;
	rc = store_issued_list_attested(walk->store, walk->now, attested->row, walk_cb, walk, err);
	if (rc == 0 && walk->count != 0)
		rc = store_change(walk->store, revoke_cb, walk, err);
	if (rc == 0)
		attested->row = walk->row;
	*more = rc == 0 && walk->count == ATTESTED_BATCH;
	bytes_clear(&walk->ids);
	return rc == 0 ? 0 : error_wrap(err, "revoking with the attestation");
}

int
attested_refresh(struct attested *attested, struct store *store, struct roots *roots, int64_t now,
    struct error *err)
{
	struct shared_version *version;
	struct walk            walk = {.store = store, .now = now};
	bool                   more = true;
	int                    rc = 0;

	if (attested->generation != roots_generation(roots)) {
		attested->generation = roots_generation(roots);
		attested->row = 0;
	}
	/* Why there are none that count, roots_refresh has said; it is looked again when there are. */
	if ((version = roots_acquire(roots, err)) == NULL)
		return 0;
	walk.roots = version->value;
	while (rc == 0 && more && walk.roots->revocation != NULL)
		rc = walk_once(attested, &walk, &more, err);
	roots_release(roots, version);
	return rc;
}
