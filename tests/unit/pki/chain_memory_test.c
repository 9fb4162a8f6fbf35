/*
 * Chains that are remembered by their octets. A leaf whose signature was spoiled, given with the octets
 * of the good one as nobody may give it, shows whether signatures are looked at.
 */
#include "config.h"

#include "chain_support.h"
#include "pki/certificate.h"
#include "pki/chain_memory.h"
#include "pki/revocation.h"

static struct chain_memory *memory;
static X509                *leaf;
static X509                *spoiled;
static struct bytes         octets;         /* of the leaf and the issuing CA */
static struct bytes         spoiled_octets;

static X509 *
spoiled_of(const struct bytes *der)
{
	AUTO_BYTES   copy = {0};
	X509        *out = NULL;
	struct error err = {0};

	bytes_append(&copy, der->data, der->size);
	copy.data[copy.size - 1] ^= 1;
	unit_ok(certificate_decode(bytes_view(&copy), &out, &err), &err);
	return out;
}

static void
memory_setup(void)
{
	struct error err = {0};

	setup();
	memory = chain_memory_new(2);
	leaf = leaf_of(&pki.issuing);
	unit_ok(certificate_encode(leaf, &octets, &err), &err);
	spoiled = spoiled_of(&octets);
	unit_ok(certificate_encode(spoiled, &spoiled_octets, &err), &err);
	unit_ok(certificate_encode(pki.issuing.certificate, &octets, &err), &err);
	unit_ok(certificate_encode(pki.issuing.certificate, &spoiled_octets, &err), &err);
}

static void
memory_teardown(void)
{
	bytes_clear(&octets);
	bytes_clear(&spoiled_octets);
	X509_free(leaf);
	X509_free(spoiled);
	chain_memory_free(memory);
	chain_memory_free(NULL);
	teardown();
}

#define SPOILED "the certificate: its signature is not by its issuer's key"

/* Verifies a leaf as one of these octets; an empty detail is success. */
static void
verify_as(const struct bytes *as, X509 *certificate, const struct chain_policy *policy, const char *detail)
{
	const X509  *root = leaf;
	struct error err = {0};
	int          rc = chain_memory_verify(memory, bytes_view(as), policy, certificate,
	             &pki.issuing.certificate, 1, &root, &err);

	if (*detail != '\0') {
		unit_fails(rc, &err, ERROR_BAD_ATTESTATION, detail);
		ck_assert_ptr_null(root);
		return;
	}
	unit_ok(rc, &err);
	ck_assert_int_eq(X509_cmp(root, pki.root.certificate), 0);
	ck_assert_ptr_nonnull(trust_source(policy->trust, root));
}

START_TEST(verify_of_the_same_octets_looks_at_no_signature)
{
	struct chain_policy policy = policy_at(PKI_NOW);

	verify_as(&octets, leaf, &policy, "");
	verify_as(&octets, leaf, &policy, "");
	verify_as(&octets, spoiled, &policy, "");
}
END_TEST

START_TEST(verify_of_other_octets_looks_at_them)
{
	struct chain_policy policy = policy_at(PKI_NOW);

	verify_as(&octets, leaf, &policy, "");
	verify_as(&spoiled_octets, spoiled, &policy, SPOILED);
	verify_as(&spoiled_octets, spoiled, &policy, SPOILED);
}
END_TEST

START_TEST(verify_remembers_no_refusal_and_no_lax_policy)
{
	struct chain_policy policy = policy_at(PKI_NOW);
	struct chain_policy lax = policy_at(PKI_NOW);

	lax.lax = true;
	verify_as(&octets, spoiled, &policy, SPOILED);
	verify_as(&octets, leaf, &lax, "");
	verify_as(&octets, spoiled, &policy, SPOILED);
	verify_as(&octets, leaf, &policy, "");
	verify_as(&octets, spoiled, &lax, SPOILED);
}
END_TEST

START_TEST(verify_at_another_time_is_as_if_nothing_were_known)
{
	struct chain_policy policy = policy_at(PKI_NOW);
	struct chain_policy before = policy_at(PKI_NOW - 2 * PKI_DAY);
	struct chain_policy after = policy_at(PKI_NOW + 2 * PKI_YEAR);
	struct chain_policy later = policy_at(PKI_NOW + 6 * PKI_YEAR);

	verify_as(&octets, leaf, &policy, "");
	verify_as(&octets, leaf, &before,
	    "the CA \"CN = Test Root CA\" is not valid before 2026-11-20T12:00:00Z, and it is "
	    "2026-11-19T12:00:00Z here; are both clocks right?");
	verify_as(&octets, leaf, &after,
	    "the certificate expired at 2027-11-21T12:00:00Z, and it is 2028-11-20T12:00:00Z here; "
	    "are both clocks right?");
	verify_as(&octets, leaf, &later,
	    "the CA \"CN = Test Issuing CA\" expired at 2031-11-20T12:00:00Z, and it is "
	    "2032-11-19T12:00:00Z here; are both clocks right?");
	verify_as(&octets, spoiled, &policy, "");
}
END_TEST

/* The very last second, of which OpenSSL says that it is none of the leaf's. */
START_TEST(verify_at_the_end_is_openssls)
{
	struct chain_policy policy = policy_at(PKI_NOW);
	struct chain_policy end = policy_at(certificate_not_after(leaf));
	struct error        err = {0};
	const X509         *root;

	verify_as(&octets, leaf, &policy, "");
	ck_assert_int_eq(chain_verify(&end, leaf, &pki.issuing.certificate, 1, &root, &err), -1);
	verify_as(&octets, leaf, &end, err.detail);
	end.now--;
	verify_as(&octets, leaf, &end, "");
}
END_TEST

/* The same root, read again, is another object, and one that is gone is no root. */
START_TEST(verify_with_other_roots_is_as_if_nothing_were_known)
{
	AUTO_FREE char     *path = write_pem("again.pem", &pki.root.certificate, 1);
	struct trust       *again = trust_new();
	struct trust       *nobody = trust_new();
	struct chain_policy policy = policy_at(PKI_NOW);
	struct chain_policy other = {.trust = again, .now = PKI_NOW};
	struct error        err = {0};

	unit_ok(trust_add_file(again, path, &err), &err);
	verify_as(&octets, leaf, &policy, "");
	verify_as(&octets, spoiled, &other, SPOILED);
	verify_as(&octets, leaf, &other, "");
	other.trust = nobody;
	verify_as(&octets, leaf, &other,
	    "the CA \"CN = Test Issuing CA\": its issuer is neither trusted nor in the chain");
	trust_free(again);
	trust_free(nobody);
}
END_TEST

/* A CRL that comes later counts. */
START_TEST(verify_after_a_revocation_fails)
{
	struct chain_policy policy = policy_at(PKI_NOW);
	struct revocation  *revocation = revocation_new(false);
	const ASN1_INTEGER *serial = X509_get0_serialNumber(leaf);
	struct ca_revoked   entry = {.serial_size = (size_t)ASN1_STRING_length(serial), .when = PKI_NOW};
	AUTO_BYTES          crl = {0};
	AUTO_FREE char     *path = file_join(directory, "list.crl");
	struct error        err = {0};

	verify_as(&octets, leaf, &policy, "");
	policy.revocation = revocation;
	policy.crl_required = true;
	verify_as(&octets, leaf, &policy, "there is no CRL of its issuer, which may have revoked it");
	memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
	unit_ok(ca_crl_create(&pki.issuing, 1, &entry, 1, PKI_NOW, PKI_DAY, &crl, &err), &err);
	pki_write(directory, "list.crl", crl.data, crl.size);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
	ck_assert_int_eq(chain_verify(&policy, leaf, &pki.issuing.certificate, 1, &(const X509 *){NULL}, &err), -1);
	verify_as(&octets, leaf, &policy, err.detail);
	revocation_free(revocation);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chain_memory");
	TCase *tc = tcase_create("chain_memory");

	tcase_add_checked_fixture(tc, memory_setup, memory_teardown);
	tcase_add_test(tc, verify_of_the_same_octets_looks_at_no_signature);
	tcase_add_test(tc, verify_of_other_octets_looks_at_them);
	tcase_add_test(tc, verify_remembers_no_refusal_and_no_lax_policy);
	tcase_add_test(tc, verify_at_another_time_is_as_if_nothing_were_known);
	tcase_add_test(tc, verify_at_the_end_is_openssls);
	tcase_add_test(tc, verify_with_other_roots_is_as_if_nothing_were_known);
	tcase_add_test(tc, verify_after_a_revocation_fails);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
