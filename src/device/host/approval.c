/* Owns the pauses, and which failures are for now only; the TPM is not opened. */
#include "config.h"

#include "device/host/approval.h"

#include <sys/random.h>

#include <stdio.h>
#include <string.h>

#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "device/interrupt.h"
#include "util/clock.h"
#include "util/error.h"

#define RETRY_AFTER_MAX_S 3600

int64_t
approval_pause(unsigned int tried, long retry_after, uint32_t random)
{
	int64_t ms = APPROVAL_PAUSE_FIRST;
	int64_t fifth;

	for (unsigned int i = 0; i < tried && ms < APPROVAL_PAUSE_LONGEST; i++)
		ms += ms / 2;
	if (ms > APPROVAL_PAUSE_LONGEST)
		ms = APPROVAL_PAUSE_LONGEST;
	fifth = ms / 5;
	ms += (int64_t)((uint64_t)random * (uint64_t)(2 * fifth) >> 32) - fifth;
	if (retry_after > RETRY_AFTER_MAX_S)
		retry_after = RETRY_AFTER_MAX_S;
	return retry_after * 1000 > ms ? (int64_t)retry_after * 1000 : ms;
}

static bool
is_not_enrolled(enum error_kind kind)
{
	return kind == ERROR_NOT_ENROLLED || kind == ERROR_ENROLMENT_WAITS;
}

/* The host could not be asked, or could not answer: another time it will. */
static bool
is_for_now(long status)
{
	return status == 0 || status == 408 || status == 429 || status >= 500;
}

/* A reason that lasts is said once. */
static void
hindrance_say(const struct error *why, char said[sizeof why->detail])
{
	if (strcmp(why->detail, said) == 0)
		return;
	(void)snprintf(said, sizeof why->detail, "%s", why->detail);
	(void)fprintf(stderr, "attest-device: still waiting: %s\n", why->detail);
}

/* Asks once: 0 when it would be let in, 1 to go on waiting, -1 when that is of no use. */
static int
approval_ask(struct http_client *client, const char *url, const char *request, long *retry_after,
    char *said, struct error *err)
{
	long         status = 0;
	struct error why = {0};

	if (attestation_knock(client, url, request, &status, retry_after, &why) == 0)
		return 0;
	if (device_interrupt_check(err) != 0)
		return -1;
	if (is_for_now(status)) {
		hindrance_say(&why, said);
		return 1;
	}
	if (is_not_enrolled(why.kind)) {
		said[0] = '\0';
		return 1;
	}
	*err = why;
	return -1;
}

/* The next pause, and no more of it than is left; false when the time is over. */
static bool
approval_next(unsigned int tried, long retry_after, int64_t end_ms, int64_t *ms)
{
	uint32_t random;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random = UINT32_MAX / 2; /* early in the boot */
	*ms = approval_pause(tried, retry_after, random);
	if (end_ms != 0 && *ms > end_ms - clock_monotonic_ms())
		*ms = end_ms - clock_monotonic_ms();
	return *ms > 0;
}

int
approval_wait(const char *url, const char *tls_root, const char *request, int64_t seconds,
    struct error *err)
{
	AUTO_HTTP_CLIENT client = NULL;
	int64_t          end_ms = seconds != 0 ? clock_monotonic_ms() + seconds * 1000 : 0;
	char             said[sizeof err->detail] = "";
	long             retry_after = 0;
	int64_t          ms;
	int              rc;

	if (http_client_new(tls_root, &client, err) != 0)
		return -1;
	for (unsigned int tried = 0; approval_next(tried, retry_after, end_ms, &ms); tried++) {
		if (device_interrupt_sleep(ms, err) != 0)
			return -1;
		rc = approval_ask(client, url, request, &retry_after, said, err);
		if (rc != 1)
			return rc;
	}
	return error_set(err, ERROR_NOT_ENROLLED, "nobody approved this machine in time");
}
