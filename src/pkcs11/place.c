/*
 * Owns the choice of directories and TPM. device.conf is scanned, not parsed: libconfuse keeps
 * its state in variables, and the application may be using it in another thread.
 */
#include "config.h"

#include "pkcs11/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pkcs11/debug.h"
#include "util/config_scan.h"
#include "util/error.h"
#include "util/file.h"

#define CONFIG_MAX ((size_t)64 * 1024)
#define DEFAULT_DIRECTORY "/var/lib/attest-device"
#define DEFAULT_TCTI      "device:/dev/tpmrm0"

static void
slots_clear(struct place *place)
{
	while (place->count > 0) {
		free(place->slots[--place->count].pair);
		free(place->slots[place->count].state);
	}
}

void
place_clear(struct place *place)
{
	slots_clear(place);
	free(place->tcti);
	free(place->owner_auth_file);
	free(place->parent_auth_file);
	*place = (struct place){0};
}

static void
slot_add(struct place *place, struct view state, const char *pair)
{
	struct place_slot *slot = &place->slots[place->count];

	if (state.size == 0 || place->count == PLACE_SLOTS_MAX)
		return;
	slot->state = view_dup(state);
	slot->pair = memory_strdup(pair != NULL ? pair : slot->state);
	place->count++;
}

/* The settings of device.conf that count here. */
struct settings {
	char *state_dir;
	char *out;
	char *tcti;
	char *owner_auth_file;
	char *parent_auth_file;
};

static int
setting_take_cb(const struct config_word *word, void *arg)
{
	struct settings *settings = arg;
	const struct {
		const char *name;
		char      **value;
	} known[] = {
	    {"state_dir", &settings->state_dir},
	    {"out", &settings->out},
	    {"tcti", &settings->tcti},
	    {"owner_auth_file", &settings->owner_auth_file},
	    {"parent_auth_file", &settings->parent_auth_file},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!view_equal(word->name, view_text(known[i].name)) || word->text.size == 0)
			continue;
		free(*known[i].value);
		*known[i].value = view_dup(word->text);
	}
	return 0;
}

void
place_take_configuration(struct bytes *text, struct place *place)
{
	struct settings settings = {0};

	config_scan_blank_comments(text);
	(void)config_scan(bytes_view(text), setting_take_cb, &settings);
	slot_add(place,
	    view_text(settings.state_dir != NULL ? settings.state_dir : DEFAULT_DIRECTORY), settings.out);
	place->tcti = settings.tcti;
	place->owner_auth_file = settings.owner_auth_file;
	place->parent_auth_file = settings.parent_auth_file;
	free(settings.state_dir);
	free(settings.out);
}

/* The default directory of a user who is not root, as attest-device has it. */
static void
own_directory_add(struct place *place)
{
	const char     *base = secure_getenv("XDG_STATE_HOME");
	const char     *home = secure_getenv("HOME");
	AUTO_FREE char *local = NULL;
	AUTO_FREE char *path = NULL;

	if (geteuid() == 0)
		return;
	if (base != NULL && base[0] == '/')
		path = file_join(base, "attest-device");
	else if (home != NULL && home[0] == '/')
		/* NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores): AUTO_FREE reads it */
		path = file_join(local = file_join(home, ".local/state"), "attest-device");
	if (path != NULL)
		slot_add(place, view_text(path), NULL);
}

/* Replaces the directories by those of the variable. */
static void
directories_take(const char *list, struct place *place)
{
	slots_clear(place);
	for (const char *at = list; *at != '\0';) {
		size_t length = strcspn(at, ":");

		slot_add(place, (struct view){(const uint8_t *)at, length}, NULL);
		at += length + (at[length] != '\0');
	}
}

static char *
said(const char *variable)
{
	char *value = secure_getenv(variable);

	return value != NULL && *value != '\0' ? value : NULL;
}

void
place_find(struct place *place)
{
	const char  *directories = said("ATTEST_PKCS11_STATE");
	const char  *tcti = said("ATTEST_PKCS11_TPM");
	AUTO_BYTES   text = {0};
	struct error err = {0};

	*place = (struct place){0};
	if (file_read(DEVICE_CONFIG_FILE, CONFIG_MAX, &text, &err) != 0 && err.kind != ERROR_NOT_FOUND)
		debug_say("%s", err.detail);
	place_take_configuration(&text, place);
	own_directory_add(place);
	if (directories != NULL)
		directories_take(directories, place);
	if (tcti == NULL && place->tcti == NULL && (tcti = said("TPM2TOOLS_TCTI")) == NULL)
		tcti = DEFAULT_TCTI;
	if (tcti != NULL) {
		free(place->tcti);
		place->tcti = memory_strdup(tcti);
	}
}
