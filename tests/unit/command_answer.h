/* A command of a program, run in this process on a state directory, and what it printed. */
#ifndef TESTS_UNIT_COMMAND_ANSWER_H
#define TESTS_UNIT_COMMAND_ANSWER_H

#include <sys/ioctl.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <jansson.h>

#include "command/command.h"
#include "unit.h"

#define ANSWER_WORDS_MAX 160

struct answer {
	char out[1 << 16];
	char err[1 << 13];
};

/* What the last command printed. */
static struct answer answered;

static inline void
answer_read(FILE *file, char *text, size_t size)
{
	size_t got;

	rewind(file);
	got = fread(text, 1, size - 1, file);
	text[got] = '\0';
	(void)fclose(file);
}

/* Runs it with standard output and standard error going to these; its exit status. */
static inline int
answer_status(const struct command_program *program, const char *state_dir, const char *const *words, int out, int err)
{
	char *argv[ANSWER_WORDS_MAX + 4] = {(char *)(uintptr_t)program->name, (char[]){"--state-dir"},
	    (char *)(uintptr_t)state_dir};
	int   argc = 3;
	int   before[2];
	int   status;

	for (; words[argc - 3] != NULL; argc++) {
		ck_assert_int_lt(argc, ANSWER_WORDS_MAX);
		argv[argc] = (char *)(uintptr_t)words[argc - 3];
	}
	(void)fflush(stdout);
	before[0] = dup(STDOUT_FILENO);
	before[1] = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(out, STDOUT_FILENO), 0);
	ck_assert_int_ge(dup2(err, STDERR_FILENO), 0);
	status = command_main(program, argc, argv);
	(void)fflush(stdout);
	(void)dup2(before[0], STDOUT_FILENO);
	(void)dup2(before[1], STDERR_FILENO);
	(void)close(before[0]);
	(void)close(before[1]);
	clearerr(stdout);
	return status;
}

/* Runs it, and asserts its exit status; what it printed on standard output. */
static inline const char *
answer_run(const struct command_program *program, const char *state_dir, int wanted, const char *const *words)
{
	FILE *out = tmpfile();
	FILE *err = tmpfile();
	int   status;

	ck_assert(out != NULL && err != NULL);
	status = answer_status(program, state_dir, words, fileno(out), fileno(err));
	answer_read(out, answered.out, sizeof answered.out);
	answer_read(err, answered.err, sizeof answered.err);
	ck_assert_msg(status == wanted, "%s: status %d: %s", words[0] != NULL ? words[0] : "", status, answered.err);
	return answered.out;
}

/* The same, with an answer in JSON; the caller frees. */
static inline json_t *
answer_run_json(const struct command_program *program, const char *state_dir, int wanted, const char *const *words)
{
	json_error_t where;
	json_t      *json = json_loads(answer_run(program, state_dir, wanted, words), JSON_REJECT_DUPLICATES, &where);

	ck_assert_msg(json != NULL, "%s: %s", where.text, answered.out);
	return json;
}

static inline void *
answer_drain(void *arg)
{
	size_t  size = 0;
	ssize_t got;

	/* EIO: the terminal's other side is closed. */
	while (size < sizeof answered.out - 1 &&
	    (got = read(*(const int *)arg, answered.out + size, sizeof answered.out - 1 - size)) > 0)
		size += (size_t)got;
	answered.out[size] = '\0';
	return NULL;
}

/* The same on a terminal of so many columns; its lines end as they were written. */
static inline const char *
answer_run_on_terminal(const struct command_program *program, const char *state_dir, unsigned short columns,
    const char *const *words)
{
	const struct winsize size = {.ws_row = 24, .ws_col = columns};
	struct termios       mode;
	pthread_t            reader;
	FILE                *err = tmpfile();
	int                  ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int                  theirs;
	int                  status;

	ck_assert(err != NULL && ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
	ck_assert_int_ge(theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC), 0);
	ck_assert_int_eq(ioctl(theirs, TIOCSWINSZ, &size), 0);
	ck_assert_int_eq(tcgetattr(theirs, &mode), 0);
	mode.c_oflag &= (tcflag_t)~OPOST;
	ck_assert_int_eq(tcsetattr(theirs, TCSANOW, &mode), 0);
	ck_assert_int_eq(pthread_create(&reader, NULL, answer_drain, &ours), 0);
	status = answer_status(program, state_dir, words, theirs, fileno(err));
	(void)close(theirs);
	(void)pthread_join(reader, NULL);
	(void)close(ours);
	answer_read(err, answered.err, sizeof answered.err);
	ck_assert_msg(status == 0, "%s: status %d: %s", words[0] != NULL ? words[0] : "", status, answered.err);
	return answered.out;
}

#define ANSWER_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
