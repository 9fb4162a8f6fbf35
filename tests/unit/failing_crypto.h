/*
 * What of OpenSSL and of our own pki/ is there to fail, and hardly ever does: digests, random numbers, new keys, what
 * is signed and what is encoded. The program calls failing_crypto first, and is linked with $(FAILING_CRYPTO), which sends its
 * calls here.
 */
#ifndef TESTS_UNIT_FAILING_CRYPTO_H
#define TESTS_UNIT_FAILING_CRYPTO_H

void failing_crypto(void);

#endif
