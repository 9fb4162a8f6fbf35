/* Settings come from the command line, then device.conf, then the memory of the last run. */
#ifndef DEVICE_DEVICE_SETTINGS_H
#define DEVICE_DEVICE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct config_schema;
struct device_state;
struct error;

/*
 * A row is a setting of device.conf and an option of the command line: the setting's name, the
 * option's, its kind (command/option.h), what help calls its argument, whether a renewal is to
 * find it again (a WORD, or a PATH, which is made absolute; FLEETING is for one run), the
 * words of a WORD, what help says, and what the sample file and the manual page say, as members
 * of struct config_row. A command takes those of one or more of these groups.
 */
#define DEVICE_SETTINGS_COMMON(X)                                                                 \
	X(state_dir, "state-dir", TEXT, "DIR", FLEETING, NULL, "where keys and certificates are kept", \
	    .example = "/var/lib/attest-device",                                                  \
	    .manual = "The state directory.")                                                     \
	X(tcti, "tcti", TEXT, "CONF", FLEETING, NULL, "the TPM; else $TPM2TOOLS_TCTI, else device:/dev/tpmrm0", \
	    .example = "device:/dev/tpmrm0",                                                      \
	    .manual = "The TPM, as the tss2 libraries name it.")
#define DEVICE_SETTINGS_ATTESTATION(X)                                                            \
	X(attestation_url, "attestation-url", TEXT, "URL", WORD, NULL, "where attestd listens",   \
	    .example = "https://attest.example.com", .title = "The attestation host",             \
	    .manual = "Where attestd(8) listens.")                                                \
	X(attestation_root, "attestation-root", TEXT, "FILE", PATH, NULL, "the root that the chain must lead to (PEM)", \
	    .example = "/etc/attest-device/attestation-root.pem",                                 \
	    .manual = "The `root.pem` of the attestation host, brought here in a way that is trusted: the " \
	    "chain that comes back must lead to it.")                                             \
	X(tls_root, "tls-root", TEXT, "FILE", PATH, NULL, "roots for https, in place of the system's (PEM)", \
	    .example = "/etc/attest-device/tls-root.pem",                                         \
	    .manual = "The roots for https to the attestation host, in place of the system's (PEM).") \
	X(wish, "wish", TEXT, "NAME", WORD, NULL, "the name to ask the administrator for; \"none\": none", \
	    .example = "laptop",                                                                  \
	    .manual = "The name that the administrator of the attestation host is told, as this "   \
	    "machine's wish, while it waits to be enrolled; it proves nothing. Without it: `name`, " \
	    "or else the name of the certificate that the machine has, or else the host name. `none` " \
	    "sends none.")
#define DEVICE_SETTINGS_EK(X)                                                                     \
	X(ek, "ek", TEXT, "KIND", WORD, NULL, "another EK than the default: P-256, H-3, …",       \
	    .example = "P-256",                                                                   \
	    .manual = "The EK to attest by, when it is not the default.")
#define DEVICE_SETTINGS_AK(X)                                                                     \
	X(ak_type, "ak-type", WORD, "TYPE", FLEETING, device_ak_type_word, NULL,                  \
	    .example = "rsa2048",                                                                 \
	    .manual = "The type of the AK, when it is not the default.")
#define DEVICE_SETTINGS_CERTIFICATE(X)                                                            \
	X(acme, "acme", TEXT, "URL", WORD, NULL, "the ACME server's directory",                   \
	    .example = "https://acme.example.com/acme/directory", .title = "The ACME server",     \
	    .manual = "The URL of the directory of the ACME server, attest-acmed(8) or step-ca.") \
	X(acme_root, "acme-root", TEXT, "FILE", PATH, NULL, "roots for its https, in place of the system's (PEM)", \
	    .example = "/etc/attest-device/acme-root.pem",                                        \
	    .manual = "The roots for https to the ACME server, in place of the system's (PEM).")  \
	X(name, "name", TEXT, "NAME", WORD, NULL, "the name to certify; else the only one that the device has", \
	    .example = "laptop", .title = "The certificate",                                      \
	    .manual = "The name to certify. Without it: the only name that the attestation host gives this " \
	    "machine.")                                                                           \
	X(key_type, "key-type", WORD, "TYPE", WORD, sign_key_type_word, NULL,                     \
	    .example = "ecc-p256",                                                                \
	    .manual = "The type of the key: `ecc-p256` (the default), `ecc-p384` or `rsa-2048`. Many TPMs " \
	    "sign with RSA in a way that TLS 1.3 refuses.")                                       \
	X(rekey, "rekey", TEXT, "AGE", WORD, NULL, "\"never\", or the age at which a renewal changes the key: 90d", \
	    .example = "never",                                                                   \
	    .manual = "When a renewal makes a new key: `never` (the default), or at the first one after " \
	    "the key has this age, as in `90d`. A key that stays cannot leave the TPM any more than a new " \
	    "one, and programs that hold it go on.")
#define DEVICE_SETTINGS_OUT(X)                                                                    \
	X(out, "out", TEXT, "DIR", PATH, NULL, "where device.key and device.pem are; else the state directory", \
	    .example = "/etc/attest-device",                                                      \
	    .manual = "The directory for `device.key` and `device.pem`. Without it: the state directory.")
#define DEVICE_SETTINGS_SHARING(X)                                                                \
	X(key_group, "key-group", TEXT, "GROUP", WORD, NULL, "the group that may use the keys",   \
	    .example = "attest-device",                                                           \
	    .manual = "The group whose members may use the keys: they can read `device.key`, which is of " \
	    "no use on another machine, and find it, since everybody can look into the state directory. " \
	    "They need the TPM too: on most systems the group `tss`. `root` takes it back. Without it the " \
	    "permissions are left alone.")
#define DEVICE_SETTINGS_AUTH(X)                                                                   \
	X(owner_auth_file, "owner-auth-file", TEXT, "FILE", FLEETING, NULL, "the password of the TPM's owner", \
	    .example = "/etc/attest-device/owner", .title = "The TPM",                            \
	    .manual = "A file with the password of the TPM's owner, for TPMs that have one.")     \
	X(endorsement_auth_file, "endorsement-auth-file", TEXT, "FILE", FLEETING, NULL, "the password of its endorsement hierarchy", \
	    .example = "/etc/attest-device/endorsement",                                          \
	    .manual = "A file with the password of the endorsement hierarchy of the TPM, where it has one.") \
	X(parent_auth_file, "parent-auth-file", TEXT, "FILE", FLEETING, NULL, "the password of its storage root key", \
	    .example = "/etc/attest-device/parent",                                               \
	    .manual = "A file with the password of the storage root key of the TPM, where it has one.")
#define DEVICE_SETTINGS_EXEC(X)                                                                   \
	X(exec, "exec", TEXT, "CMD", FLEETING, NULL, "run this after a change",                   \
	    .example = "systemctl reload nginx",                                                  \
	    .manual = "The command that /bin/sh runs after a renewal. `$ATTEST_DEVICE_CHANGED` is " \
	    "`certificate`, or `ak` when only the AK certificate is new; `$ATTEST_DEVICE_KEY` is the name of " \
	    "the key, empty for the first.")

#define DEVICE_SETTINGS(X)                                                                        \
	DEVICE_SETTINGS_ATTESTATION(X)                                                            \
	DEVICE_SETTINGS_CERTIFICATE(X)                                                            \
	DEVICE_SETTINGS_OUT(X)                                                                    \
	DEVICE_SETTINGS_SHARING(X)                                                                \
	DEVICE_SETTINGS_EXEC(X)                                                                   \
	DEVICE_SETTINGS_AUTH(X)                                                                   \
	DEVICE_SETTINGS_EK(X)                                                                     \
	DEVICE_SETTINGS_AK(X)                                                                     \
	DEVICE_SETTINGS_COMMON(X)

/* The settings of a run. Strings are borrowed, NULL if not set. */
struct device_settings {
#define X(field, option, kind, argument, use, words, summary, ...) const char *field;
	DEVICE_SETTINGS(X)
#undef X
	const char *config; /* another device.conf; from here on command line only */
	const char *key; /* a named key; NULL: the first */
	bool        verbose;
	bool        new_ak; /* do not reuse the kept AK */
	bool        new_key; /* renew now, with a new key */
	bool        force; /* renew now */
	int64_t     end_ms; /* deadline of all requests (clock_monotonic_ms); 0: not set */
	int64_t     retries_end_ms; /* the same of retries, where it is earlier */
};

/* The values of device.conf; each owned, or NULL. */
struct device_settings_file {
#define X(field, option, kind, argument, use, words, summary, ...) char *field;
	DEVICE_SETTINGS(X)
#undef X
};

/* The merged settings; `all` borrows from the others. {0} is empty. */
struct device_sources {
	struct device_settings      all;
	struct device_settings_file own; /* of a named key: keys/NAME.conf */
	struct device_settings_file file;
	json_t                     *remembered;
};

/* The rows of device.conf, which fill a struct device_settings_file. */
const struct config_schema *device_settings_schema(void);

void device_settings_clear(struct device_sources *sources);

#define AUTO_SETTINGS __attribute__((cleanup(device_settings_clear))) struct device_sources

/*
 * Takes the settings of the command line, and adds those of device.conf: --config, or the
 * default file if it exists; with `must_have` it must exist. A named key has a file of its own
 * besides, keys/NAME.conf beside device.conf, which goes before and need not exist; what is
 * about the certificate itself, `out` and `exec`, it does not take from device.conf. MALFORMED,
 * naming file and line; NOT_FOUND; INTERNAL.
 */
int device_settings_read(const struct device_settings *line, bool must_have,
    struct device_sources *sources, struct error *err);

/* Adds the settings remembered in the state directory. MALFORMED or INTERNAL. */
int device_settings_recall(struct device_sources *sources, const struct device_state *state,
    struct error *err);

/* Remembers the settings that a renewal needs, with absolute paths. MALFORMED when one is
 * not UTF-8, INTERNAL. */
int device_settings_remember(const struct device_settings *settings,
    const struct device_state *state, struct error *err);

/* Checks that the EK setting is a known template. MALFORMED. */
int device_settings_ek_check(const struct device_settings *settings, struct error *err);

/* The same, and that the wish is a name. MALFORMED. */
int device_settings_attest_check(const struct device_settings *settings, struct error *err);

/* The age in seconds at which a renewal changes the key; 0: never. MALFORMED. */
int device_settings_rekey(const struct device_settings *settings, int64_t *age, struct error *err);

/* Checks that all words are known ones. MALFORMED. */
int device_settings_words_check(const struct device_settings *settings, struct error *err);

/* The same, and that all settings for a certificate are set; MALFORMED with the remedy. */
int device_settings_check(const struct device_settings *settings, struct error *err);

#endif
