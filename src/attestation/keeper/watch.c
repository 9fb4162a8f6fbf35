/* Owns what is watched and the remedies; deadlines.c decides when they are logged. */
#include "config.h"

#include "attestation/keeper/watch.h"

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "attestation/keeper/issuers.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/vendor_expiry.h"
#include "attestation/keeper/vendor_trust.h"
#include "ca/files.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "service/keeper/deadlines.h"
#include "service/keeper/shelf.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/own_command.h"
#include "util/shared.h"

static void
watch_certificate(struct attestation_keeper *keeper, const char *what, const X509 *certificate,
    int64_t now, const char *remedy)
{
	deadlines_watch(keeper->service.deadlines, what, certificate_not_before(certificate),
	    certificate_not_after(certificate), now, remedy);
}

/* The first certificate of a PEM file, as it was read: what lies there now may be another. */
static void
watch_pem(struct attestation_keeper *keeper, const char *what, const struct bytes *pem, int64_t now,
    const char *remedy)
{
	X509        *certificate = NULL;
	struct error ignored;

	if (certificate_decode_pem(pem, what, &certificate, &ignored) == 0)
		watch_certificate(keeper, what, certificate, now, remedy);
	X509_free(certificate);
}

/* A CRL is read once, as one of a large CA takes its time. */
static void
watch_crl(struct attestation_keeper *keeper, const struct issuer *issuer, int64_t now)
{
	AUTO_BYTES    der = {0};
	uint64_t      version = shelf_copy(keeper->service.shelf, "crl", keeper->crl_version, &der);
	struct ca_crl crl = {.number = 0};
	struct error  ignored;

	if (version != keeper->crl_version &&
	    ca_crl_read(issuer->files.ca.certificate, bytes_view(&der), &crl, &ignored) == 0) {
		keeper->crl_version = version;
		keeper->crl_begin = crl.this_update;
		keeper->crl_end = crl.next_update;
	}
	ca_crl_clear(&crl);
	if (keeper->crl_end != 0)
		deadlines_watch(keeper->service.deadlines, "CRL", keeper->crl_begin, keeper->crl_end, now,
		    "it is signed again at half its lifetime: earlier lines of the log say why that failed");
}

static void
watch_vendors(struct attestation_keeper *keeper, int64_t now)
{
	bool                     looked = keeper->revision->settings.ek_mode != EK_POLICY_IGNORE;
	struct shared_version   *version = looked ? shared_acquire(keeper->vendors) : NULL;
	const struct vendor_set *set = version != NULL ? version->value : NULL;
	char                     reason[VENDOR_EXPIRY_REASON_SIZE];
	enum deadline_state      state;
	int64_t                  end;

	if (set != NULL) {
		state = vendor_expiry(set->trust, now, &end, reason);
		deadlines_say(keeper->service.deadlines, "vendors' roots", state, end, now, reason);
	}
	if (version != NULL)
		shared_release(keeper->vendors, version);
}

void
attestation_watch_deadlines(struct attestation_keeper *keeper, int64_t now)
{
	struct shared_version *version = issuers_acquire(keeper->issuers);
	const struct issuer   *issuer = version->value;
	AUTO_BYTES             root = {0};
	char                   renew[128 + OWN_COMMAND_SIZE];

	(void)snprintf(renew, sizeof renew,
	    "run \"%s issuing renew\", or \"issuing csr\" and \"issuing install\", and reload attestd",
	    own_command("attest-ca"));
	watch_certificate(keeper, "issuing certificate", issuer->files.ca.certificate, now, renew);
	watch_crl(keeper, issuer, now);
	issuers_release(keeper->issuers, version);
	(void)shelf_copy(keeper->service.shelf, STATE_ROOT_PEM, 0, &root);
	watch_pem(keeper, "root certificate", &root, now,
	    "make another CA with \"attest-ca init\", and give its root.pem to every ACME server");
	if (keeper->service.tls_chain.size != 0)
		watch_pem(keeper, "TLS certificate", &keeper->service.tls_chain, now,
		    "put another into the file of tls_cert, and reload attestd");
	watch_vendors(keeper, now);
}
