/* Owns what the command line says; knows the settings of no daemon. */
#include "config.h"

#include "service/reread.h"

#include <stdlib.h>

#include "service/settings.h"
#include "util/bytes.h"
#include "util/error.h"

struct reread {
	const struct config_schema *schema;
	size_t                      size;
	const char                 *path;
	void                       *given;
};

struct reread *
reread_new(const struct config_schema *schema, size_t size, const void *given, const char *path)
{
	struct reread *reread = memory_new(sizeof *reread);

	*reread = (struct reread){.schema = schema, .size = size, .path = path};
	reread->given = memory_new(size);
	config_copy(schema, size, given, reread->given);
	return reread;
}

void
reread_settings_free(const struct config_schema *schema, void *settings)
{
	if (settings == NULL)
		return;
	config_file_clear(schema, settings);
	free(settings);
}

const char *
reread_path(const struct reread *reread)
{
	return reread != NULL ? reread->path : NULL;
}

void
reread_free(struct reread *reread)
{
	if (reread == NULL)
		return;
	reread_settings_free(reread->schema, reread->given);
	free(reread);
}

static int
reread_fill(const struct reread *reread, const void *running, void *fresh,
    struct config_changes *changes, struct error *err)
{
	const struct config_schema    *schema = reread->schema;
	const struct service_settings *before = running;
	struct service_settings       *service = fresh;

	if (config_file_complete(schema, reread->path, fresh, err) != 0)
		return -1;
	config_take_over(schema, running, fresh, changes);
	if (changes->waiting != 0 && schema->check != NULL && schema->check(fresh, err) != 0)
		return error_wrap(err, "together with the settings that need a restart");
	service->reread = reread;
	service->serving = before->serving;
	return 0;
}

int
reread_settings(const struct reread *reread, const struct config_schema *schema, size_t size,
    const void *running, void **out, struct config_changes *changes, struct error *err)
{
	void *fresh = memory_new(size);

	*changes = (struct config_changes){0};
	config_copy(schema, size, reread != NULL ? reread->given : running, fresh);
	if (reread != NULL && reread_fill(reread, running, fresh, changes, err) != 0) {
		reread_settings_free(schema, fresh);
		return -1;
	}
	*out = fresh;
	return 0;
}
