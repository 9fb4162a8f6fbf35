/* Where settings come from: the command line, then device.conf, then what the last run remembered. */
#ifndef DEVICE_DEVICE_SETTINGS_H
#define DEVICE_DEVICE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct device_state;
struct error;

/*
 * A row is a setting of device.conf and an option of the command line: the setting's name, the
 * option's, its kind (command/option.h), what help calls its argument, whether a renewal is to
 * find it again (a WORD, or a PATH, which is made absolute; FLEETING is for one run), the
 * words of a WORD, and what help says. A command takes those of one or more of these groups.
 */
#define DEVICE_SETTINGS_COMMON(X)                                                          \
	X(state_dir, "state-dir", TEXT, "DIR", FLEETING, NULL,                             \
	    "where keys and certificates are kept")                                        \
	X(tcti, "tcti", TEXT, "CONF", FLEETING, NULL,                                      \
	    "the TPM; else $TPM2TOOLS_TCTI, else device:/dev/tpmrm0")
#define DEVICE_SETTINGS_ATTESTATION(X)                                                     \
	X(attestation_url, "attestation-url", TEXT, "URL", WORD, NULL, "where attestd listens") \
	X(attestation_root, "attestation-root", TEXT, "FILE", PATH, NULL,                  \
	    "the root that the chain must lead to (PEM)")                                  \
	X(tls_root, "tls-root", TEXT, "FILE", PATH, NULL,                                  \
	    "roots for https, in place of the system's (PEM)")
#define DEVICE_SETTINGS_EK(X)                                                              \
	X(ek, "ek", TEXT, "KIND", WORD, NULL, "another EK than the default: P-256, H-3, …")
#define DEVICE_SETTINGS_AK(X)                                                              \
	X(ak_type, "ak-type", WORD, "TYPE", FLEETING, device_ak_type_word, NULL)
#define DEVICE_SETTINGS_CERTIFICATE(X)                                                     \
	X(acme, "acme", TEXT, "URL", WORD, NULL, "the ACME server's directory")            \
	X(acme_root, "acme-root", TEXT, "FILE", PATH, NULL,                                \
	    "roots for its https, in place of the system's (PEM)")                         \
	X(name, "name", TEXT, "NAME", WORD, NULL,                                          \
	    "the name to certify; else the only one that the device has")                  \
	X(key_type, "key-type", WORD, "TYPE", WORD, sign_key_type_word, NULL)
#define DEVICE_SETTINGS_OUT(X)                                                             \
	X(out, "out", TEXT, "DIR", PATH, NULL,                                             \
	    "where device.key and device.pem are; else the state directory")
#define DEVICE_SETTINGS_AUTH(X)                                                            \
	X(owner_auth_file, "owner-auth-file", TEXT, "FILE", FLEETING, NULL,                \
	    "the password of the TPM's owner")                                             \
	X(endorsement_auth_file, "endorsement-auth-file", TEXT, "FILE", FLEETING, NULL,    \
	    "the password of its endorsement hierarchy")                                   \
	X(parent_auth_file, "parent-auth-file", TEXT, "FILE", FLEETING, NULL,              \
	    "the password of its storage root key")
#define DEVICE_SETTINGS_EXEC(X)                                                            \
	X(exec, "exec", TEXT, "CMD", FLEETING, NULL, "run this after a change")

#define DEVICE_SETTINGS(X)                                                                 \
	DEVICE_SETTINGS_COMMON(X)                                                          \
	DEVICE_SETTINGS_ATTESTATION(X)                                                     \
	DEVICE_SETTINGS_EK(X)                                                              \
	DEVICE_SETTINGS_AK(X)                                                              \
	DEVICE_SETTINGS_CERTIFICATE(X)                                                     \
	DEVICE_SETTINGS_OUT(X)                                                             \
	DEVICE_SETTINGS_AUTH(X)                                                            \
	DEVICE_SETTINGS_EXEC(X)

/* What a run goes by. Strings are borrowed, NULL when nobody said. */
struct device_settings {
#define X(field, option, kind, argument, use, words, summary) const char *field;
	DEVICE_SETTINGS(X)
#undef X
	const char *config; /* another device.conf; only the command line says this and what follows */
	bool        verbose;
	bool        new_ak; /* do not reuse the AK that is kept */
	int64_t     end_ms; /* when every request ends (clock_monotonic_ms); 0: nobody says */
};

/* What device.conf says; each owned, or NULL. */
struct device_settings_file {
#define X(field, option, kind, argument, use, words, summary) char *field;
	DEVICE_SETTINGS(X)
#undef X
};

/* Settings put together; `all` borrows from the others. {0} is none. */
struct device_sources {
	struct device_settings      all;
	struct device_settings_file file;
	json_t                     *remembered;
};

void device_settings_clear(struct device_sources *sources);

#define AUTO_SETTINGS __attribute__((cleanup(device_settings_clear))) struct device_sources

/*
 * Begins with what the command line says, and adds what device.conf does: --config, or the
 * default file when it is there; `must_have` when it has to be. MALFORMED, naming file and
 * line; NOT_FOUND; INTERNAL.
 */
int device_settings_read(const struct device_settings *line, bool must_have,
    struct device_sources *sources, struct error *err);

/* Adds what the state directory remembers. MALFORMED or INTERNAL. */
int device_settings_recall(struct device_sources *sources, const struct device_state *state,
    struct error *err);

/* Remembers what a renewal needs, paths as they are from everywhere. INTERNAL. */
int device_settings_remember(const struct device_settings *settings,
    const struct device_state *state, struct error *err);

/* Checks that the EK is a known one. MALFORMED. */
int device_settings_ek_check(const struct device_settings *settings, struct error *err);

/* Checks that the words that are there are known ones. MALFORMED. */
int device_settings_words_check(const struct device_settings *settings, struct error *err);

/* The same, and that what a certificate needs is there; MALFORMED with the remedy. */
int device_settings_check(const struct device_settings *settings, struct error *err);

#endif
