/* attest-ca: administers the attestation CA. Its commands are in admin/. */
#include "config.h"

#include <sys/stat.h>

#include <locale.h>

#include "admin/commands.h"

int
main(int argc, char **argv)
{
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(077);
	return command_main(&attest_ca_program, argc, argv);
}
