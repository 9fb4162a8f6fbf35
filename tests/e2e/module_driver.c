/*
 * An application that uses a PKCS #11 module in the ways in which programs do, and checks what it
 * gets. It says the first thing that is wrong, and exits with 1. What it is asked:
 *
 *   module_driver MODULE rules             what the standard and the programs expect of the calls
 *   module_driver MODULE sign              every mechanism of the key, verified by OpenSSL
 *   module_driver MODULE threads N COUNT   N threads, each COUNT signatures: rate and longest wait
 *   module_driver MODULE fork [UID]        signs before and after a fork, in parent and child, as UID
 *   module_driver MODULE fork-threads      forks while other threads sign
 *   module_driver MODULE renewal COMMAND   holds on to what it found while the command changes it, as NSS
 *   module_driver MODULE renewal-java COMMAND  the same as Java, for which no session may end
 *   module_driver MODULE fails             a signature is refused, the environment stays as it was
 *   module_driver MODULE forever           signs until it is killed
 *   module_driver MODULE label             prints the labels of the tokens
 */
#include "config.h"

#include <sys/wait.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "p11.h"

/* ---- threads ---- */

struct worker {
	pthread_t thread;
	int       count;
	double    longest;
};

static double
now(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void *
worker_run(void *arg)
{
	struct worker    *worker = arg;
	CK_SESSION_HANDLE in = p11_session(0);
	struct pair       pair;

	p11_pair_find(in, &pair);
	for (int i = 0; i < worker->count; i++) {
		double began = now();

		OK(p11_sign(in, &pair, p11_usual(&pair), false));
		if (now() - began > worker->longest)
			worker->longest = now() - began;
	}
	p11_pair_clear(&pair);
	OK(p11()->C_CloseSession(in));
	return NULL;
}

static void
threads(int number_of_threads, int count)
{
	struct worker *workers = memory_new((size_t)number_of_threads * sizeof *workers);
	double         began;
	double         longest = 0;

	p11_initialize();
	began = now();
	for (int i = 0; i < number_of_threads; i++) {
		workers[i].count = count;
		MUST(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) == 0);
	}
	for (int i = 0; i < number_of_threads; i++) {
		MUST(pthread_join(workers[i].thread, NULL) == 0);
		if (workers[i].longest > longest)
			longest = workers[i].longest;
	}
	(void)printf("%d threads: %.0f signatures a second, longest wait %.1f ms\n", number_of_threads,
	    number_of_threads * count / (now() - began), longest * 1000);
	free(workers);
}

/* ---- forks ---- */

static void
child_runs(CK_SESSION_HANDLE old, const struct pair *pair, long uid)
{
	CK_SESSION_HANDLE in;
	CK_SESSION_INFO   info;

	if (uid >= 0)
		MUST(setgid((gid_t)uid) == 0 && setuid((uid_t)uid) == 0);
	RETURNS(p11()->C_GetSessionInfo(old, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
	OK(p11()->C_Initialize(NULL));
	RETURNS(p11()->C_GetSessionInfo(old, &info), CKR_SESSION_HANDLE_INVALID);
	in = p11_session(0);
	for (int i = 0; i < 2; i++)
		OK(p11_sign(in, pair, p11_usual(pair), false)); /* by the handle that it has from before */
	MUST(p11_find_class(in, CKO_PRIVATE_KEY) == pair->private);
	_exit(0);
}

static void
forks(long uid)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	p11_initialize();
	in = p11_session(0);
	p11_pair_find(in, &pair);
	for (int round = 0; round < 3; round++) {
		pid_t child;
		int   status;

		if (round != 0) /* a parent that has not used the TPM, and one that has */
			OK(p11_sign(in, &pair, p11_usual(&pair), false));
		MUST((child = fork()) >= 0);
		if (child == 0)
			child_runs(in, &pair, uid);
		MUST(waitpid(child, &status, 0) == child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			p11_wrong("the child ended with 0x%x", (unsigned)status);
		OK(p11_sign(in, &pair, p11_usual(&pair), false));
	}
	p11_pair_clear(&pair);
}

/*
 * Forks while other threads are in the module. They do not verify: OpenSSL has locks of its own,
 * which a child would find taken.
 */
static void *
signs_all_the_time(void *arg)
{
	CK_SESSION_HANDLE in = p11_session(0);
	CK_OBJECT_HANDLE  key = p11_find_class(in, CKO_PRIVATE_KEY);
	CK_MECHANISM      mechanism = {CKM_ECDSA, NULL, 0};

	while (!atomic_load((atomic_bool *)arg)) {
		uint8_t  data[32] = {1};
		uint8_t  signature[SIGNATURE_MAX];
		CK_ULONG size = sizeof signature;

		OK(p11()->C_SignInit(in, &mechanism, key));
		OK(p11()->C_Sign(in, data, sizeof data, signature, &size));
	}
	return NULL;
}

static void
forks_amid_threads(void)
{
	CK_SESSION_HANDLE in;
	pthread_t         thread[4];
	struct pair       pair;
	atomic_bool       stop = false;

	p11_initialize();
	in = p11_session(0);
	p11_pair_find(in, &pair);
	for (size_t i = 0; i < COUNT(thread); i++)
		MUST(pthread_create(&thread[i], NULL, signs_all_the_time, (void *)&stop) == 0);
	for (int round = 0; round < 20; round++) {
		pid_t child = fork();
		int   status;

		MUST(child >= 0);
		if (child == 0) {
			(void)alarm(20); /* one that waits for a thread that is not here */
			child_runs(in, &pair, -1);
		}
		MUST(waitpid(child, &status, 0) == child);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			p11_wrong("a child of many threads ended with 0x%x", (unsigned)status);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < COUNT(thread); i++)
		MUST(pthread_join(thread[i], NULL) == 0);
	p11_pair_clear(&pair);
}

/* ---- renewals ---- */

static void
renewal(const char *command, bool nss)
{
	CK_SESSION_HANDLE in;
	CK_SESSION_HANDLE later;
	CK_SESSION_INFO   info;
	CK_OBJECT_HANDLE  certificate;
	struct pair       old;
	struct pair       new;
	CK_OBJECT_CLASS   class = CKO_CERTIFICATE;
	CK_ATTRIBUTE      by_value[] = {{CKA_CLASS, &class, sizeof class}, {CKA_VALUE, NULL, 0}};

	p11_initialize_as(nss);
	in = p11_session(0);
	p11_pair_find(in, &old);
	certificate = p11_find_id(in, CKO_CERTIFICATE, &old.id);
	OK(p11()->C_GetSessionInfo(in, &info));
	MUST(system(command) == 0); /* NOLINT(cert-env33-c): the test's own */

	/* Before anything is asked, and after: what was found goes on. */
	OK(p11_sign(in, &old, p11_usual(&old), false));
	later = p11_session(0);
	p11_pair_find(later, &new);
	MUST(new.der.size != old.der.size || memcmp(new.der.data, old.der.data, new.der.size) != 0);
	OK(p11_sign(in, &new, p11_usual(&new), false));
	OK(p11_sign(in, &old, p11_usual(&old), false));
	MUST(p11_find_id(in, CKO_PRIVATE_KEY, &old.id) == old.private);
	by_value[1].pValue = old.der.data;
	by_value[1].ulValueLen = old.der.size;
	MUST(p11_find(in, by_value, COUNT(by_value)) == certificate);
	MUST(p11_find_class(in, CKO_PRIVATE_KEY) == new.private);

	/* Once, to each session that is older than the change. */
	if (nss)
		RETURNS(p11()->C_GetSessionInfo(in, &info), CKR_SESSION_HANDLE_INVALID);
	OK(p11()->C_GetSessionInfo(in, &info));
	OK(p11()->C_GetSessionInfo(later, &info));
	(void)printf("%s\n", view_equal(bytes_view(&old.id), bytes_view(&new.id)) ? "same key" : "new key");
	p11_pair_clear(&old);
	p11_pair_clear(&new);
	OK(p11()->C_Finalize(NULL));
}

/* ---- failures ---- */

static void
fails(void)
{
	char            **before = environ;
	CK_SESSION_HANDLE in;
	struct pair       pair;

	p11_initialize();
	in = p11_session(0);
	p11_pair_find(in, &pair);
	RETURNS(p11_sign(in, &pair, p11_usual(&pair), false), CKR_DEVICE_ERROR);
	MUST(environ == before && getenv("TSS2_LOG") == NULL);
	p11_pair_clear(&pair);
}

static void
forever(void)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	p11_initialize();
	in = p11_session(0);
	p11_pair_find(in, &pair);
	for (;;) {
		OK(p11_sign(in, &pair, p11_usual(&pair), false));
		(void)printf("signed\n");
		(void)fflush(stdout);
	}
}

static void
labels(void)
{
	CK_SLOT_ID slots[8];
	CK_ULONG   count = COUNT(slots);

	OK(p11()->C_Initialize(NULL));
	OK(p11()->C_GetSlotList(CK_TRUE, slots, &count));
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		OK(p11()->C_GetTokenInfo(slots[i], &info));
		(void)printf("%.32s\n", (const char *)info.label);
	}
	OK(p11()->C_Finalize(NULL));
}

int
main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[2] : "";

	if (argc < 3)
		p11_wrong("usage: module_driver MODULE WHAT [ARGUMENT…]");
	p11_load(argv[1]);
	if (strcmp(what, "rules") == 0)
		p11_rules();
	else if (strcmp(what, "sign") == 0)
		p11_sign_all();
	else if (strcmp(what, "threads") == 0 && argc == 5)
		threads(atoi(argv[3]), atoi(argv[4])); /* NOLINT(cert-err34-c) */
	else if (strcmp(what, "fork") == 0)
		forks(argc > 3 ? atol(argv[3]) : -1); /* NOLINT(cert-err34-c) */
	else if (strcmp(what, "fork-threads") == 0)
		forks_amid_threads();
	else if (strcmp(what, "renewal") == 0 && argc == 4)
		renewal(argv[3], true);
	else if (strcmp(what, "renewal-java") == 0 && argc == 4)
		renewal(argv[3], false);
	else if (strcmp(what, "fails") == 0)
		fails();
	else if (strcmp(what, "forever") == 0)
		forever();
	else if (strcmp(what, "label") == 0)
		labels();
	else
		p11_wrong("no such thing: %s", what);
	return 0;
}
