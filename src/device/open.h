/* Opening the TPM that the settings name. */
#ifndef DEVICE_OPEN_H
#define DEVICE_OPEN_H

struct device_settings;
struct device_tpm;
struct error;

/*
 * Opens the TPM of --tcti, else of $TPM2TOOLS_TCTI, else device:/dev/tpmrm0, with the
 * passwords of the settings. Without --verbose it silences the libraries from here on,
 * because our errors say more clearly what failed. INTERNAL, or NOT_FOUND when there is
 * no TPM.
 */
int device_open(const struct device_settings *settings, struct device_tpm **tpm,
    struct error *err);

#endif
