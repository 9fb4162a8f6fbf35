/*
 * attest-ca trust import: reads everything first, then puts what vendors' CAs there are
 * into the store at once, or nothing.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "admin/call.h"
#include "admin/print.h"
#include "admin/progress.h"
#include "admin/trust.h"
#include "admin/trust_scan.h"
#include "pki/certificate.h"
#include "pki/ek_trust.h"
#include "store/audit.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

#define IMPORT_FOUND_MAX    50000
#define IMPORT_SOURCE_SIZE  256
#define IMPORT_SUBJECT_SIZE 160
#define IMPORT_NAMED_MAX    10 /* of each kind, for people; JSON has all */

/* What becomes of something that was found, and the array of JSON that it is in. */
enum import_fate { IMPORT_ADDED, IMPORT_DUPLICATE, IMPORT_REFUSED, IMPORT_UNREADABLE };

static const char *const fate_keys[] = {"added", "duplicates", "refused", "unreadable"};
#define IMPORT_FATE_COUNT (sizeof fate_keys / sizeof fate_keys[0])

struct import_found {
	enum import_fate fate;
	bool             root;
	bool             expired;
	bool             rootless; /* an intermediate of no use */
	uint8_t          fingerprint[STORE_FINGERPRINT_SIZE];
	struct bytes     der; /* empty when it cannot be read */
	int64_t          not_after;
	char             source[IMPORT_SOURCE_SIZE];
	char             subject[IMPORT_SUBJECT_SIZE];
	char             reason[IMPORT_SUBJECT_SIZE];
};

struct import {
	struct import_found *found;
	size_t               count;
	size_t               capacity;
	size_t               roots; /* added */
	size_t               intermediates;
	bool                 overflow;
	int64_t              now;
	struct progress      progress;
};

static struct import_found *
import_new(struct import *import, const char *source)
{
	struct import_found *found;

	if (import->count == IMPORT_FOUND_MAX) {
		import->overflow = true;
		return NULL;
	}
	if (import->count == import->capacity) {
		import->capacity = import->capacity == 0 ? 64 : 2 * import->capacity;
		import->found = realloc(import->found, import->capacity * sizeof *import->found);
		if (import->found == NULL)
			abort(); /* as memory_new does */
	}
	found = &import->found[import->count++];
	*found = (struct import_found){.fate = IMPORT_UNREADABLE};
	trust_clean(source, found->source, sizeof found->source);
	return found;
}

static void
import_unreadable_cb(const char *source, const char *reason, void *arg)
{
	struct import_found *found = import_new(arg, source);

	if (found != NULL)
		trust_clean(reason, found->reason, sizeof found->reason);
}

static void
import_certificate_cb(X509 *certificate, const char *source, void *arg)
{
	struct import       *import = arg;
	struct import_found *found = import_new(import, source);
	struct error         err = {0};

	if (found != NULL) {
		certificate_subject(certificate, found->subject, sizeof found->subject);
		found->not_after = certificate_not_after(certificate);
		found->expired = found->not_after < import->now;
		found->fate = IMPORT_ADDED;
		if (X509_digest(certificate, EVP_sha256(), found->fingerprint, NULL) != 1 ||
		    certificate_encode(certificate, &found->der, &err) != 0 ||
		    ek_trust_check(certificate, &found->root, &err) != 0) {
			found->fate = IMPORT_REFUSED;
			trust_clean(err.detail, found->reason, sizeof found->reason);
		}
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
import_scan(struct import *import, const struct admin_call *call, struct error *err)
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
		size_t before = import->count;

		rc = trust_scan_path(&scan, call->operands[i], err);
		if (rc == 0 && import->count == before)
			rc = error_set(err, ERROR_MALFORMED,
			    "%s: there is no certificate in it, DER or PEM, nor in an archive (zip, cab, tar)",
			    call->operands[i]);
	}
	progress_end(&import->progress);
	if (rc == 0 && import->overflow)
		rc = error_set(err, ERROR_TOO_LARGE, "more than %d certificates are too many", IMPORT_FOUND_MAX);
	return rc;
}

/* What was found must be worth something: else the first reason is the answer. */
static int
import_check(const struct import *import, struct error *err)
{
	for (size_t i = 0; i < import->count; i++)
		if (import->found[i].fate == IMPORT_ADDED)
			return 0;
	return error_set(err, ERROR_MALFORMED, "%s: %s%s", import->found[0].source,
	    import->found[0].reason, import->count > 1 ? ", and more like it" : "");
}

static int
import_add(struct store *store, struct import *import, struct error *err)
{
	for (size_t i = 0; i < import->count; i++) {
		struct import_found *found = &import->found[i];
		struct store_trusted trusted = {
		    .root = found->root,
		    .certificate = found->der.data,
		    .certificate_size = found->der.size,
		    .source = found->source,
		    .added = import->now,
		};
		bool added;

		if (found->fate != IMPORT_ADDED)
			continue;
		memcpy(trusted.fingerprint, found->fingerprint, sizeof trusted.fingerprint);
		if (store_trust_add(store, &trusted, &added, err) != 0)
			return -1;
		if (!added)
			found->fate = IMPORT_DUPLICATE;
		else if (found->root)
			import->roots++;
		else
			import->intermediates++;
	}
	return 0;
}

/* Which of the new intermediates lead to no root. It is done: not to know is no failure. */
static void
import_find_rootless(struct store *store, struct import *import)
{
	struct ek_trust *trust;
	struct error     ignored;

	if (trust_load(store, &trust, &ignored) != 0)
		return;
	for (size_t i = 0; i < import->count; i++) {
		struct import_found *found = &import->found[i];
		X509                *certificate = NULL;

		if (found->fate != IMPORT_ADDED || found->root ||
		    certificate_decode(bytes_view(&found->der), &certificate, &ignored) != 0)
			continue;
		found->rootless = !ek_trust_has_root(trust, certificate, import->now);
		X509_free(certificate);
	}
	ek_trust_free(trust);
}

/* What is on record: how many, and from where as far as it fits. */
static int
import_record(struct store *store, const struct import *import, const struct admin_call *call,
    struct error *err)
{
	char   detail[512];
	char   path[IMPORT_SOURCE_SIZE];
	size_t length;

	if (import->roots + import->intermediates == 0)
		return 0;
	(void)snprintf(detail, sizeof detail, "roots: %zu, intermediates: %zu, from", import->roots,
	    import->intermediates);
	for (size_t i = 0; i < call->operand_count; i++) {
		trust_clean(call->operands[i], path, sizeof path);
		length = strlen(detail);
		if (length + strlen(path) + 2 > sizeof detail)
			break;
		(void)snprintf(detail + length, sizeof detail - length, " %s", path);
	}
	return store_audit_add(store, AUDIT_TRUST_IMPORT, NULL, "done", detail, import->now, err);
}

static int
import_commit(struct import *import, const struct admin_call *call, struct error *err)
{
	struct store *store;
	int           rc;

	if (store_open(call->state_dir, &store, err) != 0)
		return -1;
	rc = store_begin(store, err);
	if (rc == 0 && (import_add(store, import, err) != 0 ||
	                   import_record(store, import, call, err) != 0)) {
		store_rollback(store);
		rc = -1;
	}
	if (rc == 0)
		rc = store_commit(store, err);
	if (rc == 0)
		import_find_rootless(store, import);
	store_close(store);
	return rc;
}

static json_t *
import_found_json(const struct import_found *found)
{
	json_t *object = json_pack("{s:s}", "source", found->source);
	char    text[TRUST_FINGERPRINT_TEXT_SIZE];
	char    when[CLOCK_TEXT_SIZE];

	if (found->der.size != 0) {
		trust_fingerprint_format(found->fingerprint, text);
		clock_format(found->not_after, when);
		(void)json_object_set_new(object, "fingerprint", json_string(text));
		(void)json_object_set_new(object, "subject", json_string(found->subject));
		(void)json_object_set_new(object, "not_after", json_string(when));
		(void)json_object_set_new(object, "expired", json_boolean(found->expired));
	}
	if (found->fate == IMPORT_ADDED) {
		(void)json_object_set_new(object, "role",
		    json_string(found->root ? "root" : "intermediate"));
		(void)json_object_set_new(object, "has_root", json_boolean(!found->rootless));
	}
	if (found->reason[0] != '\0')
		(void)json_object_set_new(object, "reason", json_string(found->reason));
	return object;
}

static void
import_say_json(const struct import *import)
{
	json_t *object = json_pack("{s:I, s:I}", "roots", (json_int_t)import->roots, "intermediates",
	    (json_int_t)import->intermediates);

	for (size_t fate = 0; fate < IMPORT_FATE_COUNT; fate++)
		(void)json_object_set_new(object, fate_keys[fate], json_array());
	for (size_t i = 0; i < import->count; i++)
		(void)json_array_append_new(
		    json_object_get(object, fate_keys[import->found[i].fate]),
		    import_found_json(&import->found[i]));
	print_json(object);
}

/* A line of something that is named: what, why, where. */
static void
import_say_one(const struct import_found *found, bool expired)
{
	char when[CLOCK_TEXT_SIZE];

	(void)printf("  ");
	if (found->subject[0] != '\0') {
		print_text(stdout, found->subject);
		(void)printf(": ");
	}
	if (expired) {
		clock_format(found->not_after, when);
		(void)printf("%s, ", when);
	} else if (found->reason[0] != '\0') {
		print_text(stdout, found->reason);
		(void)printf(", ");
	}
	(void)printf("in ");
	print_text(stdout, found->source);
	(void)putchar('\n');
}

/* Kinds of what was found, each with its sentence. */
static bool
import_has_expired(const struct import_found *found)
{
	return found->fate == IMPORT_ADDED && found->expired;
}

static bool
import_is_rootless(const struct import_found *found)
{
	return found->fate == IMPORT_ADDED && found->rootless;
}

static bool
import_is_duplicate(const struct import_found *found)
{
	return found->fate == IMPORT_DUPLICATE;
}

static bool
import_is_refused(const struct import_found *found)
{
	return found->fate == IMPORT_REFUSED;
}

static bool
import_is_unreadable(const struct import_found *found)
{
	return found->fate == IMPORT_UNREADABLE;
}

static const struct import_kind {
	bool (*is)(const struct import_found *found);
	const char *sentence;
} kinds[] = {
    {import_has_expired, "of them expired, and vouch for TPMs from before"},
    {import_is_rootless, "of them lead to no root that is imported, and are of no use without"},
    {import_is_duplicate, "there already, or found twice"},
    {import_is_refused, "not imported"},
    {import_is_unreadable, "cannot be read, and passed over"},
};

/* How many there are, and the first by name. */
static void
import_say_kind(const struct import *import, const struct import_kind *kind)
{
	size_t total = 0;
	size_t said = 0;

	for (size_t i = 0; i < import->count; i++)
		total += kind->is(&import->found[i]);
	if (total == 0)
		return;
	(void)printf("%zu %s:\n", total, kind->sentence);
	for (size_t i = 0; i < import->count && said < IMPORT_NAMED_MAX; i++)
		if (kind->is(&import->found[i])) {
			import_say_one(&import->found[i], kind->is == import_has_expired);
			said++;
		}
	if (said < total)
		(void)printf("  and %zu more; --json names them\n", total - said);
}

static void
import_say(const struct import *import)
{
	(void)printf("imported %zu root%s and %zu intermediate%s\n", import->roots,
	    import->roots == 1 ? "" : "s", import->intermediates,
	    import->intermediates == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		import_say_kind(import, &kinds[i]);
}

int
admin_trust_import(const struct admin_call *call, struct error *err)
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
		import_say_json(&import);
	else
		import_say(&import);
	for (size_t i = 0; i < import.count; i++)
		bytes_clear(&import.found[i].der);
	free(import.found);
	return rc;
}
