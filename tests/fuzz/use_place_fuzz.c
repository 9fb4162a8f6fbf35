/*
 * A program's configuration file, with our part in it or not: the part is written, found as it was
 * written, and taken out, after which the file is what it was.
 */
#include "config.h"

#include <sys/stat.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "device/use/place.h"
#include "device/use/program.h"
#include "fuzz.h"
#include "scratch_directory.h"
#include "util/error.h"
#include "util/file.h"

static const struct use_program *
program_in_home(void)
{
	const struct use_program *program;

	for (size_t i = 0; (program = use_program_at(i)) != NULL; i++)
		if (program->file != NULL && !program->whole && strncmp(program->file, "~/", 2) == 0)
			return program;
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct use_program *program;
	static char                     *path;
	const struct view                text = view_text("setting one\n");
	enum use_state                   state;
	enum use_state                   after;
	bool                             changed;
	AUTO_BYTES                       kept = {0};
	struct error                     err = {0};

	if (program == NULL) {
		(void)setenv("HOME", scratch_directory(), 1);
		program = program_in_home();
		path = use_place_path(program);
		fuzz_must(use_place_write(program, text, &changed, &err), &err); /* makes its directory */
	}
	fuzz_must(file_replace(path, data, size, 0600, &err), &err);
	fuzz_must(use_place_look(program, text, &state, &err), &err);
	if (use_place_write(program, text, &changed, &err) != 0) {
		assert(state == USE_BROKEN && err.kind == ERROR_CONFLICT);
		return 0;
	}
	assert(state != USE_FOREIGN && state != USE_BROKEN && changed == (state != USE_SET));
	fuzz_must(use_place_look(program, text, &after, &err), &err);
	assert(after == USE_SET);
	fuzz_must(use_place_remove(program, text, &changed, &err), &err);
	assert(changed);
	fuzz_must(use_place_look(program, text, &after, &err), &err);
	if (state != USE_ABSENT)
		return 0;
	assert(after == USE_ABSENT);
	if (file_read(path, size + 1, &kept, &err) != 0)
		assert(err.kind == ERROR_NOT_FOUND && size == 0);
	else
		assert(kept.size >= size && (size == 0 || memcmp(kept.data, data, size) == 0) &&
		    kept.size <= size + 1);
	return 0;
}
