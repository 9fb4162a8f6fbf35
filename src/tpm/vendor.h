/* TPM manufacturers and versions as certificates write them: TCG Vendor ID Registry. */
#ifndef TPM_VENDOR_H
#define TPM_VENDOR_H

#include <stddef.h>
#include <stdint.h>

/* "id:" and eight upper-case hexadecimal digits. */
#define TPM_VENDOR_ID_SIZE 12

/* Octets of TPM2_PT_VENDOR_STRING_1 to 4, and a NUL. */
#define TPM_VENDOR_STRING_SIZE 17

/*
 * Writes the TCG vendor id of a manufacturer in any form that peers send: the
 * decimal TPM_PT_MANUFACTURER, "id:" and hex digits, the four-letter code, or the
 * vendor's name. An unknown or empty text gives "id:00000000".
 */
void tpm_vendor_id(const char *manufacturer, char id[TPM_VENDOR_ID_SIZE]);

/*
 * Writes a firmware version ("7.2", or already "id:00070002") as major and minor
 * in 16 bits each; "id:00000000" for any other text.
 */
void tpm_version_id(const char *version, char id[TPM_VENDOR_ID_SIZE]);

/*
 * Writes a version from an EK certificate in its long form. The text is "id:" and 8, 4
 * or 2 hexadecimal digits, whose halves are major and minor: "id:073F" is 7.63 and
 * gives "id:0007003F". "" for any other text.
 */
void tpm_version_of_certificate(const char *version, char id[TPM_VENDOR_ID_SIZE]);

/*
 * Copies what a TPM, or a client in its name, says of it, so that it is one line of
 * printable ASCII of at most `size` - 1 octets: control octets (NUL among them) are left
 * out, runs of blanks and of octets above ASCII are one space, none at the ends. "" when
 * nothing is left.
 */
void tpm_vendor_clean(const uint8_t *text, size_t length, char *out, size_t size);

/* The same of the vendor string that the four properties hold, four octets to each, big-endian. */
void tpm_vendor_string(const uint32_t parts[4], char out[TPM_VENDOR_STRING_SIZE]);

/* TCG's short name of the vendor with this id ("NTC"), and a name for people; "" when unknown. */
#define TPM_VENDOR_CODE_SIZE 5
void        tpm_vendor_code(const char *id, char code[TPM_VENDOR_CODE_SIZE]);
const char *tpm_vendor_name(const char *id);

#endif
