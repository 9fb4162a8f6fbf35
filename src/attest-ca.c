/* attest-ca: administers the attestation CA. Its commands are in admin/. */
#include "config.h"

#include <sys/stat.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "util/error.h"
#include "util/process.h"

int
main(int argc, char **argv)
{
	struct error err = {0};

	/* Before it reads a key. */
	if (process_hide(&err) != 0) {
		(void)fprintf(stderr, "attest-ca: %s\n", err.detail);
		return EXIT_FAILURE;
	}
	(void)process_lock(false);
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(077);
	return command_main(&attest_ca_program, argc, argv);
}
