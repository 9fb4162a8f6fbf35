/* attest-device: reads the command line, runs one command, words its failure. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "device/command.h"
#include "device/interrupt.h"
#include "device/tpm/ak_type.h"
#include "util/error.h"

#define EXIT_USAGE 2

/* Option codes beyond those of characters, in the order of the table below. */
enum {
	OPTION_STATE_DIR = 256,
	OPTION_TCTI,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_HASH,
	OPTION_URL,
	OPTION_ROOT,
	OPTION_TLS_ROOT,
	OPTION_EK,
	OPTION_AK_TYPE,
	OPTION_NEW_AK,
	OPTION_ACME,
	OPTION_ACME_ROOT,
	OPTION_NAME,
	OPTION_KEY_TYPE,
	OPTION_OUT,
	OPTION_CONFIG,
	OPTION_OWNER_AUTH_FILE,
	OPTION_EXEC,
	OPTION_WAIT,
	OPTION_NO_WAIT,
};

/* Every option: `commands` is 0 for all commands, else what a command's `options` must have. */
static const struct {
	const char  *name;
	const char  *argument; /* NULL: none */
	int          code;
	unsigned int commands;
	const char  *help;
} options[] = {
    {"state-dir", "DIR", OPTION_STATE_DIR, 0, "where keys and certificates are kept"},
    {"tcti", "CONF", OPTION_TCTI, 0, "the TPM; else $TPM2TOOLS_TCTI, else device:/dev/tpmrm0"},
    {"json", NULL, OPTION_JSON, 0, "print one JSON object, also on failure"},
    {"verbose", NULL, OPTION_VERBOSE, 0, "let the TPM libraries say what they think"},
    {"help", NULL, OPTION_HELP, 0, "print this and exit"},
    {"version", NULL, OPTION_VERSION, 0, "print the version and exit"},
    {"hash", NULL, OPTION_HASH, COMMAND_OPTION_HASH, "only the hash of one EK"},
    {"attestation-url", "URL", OPTION_URL, COMMAND_OPTION_ATTESTATION, "where attestd listens"},
    {"attestation-root", "FILE", OPTION_ROOT, COMMAND_OPTION_ATTESTATION,
        "the root that the chain must lead to (PEM)"},
    {"tls-root", "FILE", OPTION_TLS_ROOT, COMMAND_OPTION_ATTESTATION,
        "roots for https, in place of the system's (PEM)"},
    {"ek", "KIND", OPTION_EK, COMMAND_OPTION_EK, "another EK than the default: P-256, H-3, …"},
    {"ak-type", "TYPE", OPTION_AK_TYPE, COMMAND_OPTION_AK, NULL},
    {"new-ak", NULL, OPTION_NEW_AK, COMMAND_OPTION_AK, "make a new AK"},
    {"acme", "URL", OPTION_ACME, COMMAND_OPTION_CERTIFICATE, "the ACME server's directory"},
    {"acme-root", "FILE", OPTION_ACME_ROOT, COMMAND_OPTION_CERTIFICATE,
        "roots for its https, in place of the system's (PEM)"},
    {"name", "NAME", OPTION_NAME, COMMAND_OPTION_CERTIFICATE,
        "the name to certify; else the only one that the device has"},
    {"key-type", "TYPE", OPTION_KEY_TYPE, COMMAND_OPTION_CERTIFICATE,
        "ecc-p256, ecc-p384 or rsa-2048"},
    {"out", "DIR", OPTION_OUT, COMMAND_OPTION_FILES,
        "where device.key and device.pem are; else the state directory"},
    {"config", "FILE", OPTION_CONFIG, COMMAND_OPTION_FILES, "another device.conf"},
    {"owner-auth-file", "FILE", OPTION_OWNER_AUTH_FILE, COMMAND_OPTION_OWNER,
        "the password of the TPM's owner"},
    {"exec", "CMD", OPTION_EXEC, COMMAND_OPTION_EXEC, "run this after a change"},
    {"wait", "DURATION", OPTION_WAIT, COMMAND_OPTION_WAIT,
        "how long to wait for approval; else until interrupted"},
    {"no-wait", NULL, OPTION_NO_WAIT, COMMAND_OPTION_WAIT, "do not wait for approval"},
};

#define OPTION_COUNT (sizeof options / sizeof options[0])

static void
option_print(size_t index)
{
	char left[64];

	(void)snprintf(left, sizeof left, "--%s%s%s", options[index].name,
	    options[index].argument != NULL ? " " : "",
	    options[index].argument != NULL ? options[index].argument : "");
	(void)printf("  %-25s ", left);
	if (options[index].help != NULL) {
		(void)printf("%s\n", options[index].help);
		return;
	}
	for (size_t i = 0; device_ak_type_at(i) != NULL; i++)
		(void)printf("%s%s", i == 0 ? "" : ", ", device_ak_type_at(i)->word);
	(void)printf("\n");
}

static void
help_print(void)
{
	const struct command *command;

	(void)printf("usage: attest-device [OPTION]... COMMAND [OPTION]...\n");
	for (size_t i = 0; (command = command_at(i)) != NULL; i++) {
		(void)printf("\n%s: %s\n", command->name, command->summary);
		for (size_t j = 0; j < OPTION_COUNT; j++) {
			if (options[j].commands & command->options)
				option_print(j);
		}
	}
	(void)printf("\nall commands:\n");
	for (size_t j = 0; j < OPTION_COUNT; j++) {
		if (options[j].commands == 0)
			option_print(j);
	}
}

static void
option_apply(int code, struct command_settings *settings)
{
	switch (code) {
	case OPTION_STATE_DIR:
		settings->state_dir = optarg;
		break;
	case OPTION_TCTI:
		settings->tcti = optarg;
		break;
	case OPTION_JSON:
		settings->json = true;
		break;
	case OPTION_VERBOSE:
		settings->verbose = true;
		break;
	case OPTION_HASH:
		settings->hash = true;
		break;
	case OPTION_URL:
		settings->url = optarg;
		break;
	case OPTION_ROOT:
		settings->root = optarg;
		break;
	case OPTION_TLS_ROOT:
		settings->tls_root = optarg;
		break;
	case OPTION_EK:
		settings->ek = optarg;
		break;
	case OPTION_AK_TYPE:
		settings->ak_type = optarg;
		break;
	case OPTION_ACME:
		settings->acme = optarg;
		break;
	case OPTION_ACME_ROOT:
		settings->acme_root = optarg;
		break;
	case OPTION_NAME:
		settings->name = optarg;
		break;
	case OPTION_KEY_TYPE:
		settings->key_type = optarg;
		break;
	case OPTION_OUT:
		settings->out = optarg;
		break;
	case OPTION_CONFIG:
		settings->config = optarg;
		break;
	case OPTION_OWNER_AUTH_FILE:
		settings->owner_auth_file = optarg;
		break;
	case OPTION_EXEC:
		settings->exec = optarg;
		break;
	case OPTION_WAIT:
		settings->wait = optarg;
		break;
	case OPTION_NO_WAIT:
		settings->no_wait = true;
		break;
	default: /* OPTION_NEW_AK */
		settings->new_ak = true;
		break;
	}
}

static int
usage_error(const char *what, const char *which)
{
	(void)fprintf(stderr, "attest-device: %s%s; see attest-device --help\n", what, which);
	return EXIT_USAGE;
}

/*
 * Reads options before and behind the command. Returns -1 with *command set, or the
 * status to exit with.
 */
static int
arguments_read(int argc, char **argv, struct command_settings *settings,
    const struct command **command)
{
	struct option long_options[OPTION_COUNT + 1];
	bool          given[OPTION_COUNT] = {false};
	int           code;

	memset(long_options, 0, sizeof long_options);
	for (size_t i = 0; i < OPTION_COUNT; i++)
		long_options[i] = (struct option){options[i].name,
		    options[i].argument != NULL ? required_argument : no_argument, NULL,
		    options[i].code};
	while ((code = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (code == 'h' || code == OPTION_HELP) {
			help_print();
			return EXIT_SUCCESS;
		}
		if (code == 'V' || code == OPTION_VERSION) {
			(void)printf("attest-device (%s)\n", PACKAGE_VERSION_LINE);
			return EXIT_SUCCESS;
		}
		if (code == '?')
			return EXIT_USAGE; /* getopt has said which */
		given[code - OPTION_STATE_DIR] = true;
		option_apply(code, settings);
	}
	if (optind == argc)
		return usage_error("no command given", "");
	if ((*command = command_find(argv[optind])) == NULL)
		return usage_error("there is no command ", argv[optind]);
	if (optind + 1 < argc)
		return usage_error("one argument too many: ", argv[optind + 1]);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (given[i] && options[i].commands != 0 &&
		    (options[i].commands & (*command)->options) == 0)
			return usage_error("this command does not take --", options[i].name);
	}
	return -1;
}

static int
command_execute(const struct command *command, const struct command_settings *settings)
{
	struct error err = {0};
	json_t      *out;
	int          rc;

	if (command->check != NULL && command->check(settings, &err) != 0)
		return usage_error(err.detail, "");
	out = json_object();
	rc = command->run(settings, out, &err);
	if (rc != 0)
		(void)fprintf(stderr, "attest-device: %s\n", err.detail);
	if (settings->json) {
		if (rc != 0)
			(void)json_object_update_new(out,
			    json_pack("{s:s, s:s}", "error", error_type(err.kind), "detail",
			        err.detail));
		(void)json_dumpf(out, stdout, JSON_INDENT(1));
		(void)printf("\n");
	}
	json_decref(out);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0)) {
		perror("attest-device: writing the output");
		return EXIT_FAILURE;
	}
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct command_settings settings = {0};
	const struct command   *command = NULL;
	int                     status = arguments_read(argc, argv, &settings, &command);

	if (status != -1)
		return status;
	/* The libraries below ESAPI write every failure to stderr; ours says it better. */
	if (!settings.verbose)
		(void)setenv("TSS2_LOG", "all+NONE", 1);
	device_interrupt_catch();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)fprintf(stderr, "attest-device: libcurl does not start\n");
		return EXIT_FAILURE;
	}
	status = command_execute(command, &settings);
	curl_global_cleanup();
	return status;
}
