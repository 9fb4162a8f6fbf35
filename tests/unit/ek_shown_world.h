/* EK certificates that a client shows, the CAs that vouch for them, and what the judge says. */
#ifndef TESTS_UNIT_EK_SHOWN_WORLD_H
#define TESTS_UNIT_EK_SHOWN_WORLD_H

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include "ek_support.h"
#include "pki/ek_memory.h"
#include "pki/ek_search.h"
#include "pki/ek_shown.h"
#include "pki/ek_trust.h"

#define SHOWN_MAX 17

static struct ca         root;
static struct ca         middle; /* below it, not imported */
static EVP_PKEY         *key;    /* the EK */
static struct ek_trust  *trust;
static struct bytes      shown[SHOWN_MAX];
static size_t            shown_count;
static struct ek_finding finding;
static bool              no_slow; /* as the judge is told */

static inline void
import(const X509 *certificate, bool is_root)
{
	AUTO_BYTES   der = ek_der(certificate);
	struct error err = {0};

	unit_ok(ek_trust_add(trust, bytes_view(&der), is_root, &err), &err);
}

static inline void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	middle = ek_forge_ca(&root, "Vendor CA 1", EK_CA);
	key = ek_key();
	trust = ek_trust_new();
	import(root.certificate, true);
}

static inline void
forget_shown(void)
{
	while (shown_count > 0)
		bytes_clear(&shown[--shown_count]);
}

static inline void
teardown(void)
{
	forget_shown();
	ek_trust_free(trust);
	EVP_PKEY_free(key);
	ca_clear(&middle);
	ca_clear(&root);
}

/* Shows a certificate; frees it. */
static inline void
show(X509 *certificate)
{
	ck_assert_uint_lt(shown_count, SHOWN_MAX);
	shown[shown_count++] = ek_der(certificate);
	X509_free(certificate);
}

static inline void
show_again(const X509 *certificate)
{
	show(X509_dup(certificate));
}

static inline X509 *
ek_of(const struct ca *issuer)
{
	return ek_forge(issuer, key, EK_EXTENSIONS);
}

static inline void
judge_at(EVP_PKEY *ek, int64_t now)
{
	struct view views[SHOWN_MAX];

	for (size_t i = 0; i < shown_count; i++)
		views[i] = bytes_view(&shown[i]);
	memset(&finding, 0x55, sizeof finding);
	ek_shown_judge(trust, views, shown_count, ek, now, no_slow, &finding);
}

static inline void
assert_verified(size_t index, size_t signatures, bool remembered)
{
	uint8_t fingerprint[32];

	ck_assert_msg(finding.own && finding.verdict.verified, "%s", finding.verdict.reason);
	ck_assert_uint_eq(finding.index, index);
	ck_assert_uint_eq(finding.verdict.signatures, signatures);
	ck_assert_int_eq(finding.remembered, remembered);
	ck_assert_str_eq(finding.verdict.reason, "");
	ck_assert_str_eq(finding.verdict.facts.manufacturer, "id:4E544300");
	ck_assert_int_eq(X509_digest(root.certificate, EVP_sha256(), fingerprint, NULL), 1);
	ck_assert_mem_eq(finding.verdict.root, fingerprint, sizeof fingerprint);
}

static inline void
assert_refused(size_t index, const char *reason, size_t signatures, bool remembered)
{
	ck_assert(finding.own);
	ck_assert(!finding.verdict.verified);
	ck_assert_uint_eq(finding.index, index);
	ck_assert_str_eq(finding.verdict.reason, reason);
	ck_assert_uint_eq(finding.verdict.signatures, signatures);
	ck_assert_int_eq(finding.remembered, remembered);
}

#endif
