/*
 * Checks keys, certificates and CRLs: that they match, are valid now, and for how
 * long. Signs nothing.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "admin/check/report.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "command/command.h"
#include "pki/ca.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/own_command.h"

#define CHECK_CRL_MAX ((size_t)64 * 1024 * 1024)

#define RENEW_REMEDY_SIZE (64 + OWN_COMMAND_SIZE)

/* What to do about the issuing certificate; `before`: words before it. */
static const char *
renew_remedy(const char *before, char text[RENEW_REMEDY_SIZE])
{
	(void)snprintf(text, RENEW_REMEDY_SIZE,
	    "%srun \"%s issuing renew\", or \"issuing csr\" and \"issuing install\"", before,
	    own_command("attest-ca"));
	return text;
}

/* What to do about a CRL; `running`: what may be done to an attestd that runs. */
static const char *
crl_remedy(const struct check_report *report, const char *running, char text[RENEW_REMEDY_SIZE])
{
	(void)snprintf(text, RENEW_REMEDY_SIZE, "%s, or run \"%s crl\"",
	    report->daemon == RUNNING_NOW ? running : "start attestd", own_command("attest-ca"));
	return text;
}

/* A time at which the certificate is valid: now, if possible. */
static int64_t
check_time_within(const X509 *certificate, int64_t now)
{
	int64_t least = certificate_not_before(certificate);
	int64_t most = certificate_not_after(certificate) - 1;

	return now < least ? least : now > most ? most : now;
}

/* Checks key, certificate and the path to the root; times are separate findings. */
static void
check_issuing_chain(const struct command_call *call, const struct issuer_files *issuing,
    struct check_report *report)
{
	struct trust *chain = trust_new();
	struct trust *roots = trust_new();
	struct error  err;

	if (trust_add_in(roots, call->state, STATE_ROOT_PEM, &err) != 0 ||
	    trust_add_in(chain, call->state, STATE_ISSUING_PEM, &err) != 0)
		check_add_error(report, "root certificate", &err, "restore it from a backup");
	else if (ca_request_check(&issuing->ca, trust_stack(chain), roots,
	             check_time_within(issuing->ca.certificate, call->now), &err) != 0)
		check_add_error(report, "issuing key", &err,
		    "issuing.pem, its key and root.pem must belong together: restore them from a backup");
	else
		check_add(report, "issuing key", CHECK_OK, "matches its certificate, which leads to the root");
	trust_free(chain);
	trust_free(roots);
}

static void
check_issuing(const struct command_call *call, const struct key_access *access,
    struct issuer_files *issuing, struct check_report *report)
{
	struct issuer_files without_key;
	struct error        err;
	char                when[CLOCK_TEXT_SIZE];
	char                remedy[RENEW_REMEDY_SIZE];

	if (issuer_files_load(call->state, NULL, &without_key, &err) != 0) {
		check_add_error(report, "issuing certificate", &err, "restore it from a backup");
		return;
	}
	if (issuer_files_load(call->state, access, issuing, &err) != 0) {
		check_add_error(report, "issuing key", &err,
		    renew_remedy("restore it from a backup, or ", remedy));
		*issuing = without_key;
	} else {
		issuer_files_clear(&without_key);
		check_issuing_chain(call, issuing, report);
	}
	clock_format(certificate_not_before(issuing->ca.certificate), when);
	if (call->now < certificate_not_before(issuing->ca.certificate))
		check_add(report, "clock", CHECK_ERROR,
		    "the issuing certificate begins at %s, in the future: the clock is wrong; set it right",
		    when);
	check_expiry(report, "issuing certificate", certificate_not_after(issuing->ca.certificate),
	    call->now, renew_remedy("", remedy));
}

/* The root's key may be elsewhere, and its secret unknown. */
static void
check_root_key(const struct command_call *call, const struct key_access *access, X509 *certificate,
    struct check_report *report)
{
	struct ca    root = {.certificate = certificate};
	struct error err;

	if (!folder_has(call->state, STATE_ROOT_KEY)) {
		check_add(report, "root key", CHECK_OK, "not here; no daemon needs it");
		return;
	}
	if (key_open_in(call->state, STATE_ROOT_KEY, access, &root.key, &err) != 0)
		check_add(report, "root key", CHECK_WARNING, "%s: whether it matches is unknown", err.detail);
	else if (ca_check_pair(&root, &err) != 0)
		check_add_error(report, "root key", &err, "put the right one there, or none");
	else
		check_add(report, "root key", CHECK_OK,
		    "matches its certificate; it is safer offline");
	signing_key_free(root.key);
}

static void
check_root(const struct command_call *call, const struct key_access *access,
    struct check_report *report)
{
	X509        *certificate = NULL;
	struct error err;

	if (certificate_load_in(call->state, STATE_ROOT_PEM, &certificate, &err) != 0) {
		check_add_error(report, "root certificate", &err, "restore it from a backup");
		return;
	}
	check_expiry(report, "root certificate", certificate_not_after(certificate), call->now,
	    "make another CA, and give its root.pem to every ACME server");
	check_root_key(call, access, certificate, report);
	X509_free(certificate);
}

/*
 * A daemon signs its CRL again at half its time, and then has this long to do so. The root signs
 * its own by hand, for years.
 */
#define CHECK_SIGN_SLACK ((int64_t)10 * 60)
#define CHECK_ROOT_SOON  ((int64_t)30 * 24 * 60 * 60)

/* When a CRL should have been replaced. */
static int64_t
check_crl_due(const struct ca_crl *crl, bool by_daemon)
{
	return by_daemon ? crl->this_update + (crl->next_update - crl->this_update) / 2 + CHECK_SIGN_SLACK
	                 : crl->next_update - CHECK_ROOT_SOON;
}

/* The issuer of a CRL: the present CA, or the one before until the CRL is signed again. */
static void
check_crl_content(const struct command_call *call, const char *what, const struct ca_crl *crl,
    bool by_daemon, const char *remedy, struct check_report *report)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(crl->this_update, when);
	if (crl->this_update > call->now) {
		check_add(report, "clock", CHECK_ERROR,
		    "the %s begins at %s, in the future: the clock is wrong, or was; set it right, and %s",
		    what, when, remedy);
		return;
	}
	clock_format(crl->next_update, when);
	if (crl->next_update <= call->now)
		check_add(report, what, CHECK_ERROR, "expired at %s: verifiers refuse it; %s", when,
		    remedy);
	else if (check_crl_due(crl, by_daemon) <= call->now)
		check_add(report, what, CHECK_WARNING, "expires at %s, and %s; %s", when,
		    !by_daemon                        ? "with it all that checks for it"
		        : report->daemon == RUNNING_NOW ? "attestd runs, but cannot sign it again"
		                                      : "attestd, which signs it again at half its time, does not run",
		    remedy);
	else
		check_add(report, what, CHECK_OK, "number %" PRIu64 " with %zu %s, valid until %s",
		    crl->number, crl->revoked.size / sizeof(struct ca_revoked),
		    crl->revoked.size == sizeof(struct ca_revoked) ? "entry" : "entries", when);
}

/* True when an earlier issuing CA signed it. */
static bool
check_crl_is_earlier(const struct command_call *call, struct view der)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       count = 0;
	struct error ignored;
	bool         found = false;

	(void)issuer_files_list(call->state, &ids, &count, &ignored); /* none, when it fails */
	for (size_t i = 0; i < count && !found; i++) {
		struct issuer_files earlier = {.id = ""};
		struct ca_crl       crl = {.number = 0};

		found = issuer_files_load_earlier(call->state, ids[i], NULL, &earlier, &ignored) == 0 &&
		    ca_crl_read(earlier.ca.certificate, der, &crl, &ignored) == 0;
		ca_crl_clear(&crl);
		issuer_files_clear(&earlier);
	}
	free(ids);
	return found;
}

static void
check_crl(const struct command_call *call, const struct issuer_files *issuing,
    struct check_report *report)
{
	AUTO_BYTES    der = {0};
	struct ca_crl crl = {.number = 0};
	char          remedy[RENEW_REMEDY_SIZE];
	struct error  err;

	(void)crl_remedy(report, "see attestd's log", remedy);
	if (folder_read(call->state, STATE_ISSUING_CRL, CHECK_CRL_MAX, &der, &err) != 0) {
		if (err.kind == ERROR_NOT_FOUND)
			check_add(report, "CRL", CHECK_WARNING, "there is none yet; %s", remedy);
		else
			check_add_error(report, "CRL", &err, NULL);
	} else if (issuing->ca.certificate == NULL) {
		check_add(report, "CRL", CHECK_WARNING, "unknown without the issuing certificate");
	} else if (ca_crl_read(issuing->ca.certificate, bytes_view(&der), &crl, &err) == 0) {
		check_crl_content(call, "CRL", &crl, true, remedy, report);
	} else if (check_crl_is_earlier(call, bytes_view(&der))) {
		check_add(report, "CRL", CHECK_WARNING,
		    "it is still the previous issuing CA's; %s", crl_remedy(report, "reload attestd", remedy));
	} else {
		check_add_error(report, "CRL", &err, remedy);
	}
	ca_crl_clear(&crl);
}

static void
check_root_crl(const struct command_call *call, struct check_report *report)
{
	AUTO_BYTES    der = {0};
	struct ca_crl crl = {.number = 0};
	X509         *root = NULL;
	struct error  err;

	/* If the root is kept elsewhere, its CRL may be there too. */
	if (folder_read(call->state, STATE_ROOT_CRL, CHECK_CRL_MAX, &der, &err) == 0 &&
	    certificate_load_in(call->state, STATE_ROOT_PEM, &root, &err) == 0) {
		if (ca_crl_read(root, bytes_view(&der), &crl, &err) != 0)
			check_add_error(report, "root CRL", &err, "have the root sign another");
		else
			check_crl_content(call, "root CRL", &crl, false, "have the root sign another", report);
	}
	X509_free(root);
	ca_crl_clear(&crl);
}

/* Checks the CRL of an earlier CA, as long as certificates of that CA may be in use. */
static void
check_earlier_crl(const struct command_call *call, const struct issuer_files *earlier,
    struct check_report *report)
{
	AUTO_FREE char *name = issuer_files_name(earlier->id, "crl");
	AUTO_BYTES      der = {0};
	struct ca_crl   crl = {.number = 0};
	char            remedy[RENEW_REMEDY_SIZE];
	struct error    err;

	if (certificate_not_after(earlier->ca.certificate) <= call->now)
		return;
	if (folder_read(call->state, name, CHECK_CRL_MAX, &der, &err) != 0)
		check_add(report, "earlier CRL", CHECK_WARNING,
		    "%.40s: there is none yet; %s", earlier->id, crl_remedy(report, "reload attestd", remedy));
	else if (ca_crl_read(earlier->ca.certificate, bytes_view(&der), &crl, &err) != 0)
		check_add_error(report, "earlier CRL", &err, crl_remedy(report, "see attestd's log", remedy));
	else
		check_crl_content(call, "earlier CRL", &crl, true, crl_remedy(report, "see attestd's log", remedy), report);
	ca_crl_clear(&crl);
}

/* Without their keys, certificates of earlier CAs can no longer be revoked. */
static void
check_earlier(const struct command_call *call, const struct key_access *access,
    struct check_report *report)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       count = 0;
	struct error err;

	/* Without issuing.pem we cannot know which are earlier; that is a finding already. */
	if (issuer_files_list(call->state, &ids, &count, &err) != 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct issuer_files earlier = {.id = ""};

		if (issuer_files_load_earlier(call->state, ids[i], access, &earlier, &err) != 0) {
			check_add(report, "earlier issuer", CHECK_ERROR,
			    "%.40s: %s; %s: its certificates cannot be revoked without", ids[i], err.detail,
			    check_remedy(&err, "restore it from a backup"));
		} else {
			check_add(report, "earlier issuer", CHECK_OK, "%.40s has its key", ids[i]);
			check_earlier_crl(call, &earlier, report);
		}
		issuer_files_clear(&earlier);
	}
	free(ids);
}

void
check_ca(const struct command_call *call, const struct key_access *access,
    struct check_report *report)
{
	struct issuer_files issuing = {.id = ""};

	check_issuing(call, access, &issuing, report);
	check_root(call, access, report);
	check_earlier(call, access, report);
	check_crl(call, &issuing, report);
	check_root_crl(call, report);
	issuer_files_clear(&issuing);
}
