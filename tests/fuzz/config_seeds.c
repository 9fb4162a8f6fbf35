/* Writes what the fuzzer of settings starts from: config_seeds DIRECTORY, which gets config/. */
#include "config.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/settings.h"
#include "attestation/settings.h"
#include "device/device_settings.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/config_print.h"
#include "util/error.h"
#include "util/file.h"

/* The sample file, with every setting set instead of commented out. */
static void
seed_make(const struct config_schema *schema, struct bytes *out)
{
	AUTO_FREE char *text = NULL;
	size_t          size = 0;
	FILE           *stream = open_memstream(&text, &size);

	config_print_sample(schema, stream);
	(void)fclose(stream);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		const char *setting = line + strspn(line, "# ");

		if (strstr(setting, " = ") == NULL)
			continue;
		bytes_append(out, setting, strlen(setting));
		bytes_append_u8(out, '\n');
	}
}

int
main(int argc, char **argv)
{
	const struct config_schema *schemas[] = {
	    attestation_settings_schema(), acme_settings_schema(), device_settings_schema()};
	AUTO_FREE char *folder = NULL;

	if (argc != 2)
		return 2;
	folder = file_join(argv[1], "config");
	(void)mkdir(argv[1], 0777);
	(void)mkdir(folder, 0777);
	for (uint8_t i = 0; i < 3; i++) {
		AUTO_FREE char *path = NULL;
		AUTO_BYTES      octets = {0};
		char            name[] = "settings0";
		struct error    err = {0};

		name[sizeof name - 2] = (char)('0' + i);
		path = file_join(folder, name);
		bytes_append_u8(&octets, i);
		seed_make(schemas[i], &octets);
		if (file_replace(path, octets.data, octets.size, 0666, &err) != 0) {
			(void)fprintf(stderr, "%s\n", err.detail);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
