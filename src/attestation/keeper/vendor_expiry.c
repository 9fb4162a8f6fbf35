/* Counts and names what expires among the imported roots; deadlines.c knows when to say so. */
#include "config.h"

#include "attestation/keeper/vendor_expiry.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/ek_trust.h"
#include "util/own_command.h"

/* Roots that are named, and the most octets of a name. */
#define EXPIRY_NAMES    3
#define EXPIRY_NAME_MAX 64

struct expiry {
	int64_t now;
	size_t  roots;
	size_t  over;
	size_t  soon;
	int64_t first; /* end of the first root that has not expired; 0: none */
	int64_t last;  /* end of the last one that has */
	char    over_names[EXPIRY_NAMES][EXPIRY_NAME_MAX + 1];
	char    soon_names[EXPIRY_NAMES][EXPIRY_NAME_MAX + 1];
};

static void
expiry_name(const X509 *root, char names[EXPIRY_NAMES][EXPIRY_NAME_MAX + 1], size_t count)
{
	if (count < EXPIRY_NAMES)
		certificate_subject(root, names[count], EXPIRY_NAME_MAX + 1);
}

static void
expiry_cb(const X509 *root, void *arg)
{
	struct expiry *expiry = arg;
	int64_t        end = certificate_not_after(root);

	expiry->roots++;
	switch (deadlines_judge(certificate_not_before(root), end, expiry->now)) {
	case DEADLINE_OVER:
		expiry_name(root, expiry->over_names, expiry->over++);
		expiry->last = end > expiry->last ? end : expiry->last;
		return;
	case DEADLINE_SOON:
		expiry_name(root, expiry->soon_names, expiry->soon++);
		break;
	case DEADLINE_FINE:
		break;
	}
	if (expiry->first == 0 || end < expiry->first)
		expiry->first = end;
}

/* Those that expire soon come first: something can still be done about them. */
static void
expiry_write(const struct expiry *expiry, char reason[VENDOR_EXPIRY_REASON_SIZE])
{
	size_t count = expiry->soon + expiry->over;
	size_t used = (size_t)snprintf(reason, VENDOR_EXPIRY_REASON_SIZE,
	    "of %zu imported roots %zu %s expired and %zu will soon", expiry->roots, expiry->over,
	    expiry->over == 1 ? "has" : "have", expiry->soon);

	for (size_t i = 0; i < count && i < EXPIRY_NAMES; i++)
		used += (size_t)snprintf(reason + used, VENDOR_EXPIRY_REASON_SIZE - used, "%s\"%s\"",
		    i == 0 ? ": " : ", ",
		    i < expiry->soon ? expiry->soon_names[i] : expiry->over_names[i - expiry->soon]);
	if (count > EXPIRY_NAMES)
		used += (size_t)snprintf(reason + used, VENDOR_EXPIRY_REASON_SIZE - used, " and %zu more",
		    count - EXPIRY_NAMES);
	(void)snprintf(reason + used, VENDOR_EXPIRY_REASON_SIZE - used,
	    "; TPMs that they certify after their end are refused: run \"%s trust import\" with what the "
	    "vendors have now", own_command("attest-ca"));
}

enum deadline_state
vendor_expiry(const struct ek_trust *trust, int64_t now, int64_t *end,
    char reason[VENDOR_EXPIRY_REASON_SIZE])
{
	struct expiry expiry = {.now = now};

	ek_trust_roots(trust, expiry_cb, &expiry);
	*end = expiry.first != 0 ? expiry.first : expiry.last;
	reason[0] = '\0';
	if (expiry.over + expiry.soon == 0)
		return DEADLINE_FINE;
	expiry_write(&expiry, reason);
	return expiry.over == expiry.roots ? DEADLINE_OVER : DEADLINE_SOON;
}
