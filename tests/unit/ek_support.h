/* EK certificates, and vendors' CAs, forged. */
#ifndef TESTS_UNIT_EK_SUPPORT_H
#define TESTS_UNIT_EK_SUPPORT_H

#include "pki_support.h"

#define EK_TPM                                                                            \
	"subjectAltName=critical,dirName:tpm\n"                                           \
	"[tpm]\nx.2.23.133.2.1=id:4E544300\nx.2.23.133.2.2=NPCT75x\nx.2.23.133.2.3=id:00070002\n"

/* As TCG's profile has it; without an AKI, which the last line may bring. */
#define EK_EXTENSIONS                                                   \
	"[ext]\nbasicConstraints=critical,CA:FALSE\n"                   \
	"keyUsage=critical,keyAgreement\nextendedKeyUsage=2.23.133.8.1\n" EK_TPM

/* The same with the key id of its issuer. */
#define EK_EXTENSIONS_OF_KEY                                                                   \
	"[ext]\nbasicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid:always\n"      \
	"keyUsage=critical,keyAgreement\nextendedKeyUsage=2.23.133.8.1\n" EK_TPM

#define EK_CA "[ext]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" \
	"subjectKeyIdentifier=hash\n"

static inline EVP_PKEY *
ek_key(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	ck_assert_ptr_nonnull(key);
	return key;
}

/* An EK certificate with these extensions. */
static inline X509 *
ek_forge(const struct ca *issuer, EVP_PKEY *key, const char *extensions)
{
	return pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = key,
	    .extensions = extensions,
	});
}

/* A CA; NULL for a self-signed one. ca_clear clears it. */
static inline struct ca
ek_forge_ca(const struct ca *issuer, const char *name, const char *extensions)
{
	struct ca ca = {.key = ek_key()};

	ca.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = issuer,
	    .key = ca.key,
	    .common_name = name,
	    .extensions = extensions,
	    .not_after = PKI_NOW + 20 * PKI_YEAR,
	});
	return ca;
}

/* The certificate as octets; bytes_clear clears them. */
static inline struct bytes
ek_der(const X509 *certificate)
{
	struct bytes der = {0};
	struct error err = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	return der;
}

#endif
