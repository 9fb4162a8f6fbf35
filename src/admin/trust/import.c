/*
 * attest-ca trust import: reads everything first, then adds all vendors' CAs found to
 * the store in one transaction, or nothing.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "admin/commands.h"
#include "admin/store.h"
#include "admin/trust/report.h"
#include "admin/trust/scan.h"
#include "admin/trust/trust.h"
#include "command/progress.h"
#include "pki/certificate.h"
#include "pki/ek_trust.h"
#include "store/inventory/audit.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file_named.h"

static command_open import_open;
static command_run  admin_trust_import;

const struct command admin_trust_import_command = {
    .name = "trust import",
    .summary = "trust the certificates of TPM vendors in files, directories, archives",
    .operands = "PATH",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .open = import_open,
    .run = admin_trust_import,
};

/* Before root gives up to read what only root may; else files are opened one after the other. */
static int
import_open(const struct command_call *call, void *options, struct error *err)
{
	static const struct trust_budget budget = TRUST_SCAN_BUDGET;

	(void)options;
	for (size_t i = 0; i < call->operand_count; i++) {
		if (!call->other_identity)
			file_named_open(call->operands[i]);
		else if (file_named_open_tree(call->operands[i], budget.entries, err) != 0)
			return error_wrap(err, "nothing was imported");
	}
	return 0;
}

struct import {
	struct trust_report report;
	struct progress     progress;
	int64_t             now;
};

static void
import_unreadable_cb(const char *source, const char *reason, void *arg)
{
	struct import      *import = arg;
	struct trust_found *found = trust_report_add(&import->report, source);

	trust_clean(reason, found->reason, sizeof found->reason);
}

static void
import_certificate_cb(X509 *certificate, const char *source, void *arg)
{
	struct import       *import = arg;
	struct trust_found *found = trust_report_add(&import->report, source);
	struct error         err = {0};

	certificate_subject(certificate, found->subject, sizeof found->subject);
	found->not_after = certificate_not_after(certificate);
	found->expired = found->not_after < import->now;
	found->fate = TRUST_ADDED;
	if (X509_digest(certificate, EVP_sha256(), found->fingerprint, NULL) != 1 ||
	    certificate_encode(certificate, &found->der, &err) != 0 ||
	    ek_trust_check(certificate, &found->root, &err) != 0) {
		found->fate = TRUST_REFUSED;
		trust_clean(err.detail, found->reason, sizeof found->reason);
	}
	X509_free(certificate);
}

static void
import_step_cb(void *arg)
{
	struct import *import = arg;

	progress_step(&import->progress, 1);
}

static int
import_scan(struct import *import, const struct command_call *call, struct error *err)
{
	struct trust_scan scan = {
	    .certificate = import_certificate_cb,
	    .unreadable = import_unreadable_cb,
	    .step = import_step_cb,
	    .arg = import,
	    .budget = TRUST_SCAN_BUDGET,
	};
	int rc = 0;

	progress_begin(&import->progress, stderr, "reading files", 0);
	for (size_t i = 0; rc == 0 && i < call->operand_count; i++) {
		size_t before = import->report.count;

		rc = trust_scan_path(&scan, call->operands[i], err);
		if (rc == 0 && import->report.count == before)
			rc = error_set(err, ERROR_MALFORMED,
			    "%s: there is no certificate in it, DER or PEM, nor in an archive (zip, cab, tar)",
			    call->operands[i]);
	}
	progress_end(&import->progress);
	return rc;
}

/* At least one usable certificate must have been found; else fails with the first reason. */
static int
import_check(const struct import *import, struct error *err)
{
	for (size_t i = 0; i < import->report.count; i++)
		if (import->report.found[i].fate == TRUST_ADDED)
			return 0;
	return error_set(err, ERROR_MALFORMED, "%s: %s%s", import->report.found[0].source,
	    import->report.found[0].reason, import->report.count > 1 ? ", and more like it" : "");
}

static int
import_add(struct store *store, struct import *import, struct error *err)
{
	for (size_t i = 0; i < import->report.count; i++) {
		struct trust_found *found = &import->report.found[i];
		struct store_trusted trusted = {
		    .root = found->root,
		    .certificate = found->der.data,
		    .certificate_size = found->der.size,
		    .source = found->source,
		    .added = import->now,
		};
		bool added;

		if (found->fate != TRUST_ADDED)
			continue;
		memcpy(trusted.fingerprint, found->fingerprint, sizeof trusted.fingerprint);
		if (store_trust_add(store, &trusted, &added, err) != 0)
			return -1;
		if (!added)
			found->fate = TRUST_DUPLICATE;
		else if (found->root)
			import->report.roots++;
		else
			import->report.intermediates++;
	}
	return 0;
}

/* Finds new intermediates that lead to no root. The import is done, so a failure here is
 * ignored. */
static void
import_find_rootless(struct store *store, struct import *import)
{
	struct ek_trust *trust;
	struct error     ignored;

	if (trust_load(store, &trust, &ignored) != 0)
		return;
	for (size_t i = 0; i < import->report.count; i++) {
		struct trust_found *found = &import->report.found[i];
		X509                *certificate = NULL;

		if (found->fate != TRUST_ADDED || found->root ||
		    certificate_decode(bytes_view(&found->der), &certificate, &ignored) != 0)
			continue;
		found->rootless = !ek_trust_has_root(trust, certificate, import->now);
		X509_free(certificate);
	}
	ek_trust_free(trust);
}

/* The text for the audit trail: the number, and the sources as far as they fit. */
static int
import_record(struct store *store, const struct import *import, const struct command_call *call,
    struct error *err)
{
	char   detail[512];
	char   path[TRUST_SOURCE_SIZE];
	size_t length;

	if (import->report.roots + import->report.intermediates == 0)
		return 0;
	(void)snprintf(detail, sizeof detail, "roots: %zu, intermediates: %zu, from", import->report.roots,
	    import->report.intermediates);
	for (size_t i = 0; i < call->operand_count; i++) {
		trust_clean(call->operands[i], path, sizeof path);
		length = strlen(detail);
		if (length + strlen(path) + 2 > sizeof detail)
			break;
		(void)snprintf(detail + length, sizeof detail - length, " %s", path);
	}
	return store_audit_add(store, AUDIT_TRUST_IMPORT, NULL, "done", detail, import->now, err);
}

/* Arguments of the transaction. */
struct import_change {
	struct import             *import;
	const struct command_call *call;
};

static int
import_change_cb(struct store *store, void *arg, struct error *err)
{
	const struct import_change *change = arg;

	if (import_add(store, change->import, err) != 0)
		return -1;
	return import_record(store, change->import, change->call, err);
}

static int
import_commit(struct import *import, const struct command_call *call, struct error *err)
{
	struct store *store;
	int           rc;

	if (admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_change(store, import_change_cb, &(struct import_change){import, call}, err);
	if (rc == 0)
		import_find_rootless(store, import);
	store_close(store);
	return rc;
}

static int
admin_trust_import(const struct command_call *call, struct error *err)
{
	struct import import = {.now = call->now};
	int           rc = import_scan(&import, call, err);

	if (rc == 0)
		rc = import_check(&import, err);
	if (rc == 0)
		rc = import_commit(&import, call, err);
	if (rc != 0)
		(void)error_wrap(err, "nothing was imported");
	else if (call->json)
		trust_report_print_json(&import.report);
	else
		trust_report_print(&import.report);
	trust_report_clear(&import.report);
	return rc;
}
