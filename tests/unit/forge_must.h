/* What the files of the forge share: assertions that hold in every build. */
#ifndef TESTS_UNIT_FORGE_MUST_H
#define TESTS_UNIT_FORGE_MUST_H

#include <openssl/types.h>
#include <tss2/tss2_tpm2_types.h>

_Noreturn void forge_abort(const char *file, int line, const char *what);

#define forge_must(condition) \
	((condition) ? (void)0 : forge_abort(__FILE__, __LINE__, #condition))

/* The digest of a TPM_ALG_ID, SHA-1 included. */
const EVP_MD *forge_digest(TPMI_ALG_HASH hash);

#endif
