#include "config.h"

#include "failing_tpm.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_esys.h>
#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tctildr.h>

#include "failing.h"
#include "scratch.h"
#include "unit.h"

#define HEADER_SIZE 10
#define COMMAND_MAX 4096

/* Where handles begin; tss2's own numbers shift a sign bit. */
#define TRANSIENT_FIRST 0x80000000U
#define SESSION_FIRST   0x02000000U

/* The TPM's end in swtpm. */
#define SWTPM_FD 9

extern char **environ;

static int     connection = -1;
static TPM2_RC told = TPM2_RC_FAILURE;
static TPM2_RC told_then = TPM2_RC_FAILURE; /* behind the first */
static bool    told_once;
static TPM2_RC refusal; /* of the last command */
static bool    refused; /* the last command: it did not reach the TPM */
static bool    broken;  /* the connection; no command reaches the TPM any more */
static uint8_t answer[COMMAND_MAX];
static size_t  answer_size;

/* With its state in the directory. False when there is no swtpm. */
static bool
tpm_start(const char *directory)
{
	char                       state[300];
	char                       server[] = "type=tcp,fd=9";
	char *const                arguments[] = {(char[]){"swtpm"}, (char[]){"socket"}, (char[]){"--tpm2"},
	                   (char[]){"--tpmstate"}, state, (char[]){"--server"}, server, (char[]){"--flags"},
	                   (char[]){"startup-clear,not-need-init"}, NULL};
	posix_spawn_file_actions_t actions;
	pid_t                      child;
	int                        ends[2];
	int                        rc;

	(void)snprintf(state, sizeof state, "dir=%s", directory);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
	    posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], SWTPM_FD) != 0)
		abort();
	rc = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]);
	connection = ends[0];
	return rc == 0;
}

int
failing_tpm_run(Suite *suite)
{
	const char *parent = getenv("TMPDIR");
	char        directory[SCRATCH_SIZE];
	int         rc = EXIT_SUCCESS;

	(void)setenv("TSS2_LOG", "all+NONE", 0);
	(void)snprintf(directory, sizeof directory, "%s/attest-ca-tpm.XXXXXX",
	    parent != NULL && *parent != '\0' ? parent : "/tmp");
	if (mkdtemp(directory) == NULL)
		abort();
	if (tpm_start(directory))
		rc = unit_run(suite);
	else
		(void)puts("1..0 # SKIP there is no swtpm");
	scratch_remove(directory);
	return rc;
}

void
failing_tpm(TPM2_RC code)
{
	told = told_then = code;
}

void
failing_tpm_then(TPM2_RC code)
{
	told_then = code;
}

static uint32_t
number_read(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void
number_write(uint32_t number, uint8_t *at)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(number >> (24 - 8 * i));
}

static void
read_whole(uint8_t *to, size_t size)
{
	while (size > 0) {
		ssize_t got = recv(connection, to, size, 0);

		ck_assert_msg(got > 0, "the software TPM is gone");
		to += got;
		size -= (size_t)got;
	}
}

/* One command, and its answer. */
static void
exchange(const uint8_t *command, size_t size)
{
	ck_assert_int_eq(send(connection, command, size, MSG_NOSIGNAL), (ssize_t)size);
	read_whole(answer, HEADER_SIZE);
	answer_size = number_read(answer + 2);
	ck_assert_uint_ge(answer_size, HEADER_SIZE);
	ck_assert_uint_le(answer_size, sizeof answer);
	read_whole(answer + HEADER_SIZE, answer_size - HEADER_SIZE);
}

static size_t
loaded_from(TPM2_HANDLE first)
{
	uint8_t command[HEADER_SIZE + 12] = {0x80, 0x01};

	number_write(sizeof command, command + 2);
	number_write(TPM2_CC_GetCapability, command + 6);
	number_write(TPM2_CAP_HANDLES, command + HEADER_SIZE);
	number_write(first, command + HEADER_SIZE + 4);
	number_write(32, command + HEADER_SIZE + 8);
	exchange(command, sizeof command);
	ck_assert_uint_eq(number_read(answer + 6), TPM2_RC_SUCCESS);
	return number_read(answer + HEADER_SIZE + 5); /* behind moreData and the capability */
}

/* What a resource manager does when a connection ends. */
static void
flush_from(TPM2_HANDLE first)
{
	uint8_t command[HEADER_SIZE + 4] = {0x80, 0x01};

	number_write(sizeof command, command + 2);
	number_write(TPM2_CC_FlushContext, command + 6);
	while (loaded_from(first) != 0) {
		memcpy(command + HEADER_SIZE, answer + HEADER_SIZE + 9, 4);
		exchange(command, sizeof command);
		ck_assert_uint_eq(number_read(answer + 6), TPM2_RC_SUCCESS);
	}
}

size_t
failing_tpm_loaded(void)
{
	return loaded_from(TRANSIENT_FIRST) + loaded_from(SESSION_FIRST);
}

/* ---- the TCTI ---- */

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	(void)context;
	ck_assert_uint_ge(size, HEADER_SIZE);
	refused = number_read(command + 6) != TPM2_CC_FlushContext && failing_now();
	if (refused) {
		refusal = told_once ? told_then : told;
		told_once = true;
		broken = broken || refusal == 0;
	}
	if (broken)
		return TSS2_TCTI_RC_IO_ERROR;
	if (!refused)
		exchange(command, size);
	return TSS2_RC_SUCCESS;
}

static TSS2_RC
receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
	(void)context;
	(void)timeout;
	if (refused) {
		answer_size = HEADER_SIZE;
		answer[0] = 0x80;
		answer[1] = 0x01;
		number_write(HEADER_SIZE, answer + 2);
		number_write(refusal, answer + 6);
	}
	if (response != NULL) {
		ck_assert_uint_ge(*size, answer_size);
		memcpy(response, answer, answer_size);
	}
	*size = answer_size;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC
poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
	(void)context;
	if (failing_now())
		return TSS2_TCTI_RC_NOT_IMPLEMENTED;
	ck_assert_uint_ge(*count, 1);
	handles[0].fd = connection;
	*count = 1;
	return TSS2_RC_SUCCESS;
}

static TSS2_TCTI_CONTEXT_COMMON_V1 tcti = {
    .version = 1, .transmit = transmit, .receive = receive, .getPollHandles = poll_handles};

/* A wrapped call is named so by the linker. */
TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context);
TSS2_RC
__wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context)
{
	(void)name;
	if (failing_now())
		return TSS2_TCTI_RC_IO_ERROR;
	told_once = false;
	*context = (TSS2_TCTI_CONTEXT *)&tcti;
	return TSS2_RC_SUCCESS;
}

void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);
void
__wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context)
{
	*context = NULL;
	if (broken) {
		flush_from(TRANSIENT_FIRST);
		flush_from(SESSION_FIRST);
	}
	broken = false;
}

/* ---- ESAPI without memory ---- */

TSS2_RC __real_Esys_TR_Serialize(ESYS_CONTEXT *context, ESYS_TR object, uint8_t **octets, size_t *size);
TSS2_RC __wrap_Esys_TR_Serialize(ESYS_CONTEXT *context, ESYS_TR object, uint8_t **octets, size_t *size);
TSS2_RC
__wrap_Esys_TR_Serialize(ESYS_CONTEXT *context, ESYS_TR object, uint8_t **octets, size_t *size)
{
	return failing_now() ? TSS2_ESYS_RC_MEMORY : __real_Esys_TR_Serialize(context, object, octets, size);
}
