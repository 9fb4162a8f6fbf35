/* Options that several commands of attest-device take: each group fills a struct device_settings. */
#ifndef DEVICE_OPTIONS_H
#define DEVICE_OPTIONS_H

#include "command/option.h"

extern const struct command_option device_common_rows[];
extern const struct command_option device_attestation_rows[];
extern const struct command_option device_ek_rows[];
extern const struct command_option device_ak_rows[];
extern const struct command_option device_certificate_rows[];
extern const struct command_option device_files_rows[];
extern const struct command_option device_auth_rows[];
extern const struct command_option device_exec_rows[];

#endif
