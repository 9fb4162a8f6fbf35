#include "config.h"

#include <string.h>

#include "ek_support.h" /* before the next one, whose key has a name that it uses too */
#include "chain_support.h"
#include "failing.h"
#include "pki/ak_check.h"
#include "pki/certificate_reader.h"
#include "pki/csr.h"
#include "pki/ek_shown.h"
#include "pki/ek_trust.h"
#include "pki/pem.h"
#include "pki/revocation.h"

static struct bytes
der_of(const X509 *certificate)
{
	struct bytes der = {0};
	struct error err = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	return der;
}

/* ---- chains ---- */

/* Decoded anew each time: OpenSSL keeps what it finds in a certificate. */
struct chain_world {
	struct bytes        leaf;
	struct bytes        issuer;
	struct chain_policy policy;
};

static int
verify_chain(const void *arg, struct error *err)
{
	const struct chain_world *world = arg;
	X509                     *leaf = NULL;
	X509                     *issuer = NULL;
	const X509               *root = NULL;
	int                       rc;

	unit_ok(certificate_decode(bytes_view(&world->leaf), &leaf, err), err);
	unit_ok(certificate_decode(bytes_view(&world->issuer), &issuer, err), err);
	failing_on();
	rc = chain_verify(&world->policy, leaf, &issuer, 1, &root, err);
	failing_off();
	ck_assert_int_eq(rc == 0, root != NULL);
	X509_free(leaf);
	X509_free(issuer);
	return rc;
}

static X509 *
leaf_with(const struct ca *issuer, const char *extensions, int64_t not_after)
{
	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .common_name = "leaf",
	    .extensions = extensions,
	    .not_after = not_after,
	});
}

/* A CRL that lists the certificate, into the set. */
static void
list_revoked(struct revocation *revocation, const struct ca *ca, const X509 *certificate)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	struct ca_revoked   entry = {.serial_size = (size_t)ASN1_STRING_length(serial), .when = PKI_NOW - 60};
	AUTO_FREE char     *path = file_join(directory, "crl");
	AUTO_BYTES          der = {0};
	struct error        err = {0};

	memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
	unit_ok(ca_crl_create(ca, 1, &entry, 1, PKI_NOW, PKI_DAY, &der, &err), &err);
	pki_write(directory, "crl", der.data, der.size);
	unit_ok(revocation_add_file(revocation, path, &err), &err);
}

START_TEST(chain_without_memory_is_verified_or_refused)
{
	X509              *leaf = leaf_of(&pki.issuing);
	X509              *other = leaf_of(&pki.issuing);
	struct chain_world world = {der_of(leaf), der_of(pki.issuing.certificate), policy_at(PKI_NOW)};
	struct revocation *revocation = revocation_new(false);

	failing_each(verify_chain, &world);
	list_revoked(revocation, &pki.issuing, other);
	list_revoked(revocation, &pki.root, other);
	world.policy.revocation = revocation;
	world.policy.crl_required = true;
	failing_each(verify_chain, &world);
	revocation_free(revocation);
	bytes_clear(&world.leaf);
	bytes_clear(&world.issuer);
	X509_free(leaf);
	X509_free(other);
}
END_TEST

/* What stands in each row has one flaw. */
START_TEST(chain_with_a_flaw_is_refused_without_memory)
{
	struct ca          impostor = {.certificate = pki.issuing.certificate, .key = key};
	X509              *leaf = leaf_with(_i == 0 ? &impostor : &pki.issuing,
	                 _i == 1 ? LEAF "1.2.3.4=critical,DER:0500\n" : LEAF, _i == 2 ? PKI_NOW - 1 : 0);
	struct chain_world world = {der_of(leaf), der_of(pki.issuing.certificate), policy_at(PKI_NOW)};
	struct trust      *nobody = trust_new();

	if (_i == 3)
		world.policy.trust = nobody;
	failing_refuses(verify_chain, &world);
	trust_free(nobody);
	bytes_clear(&world.leaf);
	bytes_clear(&world.issuer);
	X509_free(leaf);
}
END_TEST

struct revoked_world {
	struct revocation *revocation;
	const X509        *leaf;
};

static int
check_revocation(const void *arg, struct error *err)
{
	const struct revoked_world *world = arg;

	return revocation_check(world->revocation, world->leaf, pki.issuing.certificate, PKI_NOW, err);
}

/* -1 when it is found, or when that cannot be told; 0 says that it is not revoked. */
static int
find_revocation(const void *arg, struct error *err)
{
	const struct revoked_world *world = arg;
	bool                        found = false;
	int                         reason = 0;

	if (revocation_find(world->revocation, world->leaf, pki.issuing.certificate, &found, &reason, err) != 0)
		return -1;
	return found ? error_set(err, ERROR_BAD_ATTESTATION, "it is revoked") : 0;
}

START_TEST(find_of_what_is_revoked_misses_nothing_without_memory)
{
	X509                *leaf = leaf_of(&pki.issuing);
	struct revoked_world world = {NULL, leaf};

	for (unsigned n = 1; n < 60; n++) { /* what was verified once is remembered */
		world.revocation = revocation_new(false);
		list_revoked(world.revocation, &pki.issuing, leaf);
		failing_refuses_at(find_revocation, &world, n);
		revocation_free(world.revocation);
	}
	X509_free(leaf);
}
END_TEST

/* The list of somebody who has the issuer's name, and not its key, is no reason to look again. */
START_TEST(find_in_the_list_of_an_impostor_finds_nothing)
{
	struct ca            impostor = {.certificate = pki.issuing.certificate, .key = key};
	X509                *leaf = leaf_of(&pki.issuing);
	struct revoked_world world = {revocation_new(false), leaf};
	struct error         err = {0};

	list_revoked(world.revocation, &impostor, leaf);
	unit_ok(find_revocation(&world, &err), &err);
	revocation_free(world.revocation);
	X509_free(leaf);
}
END_TEST

/* Two CRLs of its issuer, of which the first lists it and the second does not. */
START_TEST(revoked_by_one_of_two_lists_is_refused_without_memory)
{
	X509                *leaf = leaf_of(&pki.issuing);
	X509                *other = leaf_of(&pki.issuing);
	struct revoked_world world = {NULL, leaf};

	for (unsigned n = 1; n < 60; n++) { /* what was verified once is remembered */
		world.revocation = revocation_new(false);
		list_revoked(world.revocation, &pki.issuing, _i == 0 ? leaf : other);
		list_revoked(world.revocation, &pki.issuing, _i == 0 ? other : leaf);
		failing_refuses_at(check_revocation, &world, n);
		revocation_free(world.revocation);
	}
	X509_free(leaf);
	X509_free(other);
}
END_TEST

/* ---- CSRs ---- */

/* Accepts one that asks for nothing that is not granted. */
static int
accept_csr(const void *arg, struct error *err)
{
	const struct bytes *der = arg;
	struct csr          csr;
	int                 rc = csr_decode(bytes_view(der), &csr, err);

	failing_off();
	if (rc == 0 && csr.excess != NULL)
		rc = error_set(err, ERROR_BAD_CSR, "%s", csr.excess);
	if (rc == 0) {
		ck_assert_str_eq(csr.common_name, "laptop");
		ck_assert_uint_eq(csr.name_count, 2);
		ck_assert_str_eq(csr.names[0].value, "laptop.example");
		ck_assert_str_eq(csr.names[1].value, "laptop");
		ck_assert(csr.server_auth);
	}
	csr_clear(&csr);
	return rc;
}

#define CSR_NAMES "subjectAltName=DNS:laptop.example,otherName:1.3.6.1.5.5.7.8.3;SEQUENCE:pi\n"
#define CSR_CONFIG(more)                                                                           \
	"[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\nCN=laptop\n[pi]\na=UTF8:laptop\n" \
	"[ext]\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature,keyEncipherment\n" more CSR_NAMES

static const char *const csr_configs[] = {
    CSR_CONFIG(""),
    CSR_CONFIG("basicConstraints=CA:TRUE\n"),
    CSR_CONFIG("tlsfeature=status_request\n"),
};

static void
make_csr(const char *config, struct bytes *der)
{
	AUTO_FREE char *path = file_join(directory, "csr.der");
	struct error    err = {0};

	pki_write(directory, "conf", config, strlen(config));
	free(pki_run(directory, "openssl req -new -config conf -outform DER -out csr.der "
	                        "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key"));
	unit_ok(file_read(path, 65536, der, &err), &err);
}

START_TEST(csr_without_memory_is_read_whole_or_refused)
{
	AUTO_BYTES der = {0};

	make_csr(csr_configs[_i], &der);
	failing_every(3, 0); /* most of it is OpenSSL's search for a decoder */
	if (_i == 0) {
		failing_each(accept_csr, &der);
		der.data[der.size - 1] ^= 1; /* of the signature */
	}
	failing_every(7, 0);
	failing_refuses(accept_csr, &der);
}
END_TEST

/* ---- AK certificates ---- */

static int
check_ak(const void *arg, struct error *err)
{
	const struct bytes *der = arg;
	X509               *certificate = NULL;
	struct ak_names     names = {NULL, 0};
	int                 rc;

	unit_ok(certificate_decode(bytes_view(der), &certificate, err), err);
	failing_on();
	rc = ak_certificate_check(certificate, &names, err);
	failing_off();
	if (rc == 0) {
		ck_assert_uint_eq(names.count, 1);
		ck_assert_str_eq(names.values[0], "laptop");
	}
	ak_names_clear(&names);
	X509_free(certificate);
	return rc;
}

#define AK_NAMES                                                                      \
	"subjectAltName=critical,@san\n[san]\ndirName=tpm\n"                          \
	"otherName.1=1.3.6.1.5.5.7.8.3;SEQUENCE:pi\n[pi]\nvalue=UTF8:laptop\n"        \
	"[tpm]\na.2.23.133.2.1=id:4E544300\nb.2.23.133.2.2=NPCT75x\nc.2.23.133.2.3=id:00070002\n"
#define AK(basics, usage, purpose) \
	"[ext]\nbasicConstraints=critical," basics "\nkeyUsage=critical," usage "\n" purpose AK_NAMES

static const char *const ak_extensions[] = {
    AK("CA:FALSE", "digitalSignature", "extendedKeyUsage=2.23.133.8.3\n"),
    AK("CA:FALSE", "digitalSignature", ""),
    AK("CA:FALSE", "digitalSignature", "extendedKeyUsage=clientAuth,2.23.133.8.3\n"),
    AK("CA:FALSE", "keyAgreement", "extendedKeyUsage=2.23.133.8.3\n"),
    AK("CA:TRUE", "digitalSignature", "extendedKeyUsage=2.23.133.8.3\n"),
};

START_TEST(ak_certificate_without_memory_is_read_whole_or_refused)
{
	X509 *certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing, .key = key, .extensions = ak_extensions[_i]});
	AUTO_BYTES der = der_of(certificate);

	if (_i == 0)
		failing_each(check_ak, &der);
	else
		failing_refuses(check_ak, &der);
	X509_free(certificate);
}
END_TEST

/* ---- EK certificates ---- */

struct ek_world {
	struct ca     root;
	struct ca     middle;
	struct bytes  ek; /* the certificate */
	struct bytes  sent; /* the middle's */
	EVP_PKEY     *key;
	bool          imported; /* the root is trusted */
};

/* Each time by a set of its own, which has cached nothing. */
static int
judge_ek(const void *arg, struct error *err)
{
	const struct ek_world *world = arg;
	struct ek_trust       *trust_of_vendors = ek_trust_new();
	struct view            shown[] = {bytes_view(&world->ek), bytes_view(&world->sent)};
	struct ek_finding      finding = {0};
	AUTO_BYTES             der = ek_der(world->root.certificate);

	if (world->imported)
		unit_ok(ek_trust_add(trust_of_vendors, bytes_view(&der), true, err), err);
	failing_on();
	ek_shown_judge(trust_of_vendors, shown, 2, world->key, PKI_NOW, false, &finding);
	failing_off();
	ek_trust_free(trust_of_vendors);
	if (finding.own && finding.verdict.verified)
		return 0;
	return error_set(err, ERROR_EK_UNTRUSTED, "%s",
	    finding.own ? finding.verdict.reason : "not its own");
}

static int
check_ek(const void *arg, struct error *err)
{
	const struct bytes *der = arg;
	X509               *certificate = NULL;
	int                 rc;

	unit_ok(ek_certificate_decode(bytes_view(der), &certificate, err), err);
	failing_on();
	rc = ek_certificate_check(certificate, err);
	failing_off();
	X509_free(certificate);
	return rc;
}

static const char *const ek_extensions[] = {
    EK_EXTENSIONS, /* right */
    EK_EXTENSIONS, /* of a root that is not imported */
    EK_EXTENSIONS, /* by another key than the issuer's */
    "[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement\nextendedKeyUsage=clientAuth\n" EK_TPM,
    "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nextendedKeyUsage=2.23.133.8.1\n" EK_TPM,
    "[ext]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=2.23.133.8.1\n1.2.3.4=critical,DER:0500\n" EK_TPM,
    "[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n",
};

START_TEST(ek_certificate_without_memory_is_verified_or_refused)
{
	struct ca       forger;
	struct ek_world world = {.imported = _i != 1};
	X509           *certificate;

	world.root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	world.middle = ek_forge_ca(&world.root, "Vendor CA 1", EK_CA "authorityKeyIdentifier=keyid\n");
	world.key = ek_key();
	forger = (struct ca){
	    .certificate = world.middle.certificate, .key = _i == 2 ? world.key : world.middle.key};
	certificate = ek_forge(&forger, world.key, ek_extensions[_i]);
	world.ek = ek_der(certificate);
	world.sent = ek_der(world.middle.certificate);
	failing_every(_i == 0 ? 11 : 23, 0); /* it decodes three certificates */
	if (_i == 0) {
		failing_each(judge_ek, &world);
		failing_every(1, 0);
		failing_each(check_ek, &world.ek);
	} else {
		failing_refuses(judge_ek, &world);
		failing_every(1, 0);
		if (_i > 2)
			failing_refuses(check_ek, &world.ek);
	}
	X509_free(certificate);
	bytes_clear(&world.ek);
	bytes_clear(&world.sent);
	EVP_PKEY_free(world.key);
	ca_clear(&world.middle);
	ca_clear(&world.root);
}
END_TEST

/* ---- vendors' CAs ---- */

static int
check_vendor(const void *arg, struct error *err)
{
	const struct bytes *der = arg;
	X509               *certificate = NULL;
	bool                is_root = false;
	int                 rc;

	unit_ok(certificate_decode(bytes_view(der), &certificate, err), err);
	failing_on();
	rc = ek_trust_check(certificate, &is_root, err);
	failing_off();
	X509_free(certificate);
	return rc;
}

static const char *const vendor_extensions[] = {
    EK_CA "extendedKeyUsage=2.23.133.8.1\n",
    EK_CA "extendedKeyUsage=clientAuth\n",
    EK_CA "nameConstraints=permitted;DNS:example\n",
    "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign\nsubjectKeyIdentifier=hash\n",
    "[ext]\nbasicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n",
};

START_TEST(vendor_without_memory_is_a_ca_for_eks_or_refused)
{
	struct ca  vendor = ek_forge_ca(NULL, "Vendor Root", vendor_extensions[_i]);
	AUTO_BYTES der = ek_der(vendor.certificate);

	if (_i == 0)
		failing_each(check_vendor, &der);
	else
		failing_refuses(check_vendor, &der);
	ca_clear(&vendor);
}
END_TEST

/* ---- files ---- */

/* How many certificates the text has; two, or an error. */
static int
read_pem(const void *arg, struct error *err)
{
	const struct bytes       *pem = arg;
	struct certificate_reader reader = {.rest = bytes_view(pem), .bags = true};
	X509                     *certificate = NULL;
	int                       count = 0;
	int                       rc;

	while ((rc = certificate_reader_next(&reader, &certificate, err)) == 1) {
		X509_free(certificate);
		count++;
	}
	failing_off();
	certificate_reader_clear(&reader);
	if (rc == 0)
		ck_assert_int_eq(count, 2);
	return rc;
}

static int
add_crls(const void *arg, struct error *err)
{
	struct revocation *revocation = revocation_new(false);
	int                rc = revocation_add_file(revocation, arg, err);

	failing_off();
	ck_assert_uint_eq(revocation_count(revocation), rc == 0 ? 2 : 0);
	revocation_free(revocation);
	return rc;
}

START_TEST(file_without_memory_is_read_whole_or_refused)
{
	AUTO_BYTES      pem = {0};
	AUTO_BYTES      crls = {0};
	AUTO_BYTES      der = {0};
	AUTO_FREE char *path = file_join(directory, "crls.pem");
	struct error    err = {0};

	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	failing_every(5, 0);
	failing_each(read_pem, &pem);
	failing_every(1, 0);
	unit_ok(ca_crl_create(&pki.issuing, 1, NULL, 0, PKI_NOW, PKI_DAY, &der, &err), &err);
	unit_ok(pem_wrap(PEM_STRING_X509_CRL, bytes_view(&der), &crls, &err), &err);
	unit_ok(pem_wrap(PEM_STRING_X509_CRL, bytes_view(&der), &crls, &err), &err);
	pki_write(directory, "crls.pem", crls.data, crls.size);
	failing_each(add_crls, path);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	suite = suite_create("pki/failing_verify");
	tcase = tcase_create("failing_verify");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, chain_without_memory_is_verified_or_refused);
	tcase_add_loop_test(tcase, chain_with_a_flaw_is_refused_without_memory, 0, 4);
	tcase_add_loop_test(tcase, revoked_by_one_of_two_lists_is_refused_without_memory, 0, 2);
	tcase_add_test(tcase, find_of_what_is_revoked_misses_nothing_without_memory);
	tcase_add_test(tcase, find_in_the_list_of_an_impostor_finds_nothing);
	tcase_add_loop_test(tcase, csr_without_memory_is_read_whole_or_refused, 0,
	    sizeof csr_configs / sizeof csr_configs[0]);
	tcase_add_loop_test(tcase, ak_certificate_without_memory_is_read_whole_or_refused, 0,
	    sizeof ak_extensions / sizeof ak_extensions[0]);
	tcase_add_loop_test(tcase, ek_certificate_without_memory_is_verified_or_refused, 0,
	    sizeof ek_extensions / sizeof ek_extensions[0]);
	tcase_add_loop_test(tcase, vendor_without_memory_is_a_ca_for_eks_or_refused, 0,
	    sizeof vendor_extensions / sizeof vendor_extensions[0]);
	tcase_add_test(tcase, file_without_memory_is_read_whole_or_refused);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
