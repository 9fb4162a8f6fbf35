/* Room for objects in a TPM without a resource manager. Private to device/tpm/. */
#ifndef DEVICE_TPM_ROOM_H
#define DEVICE_TPM_ROOM_H

#include <stdbool.h>

#include <tss2/tss2_common.h>

struct device_tpm;

/*
 * device_tpm_again for calls that load an object, or use one that this process has loaded. When the TPM
 * is full it flushes what killed programs of ours left there, which is known by its attributes alone:
 * storage root keys, AKs and device keys, and so others' that have the same. This process has a device
 * or a program's TPM alone, and does so at once; another TPM may hold what a process uses just now, and
 * is given the time of all retries. Through a resource manager a process sees its own objects alone, and
 * these stay. Sets tpm->lost when an object is not loaded any more, since another process did so to this
 * one.
 */
bool device_room_again(struct device_tpm *tpm, TSS2_RC rc, unsigned int tried);

/* DEVICE_TPM_TRY for such a call. */
#define DEVICE_TPM_TRY_OBJECT(tpm, rc, call)                            \
	do {                                                            \
		unsigned int tried_ = 0;                                \
		do {                                                    \
			(rc) = (call);                                  \
		} while ((rc) != TSS2_RC_SUCCESS &&                     \
		    device_room_again((tpm), (rc), tried_++));          \
	} while (0)

#endif
