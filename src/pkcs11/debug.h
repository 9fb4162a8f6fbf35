/* What the module does and why it fails, for whoever asks with ATTEST_PKCS11_DEBUG. */
#ifndef PKCS11_DEBUG_H
#define PKCS11_DEBUG_H

/*
 * Reads the variable: a path ("/…") is a file to append to, anything else means stderr; unset or
 * empty: nothing is written, anywhere. Privileged programs (AT_SECURE) have none.
 */
void debug_open(void);

/* Writes one line, with the process's number. Any thread. */
void debug_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
