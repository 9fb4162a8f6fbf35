/* Fuzzes the public area of an AK. */
#include "config.h"

#include "fuzz.h"
#include "tpm/ak.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tpm_ak ak;
	struct error  err;

	(void)tpm_ak_decode((struct view){data, size}, &ak, &err);
	tpm_ak_clear(&ak);
	return 0;
}
