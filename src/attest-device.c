/* attest-device: the device's side of attestation. Its commands are in device/. */
#include "config.h"

#include <locale.h>

#include "device/commands.h"
#include "device/interrupt.h"

int
main(int argc, char **argv)
{
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	device_interrupt_catch();
	return command_main(&attest_device_program, argc, argv);
}
