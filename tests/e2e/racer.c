/*
 * A service's user who attacks whoever works in its directory. As fast as it can and until it is
 * killed:
 *
 *   racer exchange A B          has the two names change places
 *   racer capture DIR PREFIX TARGET
 *                               moves away each directory in DIR whose name begins with PREFIX,
 *                               and puts a link to TARGET in its place
 *
 * At SIGTERM it prints how often it did.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t ended;

static void
end_cb(int number)
{
	(void)number;
	ended = 1;
}

static unsigned long
exchange(const char *a, const char *b)
{
	unsigned long count = 0;

	while (!ended)
		count += renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0;
	return count;
}

static unsigned long
capture_one(const char *prefix, const char *target)
{
	DIR           *here = opendir(".");
	struct dirent *entry;
	char           away[512];
	unsigned long  count = 0;

	while (here != NULL && (entry = readdir(here)) != NULL) {
		struct stat st;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
		    lstat(entry->d_name, &st) != 0 || !S_ISDIR(st.st_mode))
			continue;
		(void)snprintf(away, sizeof away, "away.%s", entry->d_name);
		count += rename(entry->d_name, away) == 0 && symlink(target, entry->d_name) == 0;
	}
	if (here != NULL)
		(void)closedir(here);
	return count;
}

int
main(int argc, char **argv)
{
	unsigned long count = 0;

	(void)signal(SIGTERM, end_cb);
	if (argc == 4 && strcmp(argv[1], "exchange") == 0)
		count = exchange(argv[2], argv[3]);
	else if (argc == 5 && strcmp(argv[1], "capture") == 0 && chdir(argv[2]) == 0)
		while (!ended)
			count += capture_one(argv[3], argv[4]);
	else
		return 2;
	(void)printf("%lu\n", count);
	return 0;
}
