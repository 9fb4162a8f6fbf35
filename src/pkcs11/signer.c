/*
 * Owns the connection to the TPM during a signature, and what is remembered of parents in between.
 * No connection and no handle stays: a TPM without a resource manager has one connection and room
 * for three objects.
 */
#include "config.h"

#include "pkcs11/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device/tpm/auth.h"
#include "device/tpm/key_file.h"
#include "device/tpm/key_sign.h"
#include "device/tpm/tpm.h"
#include "pkcs11/place.h"
#include "pkcs11/queue.h"
#include "pkcs11/quiet.h"
#include "util/error.h"

#define PARENTS_MAX 4U

/* The pauses add up to 2.5 s. */
#define OPEN_PAUSE_MS 20U
#define OPEN_TRIES    7U

/* By the handle in the key file; guarded by the queue. */
static struct {
	TPM2_HANDLE                parent;
	struct device_parent_known known;
} parents[PARENTS_MAX];

static atomic_bool worked;

bool
signer_has_worked(void)
{
	return atomic_load(&worked);
}

static struct device_parent_known *
parent_known(TPM2_HANDLE parent)
{
	size_t i = 0;

	while (i < PARENTS_MAX - 1 && parents[i].parent != parent && parents[i].parent != 0)
		i++;
	if (parents[i].parent != parent)
		device_parent_known_clear(&parents[i].known);
	parents[i].parent = parent;
	return &parents[i].known;
}

void
signer_forget(void)
{
	queue_enter();
	for (size_t i = 0; i < PARENTS_MAX; i++) {
		device_parent_known_clear(&parents[i].known);
		parents[i].parent = 0;
	}
	queue_leave();
}

/* ---- forks ---- */

/* So long a fork waits for a signature, and a signature for forks. */
#define FORK_PAUSES   30000
#define FORK_PAUSE_US 100

static _Thread_local bool is_signing; /* this thread */
static atomic_int         forks;      /* that wait or happen now */
static atomic_bool        in_use;     /* the TPM, by a thread */

static void
pause_briefly(void)
{
	const struct timespec pause = {.tv_nsec = FORK_PAUSE_US * 1000L};

	(void)nanosleep(&pause, NULL);
}

void
signer_prepare(void)
{
	if (is_signing)
		return;
	atomic_fetch_add(&forks, 1);
	for (int i = 0; i < FORK_PAUSES && atomic_load(&in_use); i++)
		pause_briefly();
}

void
signer_parent(void)
{
	if (!is_signing)
		atomic_fetch_sub(&forks, 1);
}

void
signer_child(void)
{
	atomic_store(&forks, 0);
	atomic_store(&in_use, false);
	is_signing = false;
	memset(parents, 0, sizeof parents);
}

/* Each says what it wants and then looks at the other: at least one of both sees the other. */
static void
use_begin(void)
{
	is_signing = true;
	for (int i = 0; i < FORK_PAUSES; i++) {
		atomic_store(&in_use, true);
		if (atomic_load(&forks) == 0)
			return;
		atomic_store(&in_use, false);
		pause_briefly();
	}
	atomic_store(&in_use, true);
}

static void
use_end(void)
{
	atomic_store(&in_use, false);
	is_signing = false;
}

/* ---- the TPM ---- */

static bool
is_abrmd(const char *tcti)
{
	static const char name[] = "tabrmd";

	return strncmp(tcti, name, sizeof name - 1) == 0;
}

/*
 * The TCTI of tpm2-abrmd in a child: GLib's connection to the bus is its parent's, whose thread is
 * not here, so that opening it would hang. A program of its own has its own.
 */
static void
tcti_choose(const char *tcti, bool forked, char *chosen, size_t size)
{
	if (forked && is_abrmd(tcti) && strchr(tcti, '\'') == NULL)
		(void)snprintf(chosen, size, "cmd:tpm2_send -T '%s'", tcti);
	else
		(void)snprintf(chosen, size, "%s", tcti);
}

/* Whether opening may succeed soon: of a device file only while another process has it. */
static bool
open_may_succeed(const char *tcti, const struct error *err)
{
	static const char prefix[] = "device:";
	int               fd;

	/* The bus starts the daemon and waits for it; each attempt has GLib write to stderr. */
	if (err->kind == ERROR_NOT_FOUND || is_abrmd(tcti))
		return false;
	if (strncmp(tcti, prefix, sizeof prefix - 1) != 0)
		return true;
	fd = open(tcti + sizeof prefix - 1, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0 || errno == EBUSY;
}

static int
open_patiently(const char *tcti, struct device_tpm **tpm, struct error *err)
{
	for (unsigned tried = 0;; tried++) {
		unsigned        ms = OPEN_PAUSE_MS << tried;
		struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L};

		if (device_tpm_open(tcti, tpm, err) == 0)
			return 0;
		if (tried + 1 >= OPEN_TRIES || !open_may_succeed(tcti, err))
			return -1;
		(void)nanosleep(&pause, NULL);
	}
}

static int
sign(const struct place *place, const char *tcti, const struct device_key *key, TPM2_ALG_ID scheme,
    TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature, struct error *err)
{
	AUTO_TPM tpm = NULL;

	if (open_patiently(tcti, &tpm, err) != 0)
		return -1;
	if (place->owner_auth_file != NULL &&
	    device_auth_read(tpm, DEVICE_AUTH_OWNER, place->owner_auth_file, err) != 0)
		return -1;
	if (place->parent_auth_file != NULL &&
	    device_auth_read(tpm, DEVICE_AUTH_PARENT, place->parent_auth_file, err) != 0)
		return -1;
	return device_key_sign(tpm, key, parent_known(key->parent), scheme, hash, digest, signature, err);
}

int
signer_sign(const struct place *place, bool forked, const struct device_key *key,
    TPM2_ALG_ID scheme, TPM2_ALG_ID hash, struct view digest, TPMT_SIGNATURE *signature,
    struct error *err)
{
	char tcti[512];
	int  rc;

	tcti_choose(place->tcti, forked, tcti, sizeof tcti);
	queue_enter();
	use_begin();
	atomic_store(&worked, true);
	quiet_begin();
	rc = sign(place, tcti, key, scheme, hash, digest, signature, err);
	quiet_end();
	use_end();
	queue_leave();
	return rc;
}
