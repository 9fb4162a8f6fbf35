/* Chooses the name; sends nothing. */
#include "config.h"

#include "device/wish.h"

#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "device/certificate_files.h"
#include "device/device_settings.h"
#include "device/issued.h"
#include "util/error.h"

#define WISH_NONE "none"

/* Names that hosts have before somebody gives them one. */
static const char *const unnamed[] = {"localhost", "localhost.localdomain", "(none)"};

static const char *
wish_of_host(char text[IDENTIFIER_MAX + 1])
{
	struct error ignored;

	text[0] = '\0';
	(void)gethostname(text, IDENTIFIER_MAX);
	text[IDENTIFIER_MAX] = '\0';
	for (size_t i = 0; i < sizeof unnamed / sizeof unnamed[0]; i++)
		if (strcmp(text, unnamed[i]) == 0)
			return NULL;
	return identifier_check(text, strlen(text), &ignored) == 0 ? text : NULL;
}

static bool
wish_of_certificate(const char *directory, char text[IDENTIFIER_MAX + 1])
{
	X509        *certificate = NULL;
	struct error ignored;
	bool         named;

	if (certificate_files_load(directory, &certificate, &ignored) != 0)
		return false;
	named = issued_name(certificate, text);
	X509_free(certificate);
	return named;
}

const char *
device_wish(const struct device_settings *settings, const char *directory,
    char text[IDENTIFIER_MAX + 1])
{
	if (settings->wish != NULL)
		return strcmp(settings->wish, WISH_NONE) != 0 ? settings->wish : NULL;
	if (settings->name != NULL)
		return settings->name;
	return wish_of_certificate(directory, text) ? text : wish_of_host(text);
}
