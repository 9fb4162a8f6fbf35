/* What is filled into a program's text: this machine's key and certificate, as programs name them. */
#ifndef DEVICE_USE_FACTS_H
#define DEVICE_USE_FACTS_H

#include "device/use/program.h"
#include "util/bytes.h"

struct device_settings;
struct error;

/* All owned. */
struct use_facts {
	char *module;    /* attest-pkcs11.so */
	char *engine;    /* libp11's pkcs11.so, where OpenSSL looks for it */
	char *directory; /* of the pair */
	char *chain;     /* device.pem */
	char *keyfile;   /* device.key */
	char *key;       /* a pkcs11: URI (RFC 7512) */
	char *issuer;    /* the common name of the certificate's issuer */
	char *name;      /* that of its subject */
	char *alias;     /* the label of its objects: that name, or the name of a named key */
	char *slot;      /* the index of the module's slot in which the token is */
	char *suffix;    /* "-NAME" of a named key, else empty: each key has files of its own */
	char *state;     /* what ATTEST_PKCS11_STATE must say; NULL: the module finds the key by itself */
	char *tpm;       /* the same of ATTEST_PKCS11_TPM */
	char *tcti;      /* the TPM that the settings name; NULL: none */
};

void use_facts_clear(struct use_facts *facts);

#define AUTO_USE_FACTS __attribute__((cleanup(use_facts_clear))) struct use_facts

/*
 * Finds them, without the lock of the state directory, in which this user need not write. NOT_FOUND
 * when there is no certificate; MALFORMED, also when a name or a path has a character that a shell
 * or a configuration file reads as its own; or INTERNAL. `module` is NULL: where it is installed.
 * `usual` are the settings without a command line, which the module reads.
 */
int use_facts_find(const struct device_settings *settings, const struct device_settings *usual,
    const char *module, struct use_facts *facts, struct error *err);

/*
 * Appends the variables that a program needs, as a shell takes them (NAME='VALUE', a space after each);
 * none where key and TPM are those of device.conf.
 */
void use_variables(enum use_reads reads, const struct use_facts *facts, struct bytes *out);

/* Appends a text without its NUL. */
void use_append(struct bytes *out, const char *text);

/* A word in braces, and what stands for it. */
struct use_word {
	const char *name;
	const char *value; /* NULL: none */
};

/*
 * Appends `text` with the words of the facts, and of `more` (ended by {NULL}; it may be NULL), filled
 * in; other braces stay.
 */
void use_fill(const char *text, const struct use_facts *facts, const struct use_word *more,
    struct bytes *out);

#endif
