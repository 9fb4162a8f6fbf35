/* A store of attest-acmed in a directory of its own, and records to put into it. */
#ifndef TESTS_UNIT_ACME_RECORDS_H
#define TESTS_UNIT_ACME_RECORDS_H

#include <stdio.h>
#include <string.h>

#include "acme_admin/commands.h"
#include "command_answer.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define ACCOUNT "AAAAAAAAAAAAAAAAAAAAAA"
#define ORDER   "BBBBBBBBBBBBBBBBBBBBBB"
#define LATER   INT64_C(4102444800) /* 2100-01-01 */
#define TEXT(text) ((char *)(uintptr_t)(text))

#define RUN(wanted, ...)      answer_run(&acme_admin_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))
#define RUN_JSON(wanted, ...) answer_run_json(&acme_admin_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))
#define RUN_ON_TERMINAL(columns, ...) \
	answer_run_on_terminal(&acme_admin_program, directory, columns, ANSWER_WORDS(__VA_ARGS__))

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static inline void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_acme_create(directory, &err), &err);
	unit_ok(store_acme_open(directory, &store, &err), &err);
}

static inline void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* A certificate with serial number 40xx; `chain` is what attested its key. */
static inline void
issued_add(uint8_t serial, const char *name, int64_t not_before, int64_t not_after, struct view chain)
{
	struct store_issued issued = {.account = ACCOUNT, .order = ORDER, .serial = {0x40, serial}, .serial_size = 2,
	    .names = TEXT(name), .witness = TEXT("AK certificate 42"), .not_before = not_before, .not_after = not_after};

	(void)snprintf(issued.id, sizeof issued.id, "%022u", serial);
	bytes_append(&issued.der, "der", 3);
	if (chain.size != 0)
		bytes_append(&issued.chain, chain.data, chain.size);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	bytes_clear(&issued.der);
	bytes_clear(&issued.chain);
}

static inline void
issued_revoke(uint8_t serial, int64_t when, int reason)
{
	char id[STORE_ID_SIZE];

	(void)snprintf(id, sizeof id, "%022u", serial);
	unit_ok(store_issued_revoke(store, id, when, reason, &err), &err);
}

/* An AK certificate with these names, as OpenSSL's configuration has them ("URI:…,DNS:…"); NULL: none. */
static inline void
ak_certificate(const char *names, struct bytes *der)
{
	static EVP_PKEY *key;
	char             extensions[1024];
	X509            *ak;

	if (key == NULL)
		key = pki_key(KEY_TYPE_P256, 0);
	(void)snprintf(extensions, sizeof extensions, "[ext]\nsubjectAltName=%s\n", names != NULL ? names : "");
	ak = pki_forge(&(struct pki_forgery){
	    .key = key, .common_name = "AK", .extensions = names != NULL ? extensions : NULL});
	unit_ok(certificate_encode(ak, der, &err), &err);
	X509_free(ak);
}

#endif
