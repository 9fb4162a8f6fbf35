/* Loads and keeps trusted certificates; chain.c verifies against them. */
#include "config.h"

#include "pki/trust.h"

#include <stdbool.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/pem.h"
#include "tpm/openssl_error.h"
#include "util/bytes.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

/* A bundle of all TPM vendors has about 500 certificates. */
#define TRUST_FILE_MAX ((size_t)16 << 20)

struct trust {
	STACK_OF(X509) *roots;
	char          **sources; /* the file of each root, one copy each */
};

struct trust *
trust_new(void)
{
	struct trust *trust = memory_new(sizeof *trust);

	*trust = (struct trust){memory_check(sk_X509_new_null()), NULL};
	return trust;
}

static void
trust_truncate(struct trust *trust, int count)
{
	while (sk_X509_num(trust->roots) > count) {
		X509_free(sk_X509_pop(trust->roots));
		free(trust->sources[sk_X509_num(trust->roots)]);
	}
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	trust_truncate(trust, 0);
	sk_X509_free(trust->roots);
	free(trust->sources);
	free(trust);
}

/* Takes ownership of the certificate. */
static void
trust_push(struct trust *trust, X509 *root, const char *path)
{
	size_t count = trust_count(trust);
	char **sources = memory_check(realloc(trust->sources, (count + 1) * sizeof *sources));

	memory_check(sk_X509_push(trust->roots, root) > 0 ? root : NULL);
	trust->sources = sources;
	trust->sources[count] = memory_strdup(path);
}

static int
trust_read(struct trust *trust, BIO *bio, const char *path, struct error *err)
{
	size_t before = trust_count(trust);
	X509  *root;

	while ((root = PEM_read_bio_X509(bio, NULL, pem_no_passphrase_cb, NULL)) != NULL) {
		if (X509_check_ca(root) == 0) {
			X509_free(root);
			return error_set(err, ERROR_MALFORMED, "certificate %zu of %s is no CA's",
			    trust_count(trust) - before + 1, path);
		}
		trust_push(trust, root, path);
	}
	if (!pem_is_at_end())
		return error_set_openssl(err, ERROR_MALFORMED, "certificate %zu of %s",
		    trust_count(trust) - before + 1, path);
	if (trust_count(trust) == before)
		return error_set(err, ERROR_MALFORMED, "no PEM certificate in %s", path);
	return 0;
}

static int
trust_add_pem(struct trust *trust, const struct bytes *pem, const char *path, struct error *err)
{
	size_t before = trust_count(trust);
	BIO   *bio;
	int    rc;

	if ((bio = pem_open(pem)) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading %s", path);
	if ((rc = trust_read(trust, bio, path, err)) != 0)
		trust_truncate(trust, (int)before);
	BIO_free(bio);
	ERR_clear_error();
	return rc;
}

int
trust_add_file(struct trust *trust, const char *path, struct error *err)
{
	AUTO_BYTES pem = {0};

	if (file_read(path, TRUST_FILE_MAX, &pem, err) != 0)
		return -1;
	return trust_add_pem(trust, &pem, path, err);
}

int
trust_add_in(struct trust *trust, const struct folder *folder, const char *name, struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	AUTO_BYTES      pem = {0};

	if (folder_read(folder, name, TRUST_FILE_MAX, &pem, err) != 0)
		return -1;
	return trust_add_pem(trust, &pem, path, err);
}

size_t
trust_count(const struct trust *trust)
{
	return (size_t)sk_X509_num(trust->roots);
}

const char *
trust_source(const struct trust *trust, const X509 *root)
{
	for (int i = 0; i < sk_X509_num(trust->roots); i++)
		if (sk_X509_value(trust->roots, i) == root)
			return trust->sources[i];
	return NULL;
}

STACK_OF(X509) *
trust_stack(const struct trust *trust)
{
	return trust->roots;
}
