/* A hostile file or archive that an administrator imports: little comes of it, in bounds. */
#include "config.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <openssl/x509.h>

#include "admin/trust/scan.h"
#include "fuzz.h"
#include "util/error.h"

static void
certificate_cb(X509 *certificate, const char *source, void *arg)
{
	(void)arg;
	assert(certificate != NULL && source != NULL);
	X509_free(certificate);
}

static void
unreadable_cb(const char *source, const char *reason, void *arg)
{
	(void)arg;
	assert(source != NULL && reason != NULL && reason[0] != '\0');
}

static void
step_cb(void *arg)
{
	(*(size_t *)arg)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t            steps = 0;
	struct trust_scan scan = {
	    .certificate = certificate_cb,
	    .unreadable = unreadable_cb,
	    .step = step_cb,
	    .arg = &steps,
	    .budget = {.octets = (size_t)1 << 20, .entries = 100, .certificates = 1000},
	};
	struct error err = {0};

	if (trust_scan_content(&scan, (struct view){data, size}, "fuzz", &err) != 0)
		assert(err.kind == ERROR_MALFORMED || err.kind == ERROR_TOO_LARGE);
	assert(steps <= 100);
	return 0;
}
