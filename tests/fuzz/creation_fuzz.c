/* Fuzzes an AK with its evidence: public, createData, createAttestation, createSignature. */
#include "config.h"

#include "fuzz.h"
#include "tpm/ak.h"
#include "tpm/creation.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view         rest = {data, size};
	struct view         public = fuzz_part(&rest);
	struct tpm_creation creation = {.create_data = fuzz_part(&rest)};
	struct tpm_ak       ak;
	struct error        err;

	creation.attestation = fuzz_part(&rest);
	creation.signature = fuzz_part(&rest);
	if (tpm_ak_decode(public, &ak, &err) == 0)
		(void)tpm_creation_verify(&ak, &creation, &err);
	tpm_ak_clear(&ak);
	return 0;
}
