/* Fuzzes an EK: its SubjectPublicKeyInfo and its public area; and a credential for what passes. */
#include "config.h"

#include <stdlib.h>

#include "fuzz.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm/name.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[32];
	struct tpm_name      name = {.bytes = {0, 0x0b}, .size = 34};
	struct view          rest = {data, size};
	struct view          spki = fuzz_part(&rest);
	struct view          public = fuzz_part(&rest);
	AUTO_BYTES           credential = {0};
	AUTO_BYTES           encrypted_secret = {0};
	struct tpm_ek        ek;
	struct error         err;

	/* Whatever we took for an EK, a credential can be made for. */
	if (tpm_ek_decode(spki, public, &ek, &err) == 0 &&
	    tpm_credential_make(&ek, &name, (struct view){secret, sizeof secret}, &credential,
	        &encrypted_secret, &err) < 0)
		abort();
	tpm_ek_clear(&ek);
	return 0;
}
