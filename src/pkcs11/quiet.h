/* Keeps the tss2 libraries from writing to the application's stderr. */
#ifndef PKCS11_QUIET_H
#define PKCS11_QUIET_H

/*
 * Between both calls the environment has TSS2_LOG=all+NONE, unless the application or its user
 * has set TSS2_LOG: the libraries read it when they are about to write for the first time. The
 * application's own environment is put aside as a whole and comes back as it was, so that no
 * array that another thread may be reading is changed or freed. One thread at a time.
 */
void quiet_begin(void);
void quiet_end(void);

/* In the child of a fork that happened in between: its environment is the application's again. */
void quiet_child(void);

#endif
