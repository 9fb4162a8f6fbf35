/* Programs that can use the key, or admit who has one, and what each needs for it. */
#ifndef DEVICE_USE_PROGRAM_H
#define DEVICE_USE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* Who says that a check went well. */
enum use_check {
	USE_CHECK_NONE,
	USE_CHECK_SERVER, /* the test server: it saw the device's certificate and a signature */
	USE_CHECK_STATUS, /* the command: it ended with 0 */
};

/* How a program comes to the key, and so which variables tell it where key and TPM are. */
enum use_reads {
	USE_READS_NOTHING,  /* it needs none of ours, or finds it by what is printed */
	USE_READS_MODULE,   /* attest-pkcs11.so */
	USE_READS_ONE_KEY,  /* attest-pkcs11.so, and cannot choose among several keys */
	USE_READS_PROVIDER, /* tpm2-openssl */
};

/*
 * A row. In `file`, `text`, `then` and `check` the words of struct use_facts stand in braces:
 * {module}, {engine}, {key}, {chain}, {issuer}, {name}, {alias}, {slot}, {suffix}, {file}; in `check` also
 * {config} (a file with the text), {directory} (an empty one for it), {port} (of the test server on localhost), {ca} (the
 * certificate of its CA), {cert} and {certkey} (its own, and the key), and {anchor} (a trust anchor for
 * the device's certificate, for a server of the program's own kind). A file that begins with "~/" is in
 * the home directory.
 */
struct use_program {
	const char    *name;
	const char    *about;
	const char    *binary; /* installed where this is in PATH or a sbin; NULL: no matter */
	const char    *needs;  /* packages besides it; NULL: none */
	const char    *file;   /* where the text goes; NULL: it is printed only */
	const char    *own_file; /* the same for a user who is not root, where that differs; else NULL */
	const char    *text;   /* NULL: only `then` */
	bool           whole;  /* the file has no comments: it is ours as a whole, or not touched */
	unsigned int   mode;   /* of a file that is made */
	const char    *then;   /* how to use it then */
	enum use_reads reads;
	enum use_check checks;
	const char    *check;  /* for /bin/sh */
	const char    *tools;  /* what `check` runs besides the binary, a space between; NULL: nothing */
	bool           tested; /* by this project's tests, with this text */
};

/* Row `index`, NULL after the last; and the row of a name, or NULL. */
const struct use_program *use_program_at(size_t index);
const struct use_program *use_program_find(const char *name);

/* Whether the program is installed: its binary is in PATH or in a directory of root's programs. */
bool use_program_is_installed(const struct use_program *program);

/* The first tool of its check that is not, in `tool`; false when all are. */
#define USE_TOOL_SIZE 64
bool use_program_tool_is_missing(const struct use_program *program, char tool[USE_TOOL_SIZE]);

#endif
