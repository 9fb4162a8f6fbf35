/* TPM manufacturers and versions as certificates write them: TCG Vendor ID Registry. */
#ifndef TPM_VENDOR_H
#define TPM_VENDOR_H

/* "id:" and eight upper-case hexadecimal digits. */
#define TPM_VENDOR_ID_SIZE 12

/*
 * Writes the TCG vendor id of a manufacturer as peers claim it: the decimal
 * TPM_PT_MANUFACTURER, "id:" and hex digits, the four-letter code, or the vendor's
 * name. Whatever is not known, or empty, gives "id:00000000".
 */
void tpm_vendor_id(const char *manufacturer, char id[TPM_VENDOR_ID_SIZE]);

/*
 * Writes a firmware version ("7.2", or already "id:00070002") as major and minor
 * in 16 bits each; "id:00000000" when it is neither.
 */
void tpm_version_id(const char *version, char id[TPM_VENDOR_ID_SIZE]);

/*
 * Writes a version as EK certificates have it, "id:" and 8, 4 or 2 hexadecimal digits,
 * the halves of which are major and minor ("id:073F" is 7.63), as "id:0007003F"; ""
 * when it is not of that form.
 */
void tpm_version_of_certificate(const char *version, char id[TPM_VENDOR_ID_SIZE]);

/* TCG's short name of the vendor with this id ("NTC"), and a name for people; "" when unknown. */
#define TPM_VENDOR_CODE_SIZE 5
void        tpm_vendor_code(const char *id, char code[TPM_VENDOR_CODE_SIZE]);
const char *tpm_vendor_name(const char *id);

#endif
