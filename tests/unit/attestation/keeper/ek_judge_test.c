/* Which certificate is the EK's, what it proves, and what an attacker's does not. */
#include "config.h"

#include "attestation/keeper/ek_judge.h"

#include <pthread.h>
#include <string.h>

#include "attestation/keeper/vendor_trust.h"
#include "attestation/message.h"
#include "ek_support.h"
#include "forge.h"
#include "scratch.h"
#include "store/inventory/trust.h"
#include "store/store.h"
#include "tpm/ek.h"
#include "util/shared.h"

#define CLAIMED_ID "id:494E5443"

static const struct attestation_challenge claims = {
    .manufacturer = {(const uint8_t *)"INTC", 4},
    .model = {(const uint8_t *)"  a\0\0model\xff", 10},
    .firmware = {(const uint8_t *)"7.2", 3},
};

static char                     directory[SCRATCH_SIZE];
static struct store            *store;
static struct shared           *vendors;
static struct ca                root;
static struct ca                middle; /* below it; nobody imported it */
static struct forge_ek          forged;
static struct tpm_ek            ek;
static struct bytes             shown[ATTESTATION_CERTIFICATES_MAX];
static struct attestation_challenge asked;
static struct ek_judgement      judgement;
static struct error             err;

static void
import(const struct ca *ca, bool is_root)
{
	AUTO_BYTES           der = ek_der(ca->certificate);
	struct store_trusted trusted = {.root = is_root,
	    .certificate = der.data,
	    .certificate_size = der.size,
	    .source = "test"};
	bool                 added = false;

	ck_assert_int_eq(EVP_Digest(der.data, der.size, trusted.fingerprint, NULL, EVP_sha256(), NULL), 1);
	unit_ok(store_trust_add(store, &trusted, &added, &err), &err);
	ck_assert(added);
}

static void
refresh(void)
{
	bool fresh = false;

	unit_ok(vendor_trust_refresh(vendors, store, &fresh, &err), &err);
	ck_assert(fresh);
	unit_ok(vendor_trust_refresh(vendors, store, &fresh, &err), &err);
	ck_assert(!fresh);
}

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	vendors = vendor_trust_new();
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	middle = ek_forge_ca(&root, "Vendor CA 1", EK_CA "authorityKeyIdentifier=keyid\n");
	import(&root, true);
	refresh();
	forge_ek_make(FORGE_P256, &forged);
	unit_ok(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&forged.public), &ek, &err), &err);
	asked = claims;
}

static void
teardown(void)
{
	for (size_t i = 0; i < asked.certificate_count; i++)
		bytes_clear(&shown[i]);
	tpm_ek_clear(&ek);
	forge_ek_clear(&forged);
	ca_clear(&middle);
	ca_clear(&root);
	shared_free(vendors);
	store_close(store);
	scratch_remove(directory);
}

/* Lets the client show octets, or a certificate, which is freed. */
static void
show_octets(const void *octets, size_t size)
{
	size_t at = asked.certificate_count++;

	bytes_append(&shown[at], octets, size);
	asked.certificates[at] = bytes_view(&shown[at]);
}

static void
show(X509 *certificate)
{
	AUTO_BYTES der = ek_der(certificate);

	show_octets(der.data, der.size);
	X509_free(certificate);
}

static void
judge(void)
{
	attestation_judge(vendors, &asked, &ek, PKI_NOW, false, &judgement);
	ck_assert_uint_eq(judgement.shown, asked.certificate_count);
	ck_assert_str_eq(judgement.claimed, CLAIMED_ID);
}

static void
assert_verdict(enum store_verdict verdict)
{
	static const uint8_t none[32] = {0};
	bool                 verified = verdict == STORE_VERDICT_VERIFIED;

	ck_assert_msg(judgement.evidence.verdict == verdict, "%s: %s",
	    store_verdict_word(judgement.evidence.verdict), judgement.evidence.reason);
	ck_assert_int_eq(judgement.evidence.reason[0] != '\0', verdict == STORE_VERDICT_REFUSED);
	ck_assert_int_eq(memcmp(judgement.evidence.root, none, sizeof none) != 0, verified);
	ck_assert_int_eq(judgement.serial[0] != '\0', verified);
	ck_assert_int_eq(judgement.certified[0] != '\0', verdict != STORE_VERDICT_ABSENT);
	ck_assert_int_eq(judgement.certificate.size != 0, verdict != STORE_VERDICT_ABSENT);
	if (!verified) {
		ck_assert_str_eq(judgement.evidence.manufacturer, CLAIMED_ID);
		ck_assert_str_eq(judgement.evidence.model, "amodel"); /* control octets are out, the last is no ASCII */
		ck_assert_str_eq(judgement.evidence.version, "id:00070002");
	}
}

START_TEST(judge_nothing_shown_is_absent_with_the_claims)
{
	judge();
	assert_verdict(STORE_VERDICT_ABSENT);
}
END_TEST

/* What chips and peers say without an EK certificate. */
static const struct {
	struct view manufacturer;
	struct view model;
	struct view firmware;
	const char *facts[3];
} chips[] = {
#define TEXT(text) {(const uint8_t *)(text), sizeof(text) - 1}
    {TEXT("1314145024"), TEXT("NPCT75x\0\2\1\0$rls"), TEXT("7.2"), {"id:4E544300", "NPCT75x$rls", "id:00070002"}},
    {TEXT("NTC\0"), TEXT("NPCT75x\"!!4rls"), TEXT("7.2\0"), {"id:4E544300", "NPCT75x\"!!4rls", "id:00070002"}},
    {TEXT("\0IFX"), TEXT("SLB9\0\0\0\0"), TEXT("\0" "7.85"), {"id:49465800", "SLB9", "id:00070055"}},
    {TEXT("AMD\0"), TEXT("AMD\0"), TEXT(" 3.4 "), {"id:414D4400", "AMD", "id:00030004"}},
    {TEXT("INTC"), TEXT("\0\0\0\0"), TEXT("\0"), {"id:494E5443", "", "id:00000000"}},
    {TEXT(""), TEXT("SW   TPM"), TEXT(""), {"id:00000000", "SW TPM", "id:00000000"}},
#undef TEXT
};

START_TEST(judge_what_chips_say_is_cleaned)
{
	asked.manufacturer = chips[_i].manufacturer;
	asked.model = chips[_i].model;
	asked.firmware = chips[_i].firmware;
	attestation_judge(vendors, &asked, &ek, PKI_NOW, false, &judgement);
	ck_assert_str_eq(judgement.evidence.manufacturer, chips[_i].facts[0]);
	ck_assert_str_eq(judgement.claimed, chips[_i].facts[0]);
	ck_assert_str_eq(judgement.evidence.model, chips[_i].facts[1]);
	ck_assert_str_eq(judgement.evidence.version, chips[_i].facts[2]);
}
END_TEST

START_TEST(judge_certificate_of_the_ek_is_verified_with_its_facts)
{
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
	ck_assert_str_eq(judgement.evidence.manufacturer, "id:4E544300");
	ck_assert_str_eq(judgement.evidence.model, "NPCT75x");
	ck_assert_str_eq(judgement.evidence.version, "id:00070002");
	ck_assert_str_eq(judgement.certified, "id:4E544300");
	ck_assert(view_equal(judgement.certificate, asked.certificates[0]));
	ck_assert_int_gt(judgement.revision, 0);
}
END_TEST

/* What a verified certificate does not say, the client does not fill in. */
START_TEST(judge_silent_certificate_leaves_claims_out)
{
	show(ek_forge(&root, ek.key, "[ext]\nbasicConstraints=critical,CA:FALSE\n"
	                                "extendedKeyUsage=2.23.133.8.1\n"));
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
	ck_assert_str_eq(judgement.evidence.manufacturer, "id:00000000");
	ck_assert_str_eq(judgement.evidence.model, "");
	ck_assert_str_eq(judgement.evidence.version, "id:00000000");
}
END_TEST

/* The chain may come from the client, with other EKs' certificates and worse around it. */
START_TEST(judge_intermediate_from_the_client_helps)
{
	EVP_PKEY *other = ek_key();

	show(ek_forge(&middle, other, EK_EXTENSIONS));
	show_octets("garbage", 7);
	show(X509_dup(middle.certificate));
	show_octets("", 0);
	show(ek_forge(&middle, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
	ck_assert(view_equal(judgement.certificate, asked.certificates[4]));
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(judge_intermediate_missing_is_refused)
{
	show(ek_forge(&middle, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_REFUSED);
	import(&middle, false);
	refresh();
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
}
END_TEST

/* An attacker shows another machine's genuine certificate for an EK of software. */
START_TEST(judge_genuine_certificate_of_another_ek_is_absent)
{
	EVP_PKEY *genuine = ek_key();

	show(ek_forge(&root, genuine, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_ABSENT);
	EVP_PKEY_free(genuine);
}
END_TEST

/* … with the genuine CA beside it, and an own certificate that names it as its issuer. */
START_TEST(judge_own_signature_in_the_vendors_name_is_refused)
{
	struct ca own = {.key = ek_key(), .certificate = root.certificate};

	show(X509_dup(root.certificate));
	show(ek_forge(&own, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_REFUSED);
	EVP_PKEY_free(own.key);
}
END_TEST

/* … with a root of his own, that he sends along. */
START_TEST(judge_own_root_sent_along_is_refused)
{
	struct ca own = ek_forge_ca(NULL, "Vendor Root", EK_CA);

	show(X509_dup(own.certificate));
	show(ek_forge(&own, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_REFUSED);
	ca_clear(&own);
}
END_TEST

/* … or signs it with a genuine EK of his, whose certificate is no CA's. */
START_TEST(judge_leaf_as_issuer_is_refused)
{
	struct ca leaf = {.key = ek_key()};

	leaf.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &root,
	    .key = leaf.key,
	    .common_name = "Leaf",
	    .extensions = EK_EXTENSIONS,
	});
	show(X509_dup(leaf.certificate));
	show(ek_forge(&leaf, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_REFUSED);
	ca_clear(&leaf);
}
END_TEST

/* A certificate that is refused does not stand before one that is not. */
START_TEST(judge_refused_beside_verified_is_verified)
{
	struct ca own = ek_forge_ca(NULL, "Mine", EK_CA);

	show(ek_forge(&own, ek.key, EK_EXTENSIONS));
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
	ck_assert(view_equal(judgement.certificate, asked.certificates[1]));
	ca_clear(&own);
}
END_TEST

START_TEST(judge_without_vendors_looks_at_nothing)
{
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	attestation_judge(NULL, &asked, &ek, PKI_NOW, false, &judgement);
	assert_verdict(STORE_VERDICT_ABSENT);
}
END_TEST

START_TEST(judge_root_removed_is_refused_and_whoever_judges_goes_on)
{
	AUTO_BYTES             der = ek_der(root.certificate);
	uint8_t                fingerprint[STORE_FINGERPRINT_SIZE];
	struct shared_version *held = shared_acquire(vendors);

	ck_assert_int_eq(EVP_Digest(der.data, der.size, fingerprint, NULL, EVP_sha256(), NULL), 1);
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	unit_ok(store_trust_remove(store, fingerprint, PKI_NOW, &err), &err);
	refresh();
	judge();
	assert_verdict(STORE_VERDICT_REFUSED);
	ck_assert_uint_eq(((const struct vendor_set *)held->value)->count, 1);
	shared_release(vendors, held);
}
END_TEST

#define JUDGES 3

static void *
judges_main(void *arg)
{
	const bool *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE)) {
		struct ek_judgement mine;

		attestation_judge(vendors, &asked, &ek, PKI_NOW, false, &mine);
		ck_assert_int_ne(mine.evidence.verdict, STORE_VERDICT_ABSENT);
	}
	return NULL;
}

/* Workers judge while the certificates come and go: each by one reading of them. */
START_TEST(judge_while_vendors_are_replaced_is_safe)
{
	AUTO_BYTES der = ek_der(root.certificate);
	uint8_t    fingerprint[STORE_FINGERPRINT_SIZE];
	pthread_t  judges[JUDGES];
	bool       stop = false;

	ck_assert_int_eq(EVP_Digest(der.data, der.size, fingerprint, NULL, EVP_sha256(), NULL), 1);
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	for (size_t i = 0; i < JUDGES; i++)
		ck_assert_int_eq(pthread_create(&judges[i], NULL, judges_main, &stop), 0);
	for (int turn = 0; turn < 30; turn++) {
		unit_ok(store_trust_remove(store, fingerprint, PKI_NOW, &err), &err);
		refresh();
		import(&root, true);
		refresh();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < JUDGES; i++)
		ck_assert_int_eq(pthread_join(judges[i], NULL), 0);
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
}
END_TEST

/* What is no certificate in the store is left out, and the others count. */
START_TEST(refresh_unreadable_certificate_is_left_out)
{
	struct store_trusted trusted = {.root = true,
	    .certificate = (const uint8_t *)"garbage",
	    .certificate_size = 7,
	    .source = "test"};
	bool                 added = false;

	unit_ok(store_trust_add(store, &trusted, &added, &err), &err);
	refresh();
	show(ek_forge(&root, ek.key, EK_EXTENSIONS));
	judge();
	assert_verdict(STORE_VERDICT_VERIFIED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_judge");
	TCase *tc = tcase_create("judge");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, judge_nothing_shown_is_absent_with_the_claims);
	tcase_add_loop_test(tc, judge_what_chips_say_is_cleaned, 0, (int)(sizeof chips / sizeof chips[0]));
	tcase_add_test(tc, judge_certificate_of_the_ek_is_verified_with_its_facts);
	tcase_add_test(tc, judge_silent_certificate_leaves_claims_out);
	tcase_add_test(tc, judge_intermediate_from_the_client_helps);
	tcase_add_test(tc, judge_intermediate_missing_is_refused);
	tcase_add_test(tc, judge_genuine_certificate_of_another_ek_is_absent);
	tcase_add_test(tc, judge_own_signature_in_the_vendors_name_is_refused);
	tcase_add_test(tc, judge_own_root_sent_along_is_refused);
	tcase_add_test(tc, judge_leaf_as_issuer_is_refused);
	tcase_add_test(tc, judge_refused_beside_verified_is_verified);
	tcase_add_test(tc, judge_without_vendors_looks_at_nothing);
	tcase_add_test(tc, judge_root_removed_is_refused_and_whoever_judges_goes_on);
	tcase_add_test(tc, judge_while_vendors_are_replaced_is_safe);
	tcase_add_test(tc, refresh_unreadable_certificate_is_left_out);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
