/* Decides the pauses and which failures are transient; the TPM stays closed. */
#include "config.h"

#include "device/host/approval.h"

#include <stdio.h>
#include <string.h>

#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "device/interrupt.h"
#include "util/clock.h"
#include "util/error.h"

static bool
is_not_enrolled(enum error_kind kind)
{
	return kind == ERROR_NOT_ENROLLED || kind == ERROR_ENROLMENT_WAITS;
}

/* A reason that stays the same is printed once. */
static void
hindrance_say(const struct error *why, char said[sizeof why->detail])
{
	if (strcmp(why->detail, said) == 0)
		return;
	(void)snprintf(said, sizeof why->detail, "%s", why->detail);
	(void)fprintf(stderr, "attest-device: still waiting: %s\n", why->detail);
}

/* Asks once: 0 when the host would accept the machine, 1 to continue waiting, -1 to give up. */
static int
approval_ask(struct http_client *client, const char *url, const char *request, long *retry_after,
    char *said, struct error *err)
{
	bool         for_now = false;
	struct error why = {0};

	if (attestation_knock(client, url, request, &for_now, retry_after, &why) == 0)
		return 0;
	if (device_interrupt_check(err) != 0)
		return -1;
	if (for_now) {
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

/* The next pause, limited to the time left; false when the time is over. */
static bool
approval_next(const struct retry_pace *pace, unsigned int tried, long retry_after, int64_t end_ms,
    int64_t *ms)
{
	*ms = retry_pause_now(pace, tried, retry_after);
	if (end_ms != 0 && *ms > end_ms - clock_monotonic_ms())
		*ms = end_ms - clock_monotonic_ms();
	return *ms > 0;
}

int
approval_wait(const char *url, const char *tls_root, const char *request,
    const struct retry_pace *pace, int64_t end_ms, struct error *err)
{
	AUTO_HTTP_CLIENT client = NULL;
	char             said[sizeof err->detail] = "";
	long             retry_after = 0;
	int64_t          ms;
	int              rc;

	if (http_client_new(tls_root, end_ms, &client, err) != 0)
		return -1;
	for (unsigned int tried = 0; approval_next(pace, tried, retry_after, end_ms, &ms); tried++) {
		if (device_interrupt_sleep(ms, err) != 0)
			return -1;
		if (end_ms != 0 && clock_monotonic_ms() >= end_ms)
			break;
		rc = approval_ask(client, url, request, &retry_after, said, err);
		if (rc != 1)
			return rc;
	}
	return error_set(err, ERROR_NOT_ENROLLED, "this machine was not approved in time");
}
