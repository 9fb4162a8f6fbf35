/*
 * Owns the handler of SIGSYS. It runs at any point of the program, so that it only calls what is
 * async-signal-safe, and takes no lock: it makes its own line of the log, and finds the name of
 * the call in a table that was made before.
 */
#include "config.h"

#include "daemon/violation.h"

#if WITH_SECCOMP

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <seccomp.h>

#include "util/error.h"
#include "util/log.h"

#define CALLS_MAX 600

#define SECONDS_A_DAY 86400

/* The names of the calls; NULL: unknown. The process keeps them until its end. */
static char *call_names[CALLS_MAX];

struct line {
	char   text[256];
	size_t size;
};

static void
line_put(struct line *line, const char *text)
{
	for (; *text != '\0' && line->size < sizeof line->text - 1; text++)
		line->text[line->size++] = *text;
}

/* At least so many digits. */
static void
line_number(struct line *line, int64_t number, size_t digits)
{
	char   text[24];
	size_t at = sizeof text - 1;

	text[at] = '\0';
	for (; at > 0 && (number > 0 || sizeof text - 1 - at < digits); number /= 10)
		text[--at] = (char)('0' + number % 10);
	line_put(line, text + at);
}

/* As clock_format, which takes a lock of the C library. Years count from March 0000. */
static void
line_time(struct line *line)
{
	struct timespec now = {0};
	int64_t         day;
	int64_t         era;
	int64_t         year;
	int64_t         month;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	day = now.tv_sec / SECONDS_A_DAY + 719468;
	era = day / 146097;
	day -= era * 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	line_number(line, year + era * 400 + (month >= 10), 4);
	line_put(line, "-");
	line_number(line, month < 10 ? month + 3 : month - 9, 2);
	line_put(line, "-");
	line_number(line, day - (153 * month + 2) / 5 + 1, 2);
	line_put(line, "T");
	line_number(line, now.tv_sec % SECONDS_A_DAY / 3600, 2);
	line_put(line, ":");
	line_number(line, now.tv_sec % 3600 / 60, 2);
	line_put(line, ":");
	line_number(line, now.tv_sec % 60, 2);
	line_put(line, "Z");
}

static void
violation_say(int call)
{
	struct line line = {.size = 0};

	line_time(&line);
	line_put(&line, " error ");
	line_put(&line, log_process());
	line_put(&line, " event=sandbox call=");
	if (call >= 0 && call < CALLS_MAX && call_names[call] != NULL)
		line_put(&line, call_names[call]);
	else
		line_number(&line, call, 1);
	line_put(&line, " reason=\"the sandbox does not permit this system call; the process ends\"\n");
	if (write(STDERR_FILENO, line.text, line.size) < 0)
		return; /* nobody reads the log */
}

/* The C library's own look at a file, which may fail. */
static bool
violation_is_harmless(int call, void *context)
{
#if defined __x86_64__
	greg_t     *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	const char *path = (const char *)(uintptr_t)registers[REG_RSI];
#elif defined __aarch64__
	mcontext_t *registers = &((ucontext_t *)context)->uc_mcontext;
	const char *path = (const char *)(uintptr_t)registers->regs[1];
#endif
#if defined __x86_64__ || defined __aarch64__
	if (call != SYS_openat || path == NULL || strcmp(path, "/proc/sys/vm/overcommit_memory") != 0)
		return false;
#ifdef __x86_64__
	registers[REG_RAX] = -EACCES;
#else
	registers->regs[0] = (unsigned long long)-EACCES;
#endif
	return true;
#else
	(void)call;
	(void)context;
	return false;
#endif
}

static void
violation_cb(int number, siginfo_t *info, void *context)
{
	(void)number;
	if (violation_is_harmless(info->si_syscall, context))
		return;
	violation_say(info->si_syscall);
	(void)syscall(VIOLATION_END, 0, 0, 0, NULL);
	_exit(128 + SIGSYS);
}

int
violation_catch(struct error *err)
{
	struct sigaction action = {.sa_sigaction = violation_cb, .sa_flags = SA_SIGINFO};

	for (int call = 0; call < CALLS_MAX; call++) {
		if (call_names[call] == NULL)
			call_names[call] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
	}
	(void)sigemptyset(&action.sa_mask);
	if (sigaction(SIGSYS, &action, NULL) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "catching SIGSYS");
	return 0;
}

#endif
