/* Where the keys are, and the TPM: device.conf, and the environment for tests. */
#ifndef PKCS11_PLACE_H
#define PKCS11_PLACE_H

#include <stddef.h>

#include "util/bytes.h"

/* Most state directories, each of which is a slot. */
#define PLACE_SLOTS_MAX 8U

/* All strings are owned; the files are NULL where none is named. */
struct place {
	struct place_slot {
		char *pair;  /* the directory of the first key's device.key and device.pem */
		char *state; /* the state directory */
	} slots[PLACE_SLOTS_MAX];
	size_t count;
	char  *tcti;
	char  *owner_auth_file;
	char  *parent_auth_file;
};

void place_clear(struct place *place);

/*
 * Finds them: $ATTEST_PKCS11_STATE, directories separated by ":"; else `state_dir` of device.conf,
 * or /var/lib/attest-device, where `out` may name another directory for the first key; and for
 * another user than root attest-device in $XDG_STATE_HOME or ~/.local/state too. The TPM is $ATTEST_PKCS11_TPM, `tcti` of device.conf,
 * $TPM2TOOLS_TCTI or device:/dev/tpmrm0. A privileged program (AT_SECURE) has no environment. A
 * device.conf that cannot be read counts as empty, which the debug log says.
 */
void place_find(struct place *place);

/* Takes the settings of a device.conf; public for tests. */
void place_take_configuration(struct bytes *text, struct place *place);

#endif
