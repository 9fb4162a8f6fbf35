/*
 * A service's user who attacks whoever works in its directory. As fast as it can and until it is
 * killed:
 *
 *   racer exchange A B          has the two names change places
 *   racer capture DIR PREFIX TARGET
 *                               moves away each directory in DIR whose name begins with PREFIX,
 *                               puts a link to TARGET in its place, and has the two change places
 *                               until one of them is gone
 *
 * At SIGUSR1 it prints how often it did, and at SIGTERM, when it ends.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t ended;
static volatile sig_atomic_t asked;
static unsigned long         moves;

static void
signal_cb(int number)
{
	if (number == SIGTERM)
		ended = 1;
	asked = 1;
}

/* Counts a move, and says how many there were when that was asked. */
static void
count(bool moved)
{
	moves += moved;
	if (!asked)
		return;
	asked = 0;
	(void)printf("%lu\n", moves);
	(void)fflush(stdout);
}

static bool
exchange(const char *a, const char *b)
{
	bool moved = renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;

	count(moved);
	return moved;
}

static void
capture_one(const char *name, const char *target)
{
	struct stat st;
	char        away[512];

	(void)snprintf(away, sizeof away, "away.%s", name);
	if (lstat(name, &st) != 0 || !S_ISDIR(st.st_mode) || rename(name, away) != 0 ||
	    symlink(target, name) != 0)
		return;
	count(true);
	while (!ended && exchange(name, away))
		;
}

static void
capture(const char *prefix, const char *target)
{
	DIR           *here = opendir(".");
	struct dirent *entry;

	while (here != NULL && (entry = readdir(here)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			capture_one(entry->d_name, target);
	}
	if (here != NULL)
		(void)closedir(here);
	count(false);
}

int
main(int argc, char **argv)
{
	(void)signal(SIGTERM, signal_cb);
	(void)signal(SIGUSR1, signal_cb);
	if (argc == 4 && strcmp(argv[1], "exchange") == 0)
		while (!ended)
			(void)exchange(argv[2], argv[3]);
	else if (argc == 5 && strcmp(argv[1], "capture") == 0 && chdir(argv[2]) == 0)
		while (!ended)
			capture(argv[3], argv[4]);
	else
		return 2;
	count(false);
	return 0;
}
