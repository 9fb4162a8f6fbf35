/*
 * EK certificates, CAs and other attestation of real devices. The files are public, and
 * not ours to hand on: whoever has them says where by CORPUS, or has them beside the
 * source. MANIFEST.tsv says what each is.
 */
#include "config.h"

#include <string.h>

#include "ek_support.h"
#include "pki/certificate.h"
#include "pki/ek_authority.h"
#include "pki/ek_certificate.h"
#include "pki/ek_child.h"
#include "pki/ek_outline.h"
#include "pki/ek_trust.h"

#define CORPUS_FILE_MAX ((size_t)1 << 20)
#define SAMPLES_MAX     1024

/* A line of the manifest: its columns, and the certificate when the file holds one. */
struct sample {
	char  file[256];
	char  kind[64];
	char  key[64];
	char  verifies[512];
	X509 *certificate;
};

static char           *corpus;
static struct sample   samples[SAMPLES_MAX];
static size_t          sample_count;
static struct ek_trust *trust;

/* The directory, or NULL when there is none. */
static char *
corpus_find(void)
{
	const char *named = getenv("CORPUS");
	const char *source = getenv("top_srcdir");
	char       *path = named != NULL ? memory_strdup(named)
	                                 : file_join(source != NULL ? source : ".", "../shared/corpus");
	AUTO_FREE char *manifest = file_join(path, "MANIFEST.tsv");

	if (access(manifest, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

static void
copy_column(char **line, char *out, size_t size)
{
	size_t length = strcspn(*line, "\t\n");

	(void)snprintf(out, size, "%.*s", (int)length, *line);
	*line += length + ((*line)[length] == '\t');
}

static void
sample_read(struct sample *sample, char *line)
{
	char            unused[512];
	AUTO_BYTES      content = {0};
	AUTO_FREE char *path = NULL;
	struct error    err = {0};

	copy_column(&line, sample->file, sizeof sample->file);
	copy_column(&line, sample->kind, sizeof sample->kind);
	copy_column(&line, unused, sizeof unused); /* vendor */
	copy_column(&line, sample->key, sizeof sample->key);
	copy_column(&line, unused, sizeof unused); /* source */
	copy_column(&line, sample->verifies, sizeof sample->verifies);
	path = file_join(corpus, sample->file);
	unit_ok(file_read(path, CORPUS_FILE_MAX, &content, &err), &err);
	if (ek_certificate_read(bytes_view(&content), &sample->certificate, &err) != 0)
		sample->certificate = NULL;
}

static bool
sample_is_authority(const struct sample *sample)
{
	return strcmp(sample->kind, "ek-root") == 0 || strcmp(sample->kind, "ek-intermediate") == 0;
}

static int
add_authority(struct ek_trust *set, X509 *certificate, struct error *err)
{
	AUTO_BYTES der = {0};
	bool       root = false;

	unit_ok(certificate_encode(certificate, &der, err), err);
	if (ek_trust_check(certificate, &root, err) != 0)
		return -1;
	return ek_trust_add(set, bytes_view(&der), root, err);
}

static void
setup(void)
{
	AUTO_FREE char *path = file_join(corpus, "MANIFEST.tsv");
	FILE           *manifest = fopen(path, "r");
	static char     line[16384];
	struct error    err = {0};

	ck_assert_ptr_nonnull(manifest);
	ck_assert_ptr_nonnull(fgets(line, sizeof line, manifest)); /* the columns' titles */
	while (fgets(line, sizeof line, manifest) != NULL && sample_count < SAMPLES_MAX)
		sample_read(&samples[sample_count++], line);
	(void)fclose(manifest);
	ck_assert_uint_gt(sample_count, 400);
	trust = ek_trust_new();
	for (size_t i = 0; i < sample_count; i++)
		if (sample_is_authority(&samples[i]) && samples[i].certificate != NULL)
			(void)add_authority(trust, samples[i].certificate, &err);
}

static void
teardown(void)
{
	ek_trust_free(trust);
	for (size_t i = 0; i < sample_count; i++)
		X509_free(samples[i].certificate);
	sample_count = 0;
}

/* The verdict, at a time of the tests' own, on a certificate with all CAs of the corpus known. */
static bool
verify(X509 *certificate, EVP_PKEY *ek, struct ek_verdict *verdict)
{
	return ek_trust_verify(trust, certificate, NULL, 0, ek, PKI_NOW, verdict);
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The manifest calls those malformed that OpenSSL cannot parse; everything else is read. */
START_TEST(every_certificate_is_read)
{
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *sample = &samples[i];
		bool                 is_one = strstr(sample->file, "malformed") == NULL &&
		    strstr(sample->file, ".cbor") == NULL;

		ck_assert_msg((sample->certificate != NULL) == is_one, "%s", sample->file);
	}
}
END_TEST

START_TEST(every_certificate_has_the_names_and_the_key_of_its_outline)
{
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *sample = &samples[i];
		AUTO_BYTES           der = {0};
		AUTO_BYTES           key = {0};
		struct ek_outline    outline;
		struct error         err = {0};

		if (sample->certificate == NULL)
			continue;
		unit_ok(certificate_encode(sample->certificate, &der, &err), &err);
		ck_assert_msg(ek_outline_read(bytes_view(&der), &outline), "%s", sample->file);
		ck_assert_int_eq(X509_NAME_cmp(outline.issuer, X509_get_issuer_name(sample->certificate)), 0);
		ck_assert_int_eq(
		    X509_NAME_cmp(outline.subject, X509_get_subject_name(sample->certificate)), 0);
		key.size = (size_t)i2d_X509_PUBKEY(X509_get_X509_PUBKEY(sample->certificate), &key.data);
		ck_assert_uint_eq(outline.key.size, key.size);
		ck_assert_mem_eq(outline.key.data, key.data, key.size);
		ek_outline_clear(&outline);
	}
}
END_TEST

START_TEST(every_ca_is_fit_to_import)
{
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *sample = &samples[i];
		bool                 is_root = false;
		struct error         err = {0};

		if (!sample_is_authority(sample) || sample->certificate == NULL)
			continue;
		/* One of them issues AIK certificates. */
		if (strstr(sample->file, "infineon-wus-ifx-keyid") != NULL)
			unit_fails(ek_trust_check(sample->certificate, &is_root, &err), &err,
			    ERROR_BAD_ATTESTATION, "it issues certificates for other keys than EKs");
		else
			ck_assert_msg(ek_trust_check(sample->certificate, &is_root, &err) == 0, "%s: %s",
			    sample->file, err.detail);
		ck_assert_msg(is_root == begins(sample->verifies, "yes: self-signature valid"), "%s",
		    sample->file);
	}
}
END_TEST

/* Every CA is found to be issued by one of the corpus whenever the manifest knows of one. */
START_TEST(every_ca_has_the_issuer_that_signed_it)
{
	static struct ek_authority authorities[SAMPLES_MAX];
	size_t                     count = 0;
	size_t                     issued = 0;
	struct error               err = {0};

	for (size_t i = 0; i < sample_count; i++)
		if (sample_is_authority(&samples[i]) && samples[i].certificate != NULL &&
		    ek_authority_init(&authorities[count], samples[i].certificate, &err) == 0)
			count++;
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *sample = &samples[i];
		struct ek_outline    outline;
		struct ek_child      children[2];
		bool                 found = false;

		if (!sample_is_authority(sample) || sample->certificate == NULL)
			continue;
		AUTO_BYTES der = ek_der(sample->certificate);
		ck_assert(ek_outline_read(bytes_view(&der), &outline));
		ck_assert_int_eq(outline.not_before, certificate_not_before(sample->certificate));
		children[0] = ek_child_of(sample->certificate);
		children[1] = ek_child_of_outline(&outline);
		for (size_t j = 0; j < count && !found; j++) {
			found = ek_authority_is_named(&authorities[j], &children[0]) &&
			    ek_authority_signed(&authorities[j], &children[0]);
			/* And no other verdict without decoding it. */
			ck_assert_msg(found == (ek_authority_is_named(&authorities[j], &children[1]) &&
			                  ek_authority_signed(&authorities[j], &children[1])),
			    "%s", sample->file);
		}
		ek_outline_clear(&outline);
		ck_assert_msg(found == (begins(sample->verifies, "yes") ||
		                  strstr(sample->verifies, "issuer signature is valid") != NULL),
		    "%s: %s", sample->file, sample->verifies);
		issued += found;
	}
	ck_assert_uint_gt(issued, 430);
}
END_TEST

/* CAs without a root, or below one that is none, are of no use: those that the manifest calls so. */
START_TEST(every_ca_leads_to_a_root_or_is_known_not_to)
{
	static const char *const without[] = {"alibaba-aliyun-tpm-ekmf-ca", "intel-csme-tgl-",
	    "intel-on-die-csme-d-tgl-debug000-issuing-ca", "infineon-wus-ifx-keyid-"};

	for (size_t i = 0; i < sample_count; i++) {
		bool wanted = true;

		if (strcmp(samples[i].kind, "ek-intermediate") != 0 || samples[i].certificate == NULL)
			continue;
		for (size_t j = 0; j < sizeof without / sizeof without[0]; j++)
			wanted = wanted && strstr(samples[i].file, without[j]) == NULL;
		ck_assert_msg(ek_trust_has_root(trust, samples[i].certificate, PKI_NOW) == wanted, "%s",
		    samples[i].file);
	}
}
END_TEST

START_TEST(every_ek_certificate_is_verified_or_says_why_not)
{
	size_t verified = 0;

	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *sample = &samples[i];
		struct ek_verdict    verdict;

		if (strcmp(sample->kind, "ek-cert") != 0)
			continue;
		ck_assert_msg(verify(sample->certificate, NULL, &verdict) == begins(sample->verifies, "yes"),
		    "%s: %s", sample->file, verdict.reason);
		verified += verdict.verified;
		if (strstr(sample->key, "OAEP") != NULL)
			ck_assert_str_eq(verdict.reason,
			    "unsupported EK algorithm id-RSAES-OAEP, which TPMs 1.2 have");
		if (verdict.verified) {
			ck_assert_msg(verdict.facts.manufacturer[0] != '\0' && verdict.facts.vendor[0] != '\0' &&
			        verdict.facts.model[0] != '\0' && verdict.facts.version[0] != '\0',
			    "%s", sample->file);
		}
	}
	ck_assert_uint_eq(verified, 15);
}
END_TEST

START_TEST(every_ek_certificate_is_refused_with_another_key)
{
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	for (size_t i = 0; i < sample_count; i++) {
		struct ek_verdict verdict;

		if (strcmp(samples[i].kind, "ek-cert") != 0 || !begins(samples[i].verifies, "yes"))
			continue;
		ck_assert(verify(samples[i].certificate, X509_get0_pubkey(samples[i].certificate), &verdict));
		ck_assert(!verify(samples[i].certificate, other, &verdict));
		ck_assert_str_eq(verdict.reason, "its key is not this EK");
	}
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(every_ek_certificate_is_refused_with_a_changed_bit)
{
	for (size_t i = 0; i < sample_count; i++) {
		AUTO_BYTES        der = {0};
		X509             *changed = NULL;
		struct error      err = {0};
		struct ek_verdict verdict;

		if (strcmp(samples[i].kind, "ek-cert") != 0)
			continue;
		unit_ok(certificate_encode(samples[i].certificate, &der, &err), &err);
		der.data[der.size - 1] ^= 1;
		unit_ok(ek_certificate_read(bytes_view(&der), &changed, &err), &err);
		ck_assert_msg(!verify(changed, NULL, &verdict), "%s", samples[i].file);
		if (begins(samples[i].verifies, "yes"))
			ck_assert_msg(begins(verdict.reason, "the signature is not by its issuer's key: "),
			    "%s: %s", samples[i].file, verdict.reason);
		X509_free(changed);
	}
}
END_TEST

START_TEST(every_ek_certificate_is_refused_without_roots)
{
	struct ek_trust *intermediates = ek_trust_new();
	bool             is_root;
	struct error     err = {0};

	for (size_t i = 0; i < sample_count; i++)
		if (sample_is_authority(&samples[i]) && samples[i].certificate != NULL &&
		    ek_trust_check(samples[i].certificate, &is_root, &err) == 0 && !is_root)
			unit_ok(add_authority(intermediates, samples[i].certificate, &err), &err);
	for (size_t i = 0; i < sample_count; i++) {
		struct ek_verdict verdict;

		if (strcmp(samples[i].kind, "ek-cert") != 0 || !begins(samples[i].verifies, "yes"))
			continue;
		ck_assert(!ek_trust_verify(intermediates, samples[i].certificate, NULL, 0, NULL, PKI_NOW,
		    &verdict));
		ck_assert_msg(strstr(verdict.reason, "is not imported") != NULL, "%s: %s", samples[i].file,
		    verdict.reason);
	}
	ek_trust_free(intermediates);
}
END_TEST

/* What is no EK's is none even when all its CAs are trusted, and come along. */
START_TEST(nothing_else_is_an_ek_certificate)
{
	X509        *sent[16];
	size_t       sent_count = 0;
	size_t       count = 0;
	struct error err = {0};

	for (size_t i = 0; i < sample_count; i++)
		if (!sample_is_authority(&samples[i]) && samples[i].certificate != NULL) {
			(void)add_authority(trust, samples[i].certificate, &err);
			if (strcmp(samples[i].kind, "ek-cert") != 0 && sent_count < 16)
				sent[sent_count++] = samples[i].certificate;
		}
	for (size_t i = 0; i < sample_count; i++) {
		struct ek_verdict verdict;

		if (strcmp(samples[i].kind, "ek-cert") == 0 || samples[i].certificate == NULL)
			continue;
		ck_assert_msg(!ek_trust_verify(trust, samples[i].certificate, sent, sent_count, NULL,
		                  PKI_NOW, &verdict) && verdict.reason[0] != '\0',
		    "%s", samples[i].file);
		count++;
	}
	ck_assert_uint_gt(count, 440);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;
	int    rc;

	if ((corpus = corpus_find()) == NULL) {
		(void)printf("1..0 # SKIP no certificates of real TPMs here (CORPUS)\n");
		return 0;
	}
	suite = suite_create("corpus");
	tcase = tcase_create("corpus");
	tcase_add_unchecked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, every_certificate_is_read);
	tcase_add_test(tcase, every_certificate_has_the_names_and_the_key_of_its_outline);
	tcase_add_test(tcase, every_ca_is_fit_to_import);
	tcase_add_test(tcase, every_ca_has_the_issuer_that_signed_it);
	tcase_add_test(tcase, every_ca_leads_to_a_root_or_is_known_not_to);
	tcase_add_test(tcase, every_ek_certificate_is_verified_or_says_why_not);
	tcase_add_test(tcase, every_ek_certificate_is_refused_with_another_key);
	tcase_add_test(tcase, every_ek_certificate_is_refused_with_a_changed_bit);
	tcase_add_test(tcase, every_ek_certificate_is_refused_without_roots);
	tcase_add_test(tcase, nothing_else_is_an_ek_certificate);
	suite_add_tcase(suite, tcase);
	rc = unit_run(suite);
	free(corpus);
	return rc;
}
