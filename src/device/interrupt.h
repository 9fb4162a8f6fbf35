/* SIGINT, SIGTERM and SIGHUP end the program in order: objects loaded in the TPM are flushed
 * first. */
#ifndef DEVICE_INTERRUPT_H
#define DEVICE_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/* Catches the three signals, and ignores SIGPIPE: a TCTI may be a pipe. */
void device_interrupt_catch(void);

/* True after one of them came. */
bool device_interrupt_pending(void);

/* Returns 0; or -1 with INTERNAL after one of them came. */
int device_interrupt_check(struct error *err);

/* Sleeps; returns -1 with INTERNAL at once when one of them comes or has come. */
int device_interrupt_sleep(int64_t ms, struct error *err);

#endif
