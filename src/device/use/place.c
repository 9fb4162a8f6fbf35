/*
 * Owns the marks, and how a file is replaced: whole, by its owner only, with a backup; path.c owns the
 * way to it.
 */
#include "config.h"

#include "device/use/place.h"

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/facts.h"
#include "device/use/path.h"
#include "device/use/program.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

#define FILE_MAX ((size_t)1024 * 1024)
#define BACKUP   ".attest-device.bak"

#define CONFIG "~/.config/"

static const char *
directory_said(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* What the path of a row begins in, and the rest of it; false where the home directory is not known. */
static bool
base_find(const char *file, const char **base, const char **rest)
{
	bool at_home = strncmp(file, "~/", 2) == 0;

	*base = "/";
	*rest = file;
	if (!at_home)
		return true;
	*rest = file + 2;
	if ((*base = directory_said("XDG_CONFIG_HOME")) != NULL &&
	    strncmp(file, CONFIG, sizeof CONFIG - 1) == 0) {
		*rest = file + sizeof CONFIG - 1;
		return true;
	}
	return (*base = directory_said("HOME")) != NULL;
}

char *
use_place_path(const struct use_program *program)
{
	const char *base;
	const char *rest;

	if (program->file == NULL)
		return NULL;
	return program->file[0] == '~' && base_find(program->file, &base, &rest)
	    ? file_join(base, rest)
	    : memory_strdup(program->file);
}

/* ---- the file ---- */

/* A file and the directory that it is really in. */
struct place {
	struct folder folder;
	char         *name;
	mode_t        mode;  /* of a file that is there, else of a new one */
	gid_t         group; /* of a file that is there; -1: as it comes */
	bool          exists;
	struct bytes  content;
};

static void
place_clear(struct place *place)
{
	folder_close(&place->folder);
	free(place->name);
	bytes_clear(&place->content);
}

#define AUTO_PLACE __attribute__((cleanup(place_clear))) struct place

static int
place_read(struct place *place, struct error *err)
{
	struct stat st;

	if (folder_read(&place->folder, place->name, FILE_MAX, &place->content, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (folder_look(&place->folder, place->name, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", place->name);
	place->exists = true;
	place->mode = st.st_mode & 0777;
	place->group = st.st_gid;
	return 0;
}

/* Opens what the path leads to; NOT_FOUND when there is no directory and none is to be made. */
static int
place_open(const struct use_program *program, enum use_path_mode mode, struct place *place,
    struct error *err)
{
	const char *base;
	const char *rest;

	*place = (struct place){.folder = {.fd = -1}, .mode = (mode_t)program->mode, .group = (gid_t)-1};
	if (!base_find(program->file, &base, &rest))
		return error_set(err, ERROR_NOT_FOUND, "HOME is not set; set it to your home directory");
	if (use_path_open(base, rest, mode, &place->folder, &place->name, err) != 0)
		return -1;
	place->folder.ours = true;
	return place_read(place, err);
}

/* Whoever owns the directory decides what is in it. For root the way to it was checked. */
static int
owner_check(const struct place *place, struct error *err)
{
	struct stat st;

	if (fstat(place->folder.fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", place->folder.path);
	if (st.st_uid == geteuid())
		return 0;
	if (st.st_uid == 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s is root's; run this as root, with --state-dir where the key is this user's own", place->folder.path);
	return error_set(err, ERROR_INTERNAL, "%s is uid %lu's; run this as that user",
	    place->folder.path, (unsigned long)st.st_uid);
}

static int
place_write(const struct place *place, struct view content, struct error *err)
{
	return folder_replace_group(&place->folder, place->name, content, place->group, place->mode, err);
}

/* ---- our part ---- */

static void
mark_append(const struct use_program *program, const char *which, struct bytes *out)
{
	use_append(out, "# ");
	use_append(out, which);
	use_append(out, " attest-device use ");
	use_append(out, program->name);
	use_append(out, "\n");
}

static void
part_make(const struct use_program *program, struct view text, struct bytes *part)
{
	if (!program->whole)
		mark_append(program, "BEGIN", part);
	bytes_append(part, text.data, text.size);
	if (!program->whole)
		mark_append(program, "END", part);
}

/* The last line, when it is this one without its line end; else NULL. */
static const uint8_t *
line_find_last(struct view content, struct view line)
{
	const uint8_t *at;

	if (content.data == NULL || content.size < line.size - 1) /* an empty file */
		return NULL;
	at = content.data + content.size - (line.size - 1);
	if (memcmp(at, line.data, line.size - 1) != 0 || (at != content.data && at[-1] != '\n'))
		return NULL;
	return at;
}

/* Finds a line of its own, which may be the last and without its line end; NULL when there is none. */
static const uint8_t *
line_find(struct view content, struct view line)
{
	const uint8_t *end;
	const uint8_t *at = content.data;

	if (content.size == 0)
		return NULL;
	end = content.data + content.size;
	while (at != NULL && at < end &&
	    (at = memmem(at, (size_t)(end - at), line.data, line.size)) != NULL) {
		if (at == content.data || at[-1] == '\n')
			return at;
		at++;
	}
	return line_find_last(content, line);
}

/* Our part of the content, marks included; false when there is none, or no end of it. */
static bool
part_find(const struct use_program *program, struct view content, struct view *part)
{
	AUTO_BYTES     begin = {0};
	AUTO_BYTES     end = {0};
	const uint8_t *from;
	const uint8_t *to;
	size_t         size;

	mark_append(program, "BEGIN", &begin);
	mark_append(program, "END", &end);
	if ((from = line_find(content, bytes_view(&begin))) == NULL ||
	    (to = line_find((struct view){from, (size_t)(content.data + content.size - from)},
	         bytes_view(&end))) == NULL)
		return false;
	size = (size_t)(content.data + content.size - to);
	*part = (struct view){from, (size_t)(to - from) + (size < end.size ? size : end.size)};
	return true;
}

/* The first mark that has no last one after it, before the next first one; NULL when each has. */
static const uint8_t *
begin_without_end(const struct use_program *program, struct view content)
{
	AUTO_BYTES     begin = {0};
	AUTO_BYTES     end = {0};
	const uint8_t *from;
	const uint8_t *next;
	const uint8_t *to;

	mark_append(program, "BEGIN", &begin);
	mark_append(program, "END", &end);
	while ((from = line_find(content, bytes_view(&begin))) != NULL) {
		size_t left = (size_t)(content.data + content.size - from);

		if (left <= begin.size)
			return from;
		content = (struct view){from + begin.size, left - begin.size};
		to = line_find(content, bytes_view(&end));
		next = line_find(content, bytes_view(&begin));
		if (to == NULL || (next != NULL && next < to))
			return from;
	}
	return NULL;
}

static int
broken_tell(const struct use_program *program, const struct place *place, struct error *err)
{
	const uint8_t *from = begin_without_end(program, bytes_view(&place->content));
	size_t         line = 1;

	for (const uint8_t *at = place->content.data; at < from; at++)
		line += *at == '\n';
	return error_set(err, ERROR_CONFLICT,
	    "line %zu of %s/%s has no line \"# END attest-device use %s\" after it; put it where our lines "
	    "end, or delete that line and ours",
	    line, place->folder.path, place->name, program->name);
}

static enum use_state
state_of(const struct use_program *program, const struct place *place, struct view wanted,
    struct view *part)
{
	*part = (struct view){NULL, 0};
	if (!place->exists)
		return USE_ABSENT;
	if (program->whole) {
		*part = bytes_view(&place->content);
		return view_equal(*part, wanted) ? USE_SET : USE_FOREIGN;
	}
	if (begin_without_end(program, bytes_view(&place->content)) != NULL)
		return USE_BROKEN;
	if (!part_find(program, bytes_view(&place->content), part))
		return USE_ABSENT;
	return view_equal(*part, wanted) ? USE_SET : USE_OTHER;
}

int
use_place_look(const struct use_program *program, struct view text, enum use_state *state,
    struct error *err)
{
	AUTO_PLACE  place = {.folder = {.fd = -1}};
	AUTO_BYTES  wanted = {0};
	struct view part;

	*state = USE_ABSENT;
	if (program->file == NULL)
		return 0;
	if (place_open(program, USE_PATH_LOOK, &place, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	part_make(program, text, &wanted);
	*state = state_of(program, &place, bytes_view(&wanted), &part);
	return 0;
}

/* ---- changes ---- */

/* What stands before the part, `between`, and what stands after it. */
static void
content_join(const struct place *place, struct view part, struct view between, struct bytes *out)
{
	size_t before = place->content.size;
	size_t after = 0;

	if (part.data != NULL) {
		before = (size_t)(part.data - place->content.data);
		after = place->content.size - before - part.size;
	}
	bytes_append(out, place->content.data, before);
	if (before > 0 && place->content.data[before - 1] != '\n')
		bytes_append(out, "\n", 1);
	bytes_append(out, between.data, between.size);
	if (after > 0)
		bytes_append(out, place->content.data + place->content.size - after, after);
}

static int
backup_write(const struct place *place, struct error *err)
{
	AUTO_BYTES name = {0};

	use_append(&name, place->name);
	bytes_append(&name, BACKUP, sizeof BACKUP);
	return folder_replace_group(&place->folder, (const char *)name.data, bytes_view(&place->content),
	    place->group, place->mode, err);
}

int
use_place_write(const struct use_program *program, struct view text, bool *changed,
    struct error *err)
{
	AUTO_PLACE     place = {.folder = {.fd = -1}};
	AUTO_BYTES     wanted = {0};
	AUTO_BYTES     content = {0};
	enum use_state state;
	struct view    part;

	*changed = false;
	if (place_open(program, USE_PATH_MAKE, &place, err) != 0)
		return -1;
	part_make(program, text, &wanted);
	state = state_of(program, &place, bytes_view(&wanted), &part);
	if (state == USE_SET)
		return 0;
	if (state == USE_BROKEN)
		return broken_tell(program, &place, err);
	if (state == USE_FOREIGN)
		return error_set(err, ERROR_CONFLICT,
		    "%s/%s is there with another content; put what is printed without --write into it",
		    place.folder.path, place.name);
	if (owner_check(&place, err) != 0 ||
	    (state == USE_ABSENT && place.exists && backup_write(&place, err) != 0))
		return -1;
	content_join(&place, part, bytes_view(&wanted), &content);
	*changed = true;
	return place_write(&place, bytes_view(&content), err);
}

int
use_place_remove(const struct use_program *program, struct view text, bool *changed,
    struct error *err)
{
	AUTO_PLACE     place = {.folder = {.fd = -1}};
	AUTO_BYTES     wanted = {0};
	AUTO_BYTES     content = {0};
	enum use_state state;
	struct view    part;

	*changed = false;
	if (place_open(program, USE_PATH_CHANGE, &place, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	part_make(program, text, &wanted);
	state = state_of(program, &place, bytes_view(&wanted), &part);
	if (state == USE_BROKEN)
		return broken_tell(program, &place, err);
	if (state == USE_FOREIGN)
		return error_set(err, ERROR_CONFLICT,
		    "%s/%s is not as it was written, and stays; remove it yourself if it is not another's",
		    place.folder.path, place.name);
	if (state == USE_ABSENT)
		return 0;
	if (owner_check(&place, err) != 0)
		return -1;
	*changed = true;
	if (part.size == place.content.size)
		return folder_remove(&place.folder, place.name, err);
	content_join(&place, part, (struct view){NULL, 0}, &content);
	return place_write(&place, bytes_view(&content), err);
}
