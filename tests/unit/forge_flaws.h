/* What can be wrong with evidence, one row for each rule of WIRE.md §2 and §6; see forge.h. */
#ifndef TESTS_UNIT_FORGE_FLAWS_H
#define TESTS_UNIT_FORGE_FLAWS_H

/* Who must refuse a flaw. */
enum forge_judge { FORGE_BY_NOBODY, FORGE_BY_AK, FORGE_BY_CREATION };

/*
 * The flaws of an attestation, one for each rule of WIRE.md §2: name, the kind of
 * AK that has it, the judge that refuses it, and with what error and sentence.
 */
#define FORGE_FLAWS(X)                                                                     \
	X(NONE, RSASSA, NOBODY, INTERNAL, "")                                              \
	X(PUBLIC_CUT_OFF, RSASSA, AK, MALFORMED, "the AK's public area is cut off")        \
	X(PUBLIC_LEFT_OVER, RSASSA, AK, MALFORMED,                                         \
	    "the AK's public area has octets left over: 1")                                \
	X(PUBLIC_TYPE, RSASSA, AK, BAD_ATTESTATION, "AK type 0x0008 is not RSA or ECC")    \
	X(NAME_ALG_SHA1, RSASSA, AK, BAD_ATTESTATION,                                      \
	    "AK: nameAlg 0x0004 is not SHA-256, SHA-384 or SHA-512")                       \
	X(NO_FIXED_TPM, RSASSA, AK, BAD_ATTESTATION,                                       \
	    "AK without fixedTPM: it may leave its TPM")                                   \
	X(NO_FIXED_PARENT, RSASSA, AK, BAD_ATTESTATION,                                    \
	    "AK without fixedParent: it may leave its parent")                             \
	X(NO_SENSITIVE_DATA_ORIGIN, RSASSA, AK, BAD_ATTESTATION,                           \
	    "AK without sensitiveDataOrigin: its TPM may not have made it")                \
	X(NO_RESTRICTED, RSASSA, AK, BAD_ATTESTATION,                                      \
	    "AK without restricted: it signs whatever it is given")                        \
	X(NO_SIGN, RSASSA, AK, BAD_ATTESTATION, "AK without sign: it cannot attest")       \
	X(DECRYPT, RSASSA, AK, BAD_ATTESTATION, "AK with decrypt: it is a storage key")    \
	X(RSA_SCHEME_NULL, RSASSA, AK, BAD_ATTESTATION,                                    \
	    "AK scheme 0x0010 of an RSA key is not RSASSA or RSAPSS")                      \
	X(ECC_SCHEME_ECDAA, P256, AK, BAD_ATTESTATION,                                     \
	    "AK scheme 0x001a of an ECC key is not ECDSA")                                 \
	X(RSA_HASH_SHA1, RSASSA, AK, BAD_ATTESTATION,                                      \
	    "AK scheme hash 0x0004 is not SHA-256, SHA-384 or SHA-512")                    \
	X(ECC_HASH_SHA1, P256, AK, BAD_ATTESTATION,                                        \
	    "AK scheme hash 0x0004 is not SHA-256, SHA-384 or SHA-512")                    \
	X(RSA_1024, RSASSA, AK, BAD_ATTESTATION,                                           \
	    "AK of 1024 bits: RSA needs at least 2048")                                    \
	X(RSA_EXPONENT_3, RSASSA, AK, BAD_ATTESTATION, "AK: RSA exponent 3 is not 65537")  \
	X(RSA_ROCA, RSASSA, AK, BAD_ATTESTATION,                                           \
	    "AK modulus can be factored (ROCA, CVE-2017-15361): update the TPM's firmware " \
	    "and make a new key")                                                          \
	X(RSA_MODULUS_SHORT, RSASSA, AK, BAD_ATTESTATION,                                  \
	    "AK: RSA modulus of 255 octets in a key of 2048 bits")                         \
	X(RSA_MODULUS_SMALL, RSASSA, AK, BAD_ATTESTATION,                                  \
	    "AK: RSA modulus is shorter than its 256 octets")                              \
	X(RSA_MODULUS_EVEN, RSASSA, AK, BAD_ATTESTATION, "AK: RSA modulus is even")        \
	X(CURVE_P224, P256, AK, BAD_ATTESTATION,                                           \
	    "AK: curve 0x0002 is not P-256, P-384 or P-521")                               \
	X(POINT_OFF_CURVE, P256, AK, BAD_ATTESTATION,                                      \
	    "AK: not a point on P-256: point is not on curve")                             \
	X(POINT_TOO_LONG, P256, AK, BAD_ATTESTATION,                                       \
	    "AK: coordinates of 33 and 32 octets are too long for P-256")                  \
	X(ATTEST_CUT_OFF, RSASSA, CREATION, MALFORMED, "the attestation is cut off")       \
	X(ATTEST_EMPTY, RSASSA, CREATION, MALFORMED, "the attestation is cut off")         \
	X(ATTEST_LEFT_OVER, RSASSA, CREATION, MALFORMED,                                   \
	    "the attestation has octets left over: 1")                                     \
	X(ATTEST_MAGIC, RSASSA, CREATION, BAD_ATTESTATION,                                 \
	    "attestation magic 0xff544348 is not TPM_GENERATED_VALUE: no TPM made it")     \
	X(ATTEST_TYPE, RSASSA, CREATION, BAD_ATTESTATION,                                  \
	    "attestation type 0x8017 is not TPM_ST_ATTEST_CREATION")                       \
	X(OBJECT_NAME, RSASSA, CREATION, BAD_ATTESTATION,                                  \
	    "the attested objectName is not the Name of the AK's public area")             \
	X(OBJECT_NAME_EMPTY, RSASSA, CREATION, BAD_ATTESTATION,                            \
	    "the attested objectName is not the Name of the AK's public area")             \
	X(CREATION_HASH, RSASSA, CREATION, BAD_ATTESTATION,                                \
	    "the attested creationHash is not the hash of the creation data")              \
	X(CREATION_HASH_EMPTY, RSASSA, CREATION, BAD_ATTESTATION,                          \
	    "the attested creationHash is not the hash of the creation data")              \
	X(DATA_CUT_OFF, RSASSA, CREATION, MALFORMED, "the creation data is cut off")       \
	X(DATA_LEFT_OVER, RSASSA, CREATION, MALFORMED,                                     \
	    "the creation data has octets left over: 1")                                   \
	X(SIGNATURE_CUT_OFF, RSASSA, CREATION, MALFORMED, "the signature is cut off")      \
	X(SIGNATURE_LEFT_OVER, RSASSA, CREATION, MALFORMED,                                \
	    "the signature has octets left over: 1")                                       \
	X(SIGNATURE_SCHEME, RSASSA, CREATION, BAD_ATTESTATION,                             \
	    "signature scheme 0x0016 is not the AK's, 0x0014")                             \
	X(SIGNATURE_HASH, RSASSA, CREATION, BAD_ATTESTATION,                               \
	    "signature hash 0x000c is not the AK's, 0x000b")                               \
	X(SIGNATURE_OF_OTHER_KEY, RSASSA, CREATION, BAD_ATTESTATION,                       \
	    "the signature does not verify")                                               \
	X(SIGNATURE_OF_OTHER_OCTETS, RSASSA, CREATION, BAD_ATTESTATION,                    \
	    "the signature does not verify")                                               \
	X(ECC_SIGNATURE_OF_OTHER_KEY, P256, CREATION, BAD_ATTESTATION,                     \
	    "the signature does not verify")                                               \
	X(ECC_SIGNATURE_HASH, P256, CREATION, BAD_ATTESTATION,                             \
	    "signature hash 0x000c is not the AK's, 0x000b")

enum forge_flaw {
#define X(name, ak, judge, kind, detail) FORGE_FLAW_##name,
	FORGE_FLAWS(X)
#undef X
	FORGE_FLAW_COUNT
};

/* The flaws of a certification, one for each rule of WIRE.md §6. */
#define FORGE_CERTIFY_FLAWS(X)                                                             \
	X(NONE, INTERNAL, "")                                                              \
	X(AREA_CUT_OFF, MALFORMED, "the certified key's public area is cut off")           \
	X(AREA_LEFT_OVER, MALFORMED,                                                       \
	    "the certified key's public area has octets left over: 1")                     \
	X(AREA_TYPE, BAD_ATTESTATION, "certified key type 0x0008 is not RSA or ECC")       \
	X(AREA_NAME_ALG_SHA1, BAD_ATTESTATION,                                             \
	    "certified key: nameAlg 0x0004 is not SHA-256, SHA-384 or SHA-512")            \
	X(NO_FIXED_TPM, BAD_ATTESTATION,                                                   \
	    "certified key without fixedTPM: it may leave its TPM")                        \
	X(NO_FIXED_PARENT, BAD_ATTESTATION,                                                \
	    "certified key without fixedParent: it may leave its parent")                  \
	X(NO_SENSITIVE_DATA_ORIGIN, BAD_ATTESTATION,                                       \
	    "certified key without sensitiveDataOrigin: its TPM may not have made it")     \
	X(NO_SIGN, BAD_ATTESTATION, "certified key without sign: it cannot sign a request") \
	X(RESTRICTED, BAD_ATTESTATION,                                                     \
	    "certified key with restricted: it signs only what its TPM made")              \
	X(POINT_OFF_CURVE, BAD_ATTESTATION,                                                \
	    "certified key: not a point on P-256: point is not on curve")                  \
	X(INFO_CUT_OFF, MALFORMED, "the attestation is cut off")                           \
	X(INFO_LEFT_OVER, MALFORMED, "the attestation has octets left over: 1")            \
	X(INFO_MAGIC, BAD_ATTESTATION,                                                     \
	    "attestation magic 0xff544348 is not TPM_GENERATED_VALUE: no TPM made it")     \
	X(INFO_TYPE, BAD_ATTESTATION,                                                      \
	    "attestation type 0x801a is not TPM_ST_ATTEST_CERTIFY")                        \
	X(INFO_NAME, BAD_ATTESTATION,                                                      \
	    "the attested Name is not the Name of the certified key's public area")        \
	X(INFO_EXTRA_DATA, BAD_ATTESTATION,                                                \
	    "extraData is not the hash of the key authorization")                          \
	X(INFO_EXTRA_DATA_EMPTY, BAD_ATTESTATION,                                          \
	    "extraData is not the hash of the key authorization")                          \
	X(SIG_CUT_OFF, MALFORMED, "the signature is cut off")                              \
	X(SIG_LEFT_OVER, MALFORMED, "the signature has octets left over: 1")               \
	X(SIG_HASH, BAD_ATTESTATION, "signature hash 0x000c is not that of alg, 0x000b")   \
	X(SIG_OTHER_KEY, BAD_ATTESTATION, "the signature does not verify")                 \
	X(SIG_OTHER_OCTETS, BAD_ATTESTATION, "the signature does not verify")

enum forge_certify_flaw {
#define X(name, kind, detail) FORGE_CERTIFY_##name,
	FORGE_CERTIFY_FLAWS(X)
#undef X
	FORGE_CERTIFY_FLAW_COUNT
};

#endif
