/* Verifies again what was accepted: certificates, name and policy as they are now. Changes nothing. */
#include "config.h"

#include "acme/keeper/standing.h"

#include "acme/keeper/operation.h"
#include "acme/keeper/policy.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/statement.h"
#include "store/acme/acme.h"
#include "util/error.h"
#include "util/shared.h"

static int
standing_check_chain(const struct call *call, const struct store_authorization *authorization,
    struct bytes *ak_serial, struct error *err)
{
	struct roots          *roots = operation_revision(call)->roots;
	struct shared_version *held = roots_acquire(roots, err);
	struct statement_facts facts = {
	    .roots = held != NULL ? held->value : NULL,
	    .policy = &operation_revision(call)->settings.policy,
	    .identifier = authorization->value,
	    .now = call->now,
	};
	int rc = -1;

	if (held != NULL) {
		rc = statement_check_chain(authorization->format, bytes_view(&authorization->chain), &facts,
		    ak_serial, err);
		roots_release(roots, held);
	}
	return rc;
}

int
standing_check(const struct call *call, const struct store_authorization *authorization,
    struct bytes *ak_serial, struct error *err)
{
	int rc = policy_check_identifier(&operation_revision(call)->settings.policy,
	    view_text(authorization->type), view_text(authorization->value), err);

	if (rc == 0)
		rc = standing_check_chain(call, authorization, ak_serial, err);
	if (rc != 0 && err->kind != ERROR_INTERNAL) {
		err->kind = ERROR_UNAUTHORIZED;
		error_wrap(err, "the authorization for %s no longer holds", authorization->value);
	}
	return rc;
}
