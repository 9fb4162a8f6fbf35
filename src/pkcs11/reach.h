/* Whether this process may open the TPM. */
#ifndef PKCS11_REACH_H
#define PKCS11_REACH_H

enum reach {
	REACH_OPEN,   /* nothing speaks against it; also where only opening could tell */
	REACH_CLOSED, /* the device or socket is not this user's to open */
	REACH_ABSENT, /* there is none */
};

/* Looks at the path in the TPM's name, without opening it. */
enum reach reach_look(const char *tcti);

#endif
