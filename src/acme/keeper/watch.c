/* Owns what is watched and the remedies; deadlines.c decides when they are logged. */
#include "config.h"

#include "acme/keeper/watch.h"

#include <stdio.h>

#include <openssl/x509.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/roots.h"
#include "ca/crl.h"
#include "ca/files.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/revocation.h"
#include "service/keeper/deadlines.h"
#include "util/error.h"
#include "util/shared.h"

static void
watch_certificate(struct acme_keeper *keeper, const char *what, const X509 *certificate, int64_t now,
    const char *remedy)
{
	deadlines_watch(keeper->service.deadlines, what, certificate_not_before(certificate),
	    certificate_not_after(certificate), now, remedy);
}

static void
watch_own(struct acme_keeper *keeper, int64_t now)
{
	const struct ca_crl *crl = crl_keeper_content(keeper->crl);
	X509                *root = NULL;
	struct error         ignored;

	watch_certificate(keeper, "issuing certificate", keeper->revision->issuing.ca.certificate, now,
	    "no device certificate outlives it: have its CA sign another, put it into issuing.pem, and reload attest-acmed");
	if (certificate_decode_pem(&keeper->revision->root_pem, STATE_ROOT_PEM, &root, &ignored) == 0)
		watch_certificate(keeper, "root certificate", root, now,
		    "make another server's state with \"attest-acmed init\", and give its root.pem to all clients");
	X509_free(root);
	if (crl->number != 0) /* after a reload it may not be signed yet, and the log says why */
		deadlines_watch(keeper->service.deadlines, "CRL", crl->this_update, crl->next_update, now,
		    "it is signed again at half its lifetime: earlier lines of the log say why that failed");
	deadlines_watch(keeper->service.deadlines, "server certificate", keeper->tls_begin, keeper->tls_end, now,
	    "it is replaced at half its lifetime: earlier lines of the log say why that failed");
}

/* While a CRL is expired, every attestation of its issuer is refused. */
static void
watch_crls(struct acme_keeper *keeper, const struct revocation *revocation, int64_t now)
{
	struct revocation_facts facts;
	struct error            ignored;
	char                    what[32 + REVOCATION_NAME_SIZE];

	for (size_t i = 0; i < revocation_count(revocation); i++) {
		if (revocation_describe(revocation, i, &facts, &ignored) != 0)
			continue;
		(void)snprintf(what, sizeof what, "attestation CRL of %s", facts.name);
		deadlines_watch(keeper->service.deadlines, what, facts.this_update, facts.next_update, now,
		    "attestations of its issuer are refused when it has expired: see that attestd runs, and that "
		    "its crl.pem is brought here");
		revocation_facts_clear(&facts);
	}
}

void
acme_watch_deadlines(struct acme_keeper *keeper, int64_t now)
{
	struct error                 ignored;
	struct shared_version       *version = roots_acquire(keeper->revision->roots, &ignored);
	const struct roots_snapshot *roots = version != NULL ? version->value : NULL;

	watch_own(keeper, now);
	if (roots != NULL && roots->revocation != NULL)
		watch_crls(keeper, roots->revocation, now);
	if (version != NULL)
		roots_release(keeper->revision->roots, version);
}
