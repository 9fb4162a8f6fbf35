/* The commands of attest-device. */
#ifndef DEVICE_COMMAND_H
#define DEVICE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct device_tpm;
struct error;

/* What the command line said; strings are borrowed, NULL when not given. */
struct command_settings {
	const char *state_dir;
	const char *tcti;
	const char *url;       /* --attestation-url */
	const char *root;      /* --attestation-root */
	const char *tls_root;
	const char *ek;        /* a kind or a label of device/template.h */
	const char *ak_type;   /* a word of device/ak_type.h */
	const char *acme;      /* --acme, the directory's URL */
	const char *acme_root;
	const char *name;
	const char *key_type;  /* a word of device/sign_key.h */
	const char *out;       /* --out, a directory */
	const char *owner_auth_file;
	const char *config;
	const char *exec;      /* --exec, for the shell */
	const char *wait;      /* --wait, a duration */
	bool        json;
	bool        verbose;
	bool        hash;      /* ek: only the hash of --ek or the default EK */
	bool        new_ak;    /* attest: do not reuse */
	bool        no_wait;   /* enroll: not for approval */
};

/* Options that belong to some commands only. */
enum command_option {
	COMMAND_OPTION_HASH = 1 << 0,
	COMMAND_OPTION_ATTESTATION = 1 << 1, /* --attestation-url, --attestation-root, --tls-root */
	COMMAND_OPTION_EK = 1 << 2,          /* --ek */
	COMMAND_OPTION_AK = 1 << 3,          /* --ak-type, --new-ak */
	COMMAND_OPTION_CERTIFICATE = 1 << 4, /* --acme, --acme-root, --name, --key-type */
	COMMAND_OPTION_FILES = 1 << 5,       /* --out, --config */
	COMMAND_OPTION_OWNER = 1 << 6,       /* --owner-auth-file */
	COMMAND_OPTION_EXEC = 1 << 7,        /* --exec */
	COMMAND_OPTION_WAIT = 1 << 8,        /* --wait, --no-wait */
};

/*
 * Runs a command. Puts what it found into the object `out`; and unless
 * settings->json is set, prints it for people. Returns 0, or -1 with a detail that
 * has the remedy.
 */
typedef int command_run(const struct command_settings *settings, json_t *out, struct error *err);

/* Checks what the command line said before anything is done; a failure is bad usage. */
typedef int command_check(const struct command_settings *settings, struct error *err);

struct command {
	const char    *name;
	const char    *summary;
	unsigned int   options; /* those of enum command_option that it takes */
	command_check *check;   /* NULL: nothing to check */
	command_run   *run;
};

/* Row `index` of the table; NULL behind the last. */
const struct command *command_at(size_t index);

/* The command of this name, or NULL. */
const struct command *command_find(const char *name);

/* Its handlers, one file each. */
command_check command_ek_word_check; /* --ek, for every command that takes it */
command_check command_ek_check;
command_run   command_ek;
command_check command_attest_check;
command_run   command_attest;
command_check command_certificate_check;
command_run   command_certificate;
command_check command_enroll_check;
command_run   command_enroll;
command_run   command_renew;
command_run   command_status;

/* Opens the TPM that the settings name, with the owner's password where they have one. */
int command_tpm_open(struct device_tpm **tpm, const struct command_settings *settings,
    struct error *err);

/* Says on a terminal what is done now; silent elsewhere, unless --verbose is given. */
void command_progress(const struct command_settings *settings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The TCTI to use: --tcti, else $TPM2TOOLS_TCTI, else device:/dev/tpmrm0. */
const char *command_tcti(const struct command_settings *settings);

#endif
