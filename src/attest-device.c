/* attest-device: the device's side of attestation. Its commands are in device/. */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/commands.h"
#include "device/interrupt.h"
#include "util/error.h"
#include "util/process.h"

int
main(int argc, char **argv)
{
	struct error err = {0};

	/* Before it reads the key of the ACME account, or an authorization value. */
	if (process_hide(&err) != 0) {
		(void)fprintf(stderr, "attest-device: %s\n", err.detail);
		return EXIT_FAILURE;
	}
	(void)process_lock(true);
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	device_interrupt_catch();
	return command_main(&attest_device_program, argc, argv);
}
