/*
 * Finds and makes endorsement keys, and reads their certificates; changes nothing
 * persistent in the TPM.
 */
#include "config.h"

#include "device/tpm/device_ek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <tss2/tss2_mu.h>

#include "device/tpm/esys.h"
#include "device/tpm/nv.h"
#include "device/tpm/octets.h"
#include "device/tpm/template.h"
#include "pki/certificate.h"
#include "tpm/public.h"
#include "tpm/spki.h"
#include "util/error.h"

/* Where TCG reserves handles for persistent EKs; few TPMs have room for ten persistent keys. */
#define EK_HANDLE_FIRST 0x81010000U
#define EK_HANDLE_LAST  0x810100ffU
#define EK_HANDLES_MAX  32U

void
device_ek_clear(struct device_ek *ek)
{
	bytes_clear(&ek->area);
	bytes_clear(&ek->spki);
	bytes_clear(&ek->certificate);
	free(ek->fault);
	*ek = (struct device_ek){0};
}

int
device_ek_present(struct device_tpm *tpm, const struct device_template *template, bool *present,
    struct error *err)
{
	*present = true;
	if (!template->high)
		return 0;
	if (device_nv_present(tpm, template->nv_certificate, present, err) != 0)
		return -1;
	return *present ? 0 : device_nv_present(tpm, template->nv_template, present, err);
}

/* ---- the template as this machine has it ---- */

/* Puts the nonce where the profile says: in `unique`, padded with zeros; in x for ECC. */
static int
nonce_apply(TPMT_PUBLIC *area, struct view nonce, struct error *err)
{
	uint8_t *to = area->type == TPM2_ALG_RSA ? area->unique.rsa.buffer : area->unique.ecc.x.buffer;
	size_t   room = area->type == TPM2_ALG_RSA ? 256 : 32;

	if (nonce.size > room)
		return error_set(err, ERROR_INTERNAL, "the EK nonce in NV has %zu octets", nonce.size);
	memset(&area->unique, 0, sizeof area->unique);
	memcpy(to, nonce.data, nonce.size);
	if (area->type == TPM2_ALG_RSA) {
		area->unique.rsa.size = (uint16_t)room;
	} else {
		area->unique.ecc.x.size = (uint16_t)room;
		area->unique.ecc.y.size = (uint16_t)room;
	}
	return 0;
}

/* The template of the EK: NV's before TCG's, with NV's nonce in either. */
static int
template_read(struct device_tpm *tpm, const struct device_template *template, TPMT_PUBLIC *area,
    struct error *err)
{
	AUTO_BYTES raw = {0};
	AUTO_BYTES nonce = {0};
	size_t     offset = 0;

	*area = device_template_public(template);
	if (device_nv_read(tpm, template->nv_template, &raw, err) != 0)
		return -1;
	/* The index may be longer than its template. */
	if (raw.size > 0 &&
	    (Tss2_MU_TPMT_PUBLIC_Unmarshal(raw.data, raw.size, &offset, area) != TSS2_RC_SUCCESS ||
	        area->type != template->type))
		return error_set(err, ERROR_INTERNAL, "NV index 0x%08x holds no %s template",
		    template->nv_template, template->kind);
	if (template->nv_nonce == 0)
		return 0;
	if (device_nv_read(tpm, template->nv_nonce, &nonce, err) != 0)
		return -1;
	return nonce.size == 0 ? 0 : nonce_apply(area, bytes_view(&nonce), err);
}

/* ---- persistent or made ---- */

/*
 * True when the object is a primary key of the endorsement hierarchy: its qualified
 * name is then computed from the hierarchy's handle and its own Name (TPM 2.0 Part
 * 1, "Names"), which differs for every other hierarchy.
 */
static bool
endorsement_primary(TPM2_ALG_ID name_alg, const TPM2B_NAME *name, const TPM2B_NAME *qualified)
{
	static const uint8_t endorsement[] = {0x40, 0x00, 0x00, 0x0b};
	uint8_t              digest[EVP_MAX_MD_SIZE];
	unsigned int         size = 0;
	AUTO_BYTES           input = {0};
	const EVP_MD        *md = name_alg == TPM2_ALG_SHA256 ? EVP_sha256()
	           : name_alg == TPM2_ALG_SHA384              ? EVP_sha384()
	                                                      : EVP_sha512();

	bytes_append(&input, endorsement, sizeof endorsement);
	bytes_append(&input, name->name, name->size);
	return EVP_Digest(input.data, input.size, digest, &size, md, NULL) == 1 &&
	    qualified->size == 2 + size && memcmp(qualified->name + 2, digest, size) == 0;
}

/* Opens the persistent key if it is the EK; otherwise *handle stays ESYS_TR_NONE. */
static int
persistent_try(struct device_tpm *tpm, TPM2_HANDLE persistent, const TPMT_PUBLIC *wanted,
    TPMT_PUBLIC *area, uint32_t*handle, struct error *err)
{
	TPM2B_PUBLIC *public = NULL;
	TPM2B_NAME   *name = NULL;
	TPM2B_NAME   *qualified = NULL;
	ESYS_TR       found = ESYS_TR_NONE;
	bool          fits;
	TSS2_RC       rc;

	DEVICE_TPM_TRY(rc, Esys_TR_FromTPMPublic(tpm->esys, persistent, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &found));
	if (rc != TSS2_RC_SUCCESS)
		return device_tpm_error(err, rc, "the persistent key 0x%08x", persistent);
	device_tpm_keep(tpm, found, false);
	DEVICE_TPM_TRY(rc, Esys_ReadPublic(tpm->esys, found, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, &public, &name, &qualified));
	if (rc != TSS2_RC_SUCCESS) {
		device_tpm_release(tpm, &found);
		return device_tpm_error(err, rc, "reading the persistent key 0x%08x", persistent);
	}
	fits = device_template_equal(&public->publicArea, wanted) &&
	    endorsement_primary(wanted->nameAlg, name, qualified);
	if (fits) {
		*area = public->publicArea;
		*handle = found;
	} else {
		device_tpm_release(tpm, &found);
	}
	Esys_Free(public);
	Esys_Free(name);
	Esys_Free(qualified);
	return 0;
}

/* Looks for the EK among the persistent keys: making an RSA key takes some TPMs 20 s. */
static int
persistent_find(struct device_tpm *tpm, const TPMT_PUBLIC *wanted, TPMT_PUBLIC *area,
    uint32_t*handle, struct error *err)
{
	TPM2_HANDLE handles[EK_HANDLES_MAX];
	size_t      count = EK_HANDLES_MAX;

	if (device_tpm_handles(tpm, EK_HANDLE_FIRST, handles, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count && *handle == ESYS_TR_NONE; i++) {
		if (handles[i] <= EK_HANDLE_LAST &&
		    persistent_try(tpm, handles[i], wanted, area, handle, err) != 0)
			return -1;
	}
	return 0;
}

/* True for the response codes of a TPM that lacks an algorithm, a curve or a key size. */
static bool
code_means_unsupported(TPM2_RC code)
{
	return code == TPM2_RC_ASYMMETRIC || code == TPM2_RC_TYPE || code == TPM2_RC_VALUE ||
	    code == TPM2_RC_CURVE || code == TPM2_RC_KEY_SIZE || code == TPM2_RC_HASH ||
	    code == TPM2_RC_SYMMETRIC;
}

static int
primary_make(struct device_tpm *tpm, const struct device_template *template,
    const TPMT_PUBLIC *wanted, TPMT_PUBLIC *area, uint32_t*handle, struct error *err)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_PUBLIC           in = {.publicArea = *wanted};
	const TPM2B_DATA             outside = {0};
	const TPML_PCR_SELECTION     pcrs = {0};
	TPM2B_PUBLIC                *out = NULL;
	char                         doing[64];
	TSS2_RC                      rc;

	(void)snprintf(doing, sizeof doing, "making the %s EK", template->kind);
	if (device_auth_use(tpm, DEVICE_AUTH_ENDORSEMENT, ESYS_TR_RH_ENDORSEMENT, doing, err) != 0)
		return -1;
	DEVICE_TPM_TRY(rc, Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD,
	                       ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &in, &outside, &pcrs, handle,
	                       &out, NULL, NULL, NULL));
	if (rc != TSS2_RC_SUCCESS) {
		*handle = ESYS_TR_NONE;
		if (code_means_unsupported(device_tpm_code(rc)))
			return error_set(err, ERROR_NOT_FOUND, "this TPM makes no %s EK (%s)",
			    template->kind, template->label);
		return device_auth_error(tpm, DEVICE_AUTH_ENDORSEMENT, rc, doing, err);
	}
	device_tpm_keep(tpm, *handle, true);
	*area = out->publicArea;
	Esys_Free(out);
	return 0;
}

/* ---- what is known of it ---- */

static int
certificate_read(struct device_tpm *tpm, const struct device_template *template, struct bytes *out,
    struct error *err)
{
	AUTO_BYTES  raw = {0};
	struct view der;

	if (device_nv_read(tpm, template->nv_certificate, &raw, err) != 0)
		return -1;
	der = device_ek_certificate_trim(bytes_view(&raw));
	bytes_append(out, der.data, der.size);
	return 0;
}

static bool
certificate_fits(struct view der, const struct ek_hash *hash)
{
	uint8_t      found[EK_HASH_SIZE];
	X509        *certificate = NULL;
	struct error ignored;
	bool         fits;

	if (certificate_decode(der, &certificate, &ignored) != 0)
		return false;
	fits = certificate_key_hash(certificate, found, &ignored) == 0 &&
	    memcmp(found, hash->bytes, sizeof found) == 0;
	X509_free(certificate);
	return fits;
}

/* The template in NV may be another key's: some vendors and virtual machines have this fault. */
static void
fault_find(struct device_ek *ek)
{
	struct tpm_ek decoded = {0};
	struct error  why;

	if (tpm_ek_decode(bytes_view(&ek->spki), bytes_view(&ek->area), &decoded, &why) != 0)
		ek->fault = memory_strdup(why.detail);
	tpm_ek_clear(&decoded);
}

static int
ek_describe(struct device_tpm *tpm, struct device_ek *ek, struct error *err)
{
	EVP_PKEY *key = NULL;
	int       rc = -1;

	if (device_public_append(&ek->public, &ek->area, err) == 0 &&
	    tpm_public_key(&ek->public, &key, err) == 0 && spki_encode(key, &ek->spki, err) == 0 &&
	    ek_hash_of_key(key, &ek->hash, err) == 0 &&
	    certificate_read(tpm, ek->template, &ek->certificate, err) == 0)
		rc = 0;
	EVP_PKEY_free(key);
	if (rc == 0 && ek->certificate.size > 0)
		ek->certificate_fits = certificate_fits(bytes_view(&ek->certificate), &ek->hash);
	if (rc == 0)
		fault_find(ek);
	return rc;
}

int
device_ek_load(struct device_tpm *tpm, const struct device_template *template, struct device_ek *ek,
    uint32_t*handle, struct error *err)
{
	TPMT_PUBLIC wanted;

	*ek = (struct device_ek){.template = template};
	*handle = ESYS_TR_NONE;
	if (template_read(tpm, template, &wanted, err) != 0 ||
	    persistent_find(tpm, &wanted, &ek->public, handle, err) != 0)
		return -1;
	if (*handle == ESYS_TR_NONE && primary_make(tpm, template, &wanted, &ek->public, handle, err) != 0)
		return -1;
	if (ek_describe(tpm, ek, err) == 0)
		return 0;
	device_tpm_release(tpm, handle);
	device_ek_clear(ek);
	return -1;
}

/* device_ek_load; BAD_ATTESTATION for an EK that no attestation host accepts. */
static int
usable_load(struct device_tpm *tpm, const struct device_template *template, struct device_ek *ek,
    uint32_t *handle, struct error *err)
{
	if (device_ek_load(tpm, template, ek, handle, err) != 0)
		return -1;
	if (ek->fault == NULL)
		return 0;
	(void)error_set(err, ERROR_BAD_ATTESTATION, "the %s EK of this TPM is refused: %s",
	    template->kind, ek->fault);
	device_tpm_release(tpm, handle);
	device_ek_clear(ek);
	return -1;
}

int
device_ek_load_wanted(struct device_tpm *tpm, const char *wanted, struct device_ek *ek,
    uint32_t *handle, struct error *err)
{
	const struct device_template *template;
	struct error                  first = {0};
	bool                          present;

	if (wanted != NULL) {
		if ((template = device_template_find(wanted)) == NULL)
			return error_set(err, ERROR_MALFORMED, "there is no EK kind \"%s\"", wanted);
		return usable_load(tpm, template, ek, handle, err);
	}
	for (size_t i = 0; (template = device_template_at(i)) != NULL; i++) {
		if (device_ek_present(tpm, template, &present, err) != 0)
			return -1;
		if (!present)
			continue;
		if (usable_load(tpm, template, ek, handle, err) == 0)
			return 0;
		if (err->kind == ERROR_BAD_ATTESTATION && first.detail[0] == '\0')
			first = *err;
		if (err->kind != ERROR_NOT_FOUND && err->kind != ERROR_BAD_ATTESTATION)
			return -1;
	}
	if (first.detail[0] != '\0')
		return error_set(err, first.kind, "this TPM has no EK that can be used: %s", first.detail);
	return error_set(err, ERROR_NOT_FOUND, "this TPM makes no EK that TCG's templates describe");
}

int
device_ek_authorize(struct device_tpm *tpm, const struct device_ek *ek, uint32_t *session,
    struct error *err)
{
	const TPMT_SYM_DEF symmetric = {.algorithm = TPM2_ALG_NULL};
	TSS2_RC            rc;

	*session = ESYS_TR_PASSWORD;
	if (ek->public.objectAttributes & TPMA_OBJECT_USERWITHAUTH)
		return 0;
	if (device_auth_use(tpm, DEVICE_AUTH_ENDORSEMENT, ESYS_TR_RH_ENDORSEMENT, "authorizing the EK",
	        err) != 0)
		return -1;
	DEVICE_TPM_TRY(rc, Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	                       ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_POLICY,
	                       &symmetric, ek->public.nameAlg, session));
	if (rc != TSS2_RC_SUCCESS) {
		*session = ESYS_TR_NONE;
		return device_tpm_error(err, rc, "starting a session for the EK");
	}
	device_tpm_keep(tpm, *session, true);
	DEVICE_TPM_TRY(rc, Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, *session,
	                       ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0,
	                       NULL, NULL));
	if (rc != TSS2_RC_SUCCESS) {
		device_tpm_release(tpm, session);
		return device_auth_error(tpm, DEVICE_AUTH_ENDORSEMENT, rc, "authorizing the EK", err);
	}
	return 0;
}

/* ---- certificates ---- */

void
device_ek_certificates(struct device_tpm *tpm, struct bytes *certificates, size_t max, size_t *count)
{
	const struct device_template *template;
	struct error                  ignored;

	*count = 0;
	for (size_t i = 0; (template = device_template_at(i)) != NULL && *count < max; i++) {
		struct bytes *der = &certificates[*count];

		*der = (struct bytes){0};
		if (certificate_read(tpm, template, der, &ignored) == 0 && der->size > 0)
			(*count)++;
		else
			bytes_clear(der);
	}
}

struct view
device_ek_certificate_trim(struct view raw)
{
	static const uint8_t header[] = {0x10, 0x01}; /* TPM 1.2: TCG_PCCLIENT_STORED_CERT */
	const struct view    nothing = {NULL, 0};
	size_t               length;

	if (raw.size > 5 && memcmp(raw.data, header, sizeof header) == 0) {
		raw.data += 5;
		raw.size -= 5;
		/* TCG_FULL_CERT */
		if (raw.size > 2 && raw.data[0] == 0x10 && raw.data[1] == 0x02) {
			raw.data += 2;
			raw.size -= 2;
		}
	}
	/* Certificates have lengths of two octets, or of one when tiny. */
	if (raw.size < 4 || raw.data[0] != 0x30)
		return nothing;
	if (raw.data[1] == 0x82)
		length = 4 + ((size_t)raw.data[2] << 8 | raw.data[3]);
	else if (raw.data[1] == 0x81)
		length = 3 + (size_t)raw.data[2];
	else
		return nothing;
	return length <= raw.size ? (struct view){raw.data, length} : nothing;
}
