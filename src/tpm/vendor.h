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

#endif
