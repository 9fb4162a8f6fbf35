/* attest-ca trust list: prints the imported certificates. */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "admin/commands.h"
#include "admin/store.h"
#include "admin/trust/trust.h"
#include "command/print.h"
#include "pki/certificate.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/own_command.h"

static command_run admin_trust_list;

const struct command admin_trust_list_command = {
    .name = "trust list",
    .summary = "show the certificates of TPM vendors",
    .run = admin_trust_list,
};

/* On a terminal a prefix of the fingerprint, which "trust remove" accepts. */
#define LIST_DIGITS 16

/* The column of the subject there. */
#define LIST_SUBJECT_COLUMN 44

struct trust_listing {
	size_t count;
	int    digits;
};

static bool
list_json_cb(const struct store_trusted *trusted, void *arg)
{
	struct trust_listing *listing = arg;

	print_json_item(trust_describe_json(trusted), listing->count++ == 0);
	return ferror(stdout) == 0;
}

static bool
list_print_cb(const struct store_trusted *trusted, void *arg)
{
	struct trust_listing *listing = arg;
	struct view           der = {trusted->certificate, trusted->certificate_size};
	X509                 *certificate = NULL;
	char                  fingerprint[TRUST_FINGERPRINT_TEXT_SIZE];
	char                  subject[256] = "(a certificate that cannot be read)";
	char                  until[CLOCK_TEXT_SIZE] = "-";
	struct error          ignored;
	struct print_fold     fold = {
	        .out = stdout, .columns = print_columns(), .column = LIST_SUBJECT_COLUMN, .indent = 2};

	if (certificate_decode(der, &certificate, &ignored) == 0) {
		certificate_subject(certificate, subject, sizeof subject);
		clock_format(certificate_not_after(certificate), until);
		X509_free(certificate);
	}
	if (listing->count++ == 0)
		(void)printf("%-*s  %-12s  %-10s  %s\n", listing->digits, "FINGERPRINT", "ROLE", "UNTIL",
		    "SUBJECT");
	trust_fingerprint_format(trusted->fingerprint, fingerprint);
	(void)printf("%.*s  %-12s  %.10s  ", listing->digits, fingerprint,
	    trusted->root ? "root" : "intermediate", until);
	print_folded(&fold, subject);
	(void)putchar('\n');
	return ferror(stdout) == 0;
}

static int
list_all(struct store *store, bool json, struct error *err)
{
	struct trust_listing listing = {
	    .digits = isatty(STDOUT_FILENO) == 1 ? LIST_DIGITS : TRUST_FINGERPRINT_TEXT_SIZE - 1};

	if (store_trust_list(store, json ? list_json_cb : list_print_cb, &listing, err) != 0)
		return -1;
	if (json)
		(void)printf(listing.count == 0 ? "[]\n" : "\n]\n");
	else if (listing.count == 0)
		(void)fprintf(stderr,
		    "no certificate of a vendor is imported; run \"%s trust import PATH\"\n",
		    own_command("attest-ca"));
	return 0;
}

static int
admin_trust_list(const struct command_call *call, struct error *err)
{
	struct store *store;
	int           rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = list_all(store, call->json, err);
	store_close(store);
	return rc;
}
