/* attest-device use: what programs need for this machine's key, written, removed and tried. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/print.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/options.h"
#include "device/use/check.h"
#include "device/use/facts.h"
#include "device/use/place.h"
#include "device/use/program.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

struct use {
	struct device_settings settings;
	const char            *module;
	bool                   write;
	bool                   remove;
	bool                   check;
	bool                   tls12;
};

static const struct command_option use_rows[] = {
    {OPTION(FLAG, "write", NULL, struct use, write, "write it into the program's file; the old one is kept")},
    {OPTION(FLAG, "remove", NULL, struct use, remove, "take it out again")},
    {OPTION(FLAG, "check", NULL, struct use, check, "run the program against a server that wants the key")},
    {OPTION(FLAG, "tls12", NULL, struct use, tls12, "with --check: the server speaks TLS 1.2 alone")},
    {OPTION(TEXT, "module", "FILE", struct use, module, "attest-pkcs11.so, where it is not installed")},
    {0},
};

static command_check use_check;
static command_run   use_run;

const struct command device_use_command = {
    .name = "use",
    .summary = "set up programs for this machine's key",
    .paragraph = "without a PROGRAM: which are installed, set up, and with --check, which work",
    .size = sizeof(struct use),
    .options = {{use_rows, 0}, {device_files_rows, offsetof(struct use, settings)},
        {device_common_rows, offsetof(struct use, settings)}},
    .operands = "PROGRAM",
    .operands_min = 0,
    .operands_max = 1,
    .check = use_check,
    .run = use_run,
};

/* The words for what stands in a program's file. */
static const char *const state_words[] = {
    [USE_ABSENT] = "no", [USE_SET] = "yes", [USE_OTHER] = "outdated", [USE_FOREIGN] = "by you", [USE_BROKEN] = "broken"};

static int
use_check(const struct command_call *call, struct error *err)
{
	const struct use *options = call->options;

	if (options->write && options->remove)
		return error_set(err, ERROR_MALFORMED, "--write and --remove exclude each other");
	if (options->tls12 && !options->check)
		return error_set(err, ERROR_MALFORMED, "--tls12 goes with --check");
	if ((options->write || options->remove) && call->operand_count == 0)
		return error_set(err, ERROR_MALFORMED, "--write and --remove are for one PROGRAM");
	if (call->operand_count != 0 && use_program_find(call->operands[0]) == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "nothing is known of \"%.64s\"; \"attest-device use\" lists the programs", call->operands[0]);
	return 0;
}

static void
fill(const char *text, const struct use_program *program, const struct use_facts *facts,
    struct bytes *out)
{
	AUTO_FREE char       *file = use_place_path(program);
	const struct use_word more[] = {{"file", file}, {NULL, NULL}};

	if (text != NULL)
		use_fill(text, facts, more, out);
}

/* A copy of the row with its file filled in; `file` owns that. */
static struct use_program
row_take(const struct use_program *row, const struct use_facts *facts, char **file)
{
	struct use_program program = *row;
	AUTO_BYTES         filled = {0};

	*file = NULL;
	if (row->file == NULL)
		return program;
	use_fill(row->own_file != NULL && geteuid() != 0 ? row->own_file : row->file, facts, NULL, &filled);
	program.file = *file = view_dup(bytes_view(&filled));
	return program;
}

/* ---- all ---- */

/* Fills the object of one program, and prints its line. */
static int
program_list(const struct use *options, const struct use_program *program, const struct use_facts *facts,
    bool print, json_t *object, struct error *err)
{
	AUTO_BYTES     text = {0};
	bool           installed = use_program_is_installed(program);
	enum use_state state;
	struct error   why = {0};
	char           what[USE_WHAT_SIZE] = "";
	const char    *set;
	int            rc = 0;

	fill(program->text, program, facts, &text);
	if (use_place_look(program, bytes_view(&text), &state, err) != 0)
		return -1;
	set = program->file != NULL ? state_words[state] : "-";
	(void)json_object_update_new(object,
	    json_pack("{s:s, s:b, s:s, s:b}", "program", program->name, "installed", installed, "setUp", set,
	        "tested", program->tested));
	if (options->check && installed && program->checks != USE_CHECK_NONE) {
		rc = use_check_run(program, facts, bytes_view(&text), options->tls12, what, &why);
		if (rc == 0 || why.kind != ERROR_NOT_FOUND) /* else it was not checked */
			(void)json_object_set_new(object, "works", json_boolean(rc == 0));
		if (rc != 0)
			(void)json_object_set_new(object, "problem", print_json_text(why.detail));
	}
	if (print) {
		(void)printf("%-15s %-10s %-9s ", program->name, installed ? "yes" : "no", set);
		print_text(stdout, rc != 0 ? why.detail : what[0] != '\0' ? what : "-");
		(void)printf("\n");
	}
	return 0;
}

static int
all_list(const struct use *options, const struct use_facts *facts, bool print, json_t *out,
    struct error *err)
{
	const struct use_program *row;
	json_t                   *list = json_array();

	(void)json_object_set_new(out, "programs", list);
	if (print)
		(void)printf("%-15s %-10s %-9s %s\n", "PROGRAM", "INSTALLED", "SET UP", "WORKS");
	for (size_t i = 0; (row = use_program_at(i)) != NULL; i++) {
		AUTO_FREE char    *file = NULL;
		struct use_program program = row_take(row, facts, &file);
		json_t            *object = json_object();

		(void)json_array_append_new(list, object);
		if (program_list(options, &program, facts, print, object, err) != 0)
			return -1;
	}
	return 0;
}

/* Where there is no certificate, only which programs there are. */
static int
names_list(bool print, json_t *out)
{
	const struct use_program *row;
	json_t                   *list = json_array();

	(void)json_object_set_new(out, "programs", list);
	if (print)
		(void)printf("%-15s %-10s\n", "PROGRAM", "INSTALLED");
	for (size_t i = 0; (row = use_program_at(i)) != NULL; i++) {
		bool installed = use_program_is_installed(row);

		(void)json_array_append_new(list,
		    json_pack("{s:s, s:b, s:b}", "program", row->name, "installed", installed, "tested", row->tested));
		if (print)
			(void)printf("%-15s %-10s\n", row->name, installed ? "yes" : "no");
	}
	return 0;
}

/* ---- one ---- */

static void
program_print(const struct use_program *program, const struct use_facts *facts, struct view text,
    json_t *out, bool print)
{
	AUTO_FREE char *file = use_place_path(program);
	AUTO_FREE char *content = view_dup(text);
	AUTO_FREE char *then = NULL;
	AUTO_BYTES      filled = {0};
	AUTO_BYTES      needs = {0};
	AUTO_BYTES      variables = {0};

	use_variables(program->reads, facts, &variables);
	bytes_append(&variables, "", 1);
	fill(program->then, program, facts, &filled);
	then = view_dup(bytes_view(&filled));
	fill(program->needs, program, facts, &needs);
	bytes_append(&needs, "", 1);
	(void)json_object_update_new(out,
	    json_pack("{s:s, s:o*, s:o*, s:o, s:b}", "program", program->name, "file",
	        file != NULL ? print_json_text(file) : NULL, "text",
	        content[0] != '\0' ? print_json_text(content) : NULL, "then", print_json_text(then), "tested",
	        program->tested));
	if (variables.size > 1)
		(void)json_object_set_new(out, "environment", print_json_text((const char *)variables.data));
	if (!print)
		return;
	(void)printf("# %s%s\n", program->about,
	    program->tested ? "" : " (no test of this project has run this)");
	if (needs.size > 1)
		(void)printf("# it needs: %s\n", (const char *)needs.data);
	if (variables.size > 1)
		(void)printf("# in its environment, as key or TPM are not those of device.conf: %s\n",
		    (const char *)variables.data);
	if (file != NULL)
		(void)printf("# file: %s (--write writes it)\n", file);
	(void)printf("%s# then: %s\n", content, then);
}

static int
program_write(const struct use_program *program, struct view text, bool write, json_t *out, bool print,
    struct error *err)
{
	AUTO_FREE char *file = use_place_path(program);
	bool            changed;

	if (file == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    write ? "%s has no file to write; put what is printed without --write where it says"
		          : "%s has no file that this writes; take out yourself what you put where it says",
		    program->name);
	if ((write ? use_place_write(program, text, &changed, err)
	           : use_place_remove(program, text, &changed, err)) != 0)
		return -1;
	(void)json_object_update_new(out,
	    json_pack("{s:s, s:o, s:b}", "program", program->name, "file", print_json_text(file), "changed",
	        changed));
	if (print)
		(void)printf("%s: %s\n", file,
		    !changed ? (write ? "is as it should be" : "has nothing to remove")
		    : write  ? "written"
		             : "removed");
	return 0;
}

static int
program_check(const struct use_program *program, const struct use_facts *facts, struct view text,
    bool tls12_only, json_t *out, bool print, struct error *err)
{
	char what[USE_WHAT_SIZE];

	if (!use_program_is_installed(program))
		return error_set(err, ERROR_NOT_FOUND, "%s is not installed", program->name);
	if (use_check_run(program, facts, text, tls12_only, what, err) != 0)
		return -1;
	(void)json_object_update_new(out, json_pack("{s:b, s:o}", "works", 1, "saw", print_json_text(what)));
	if (print)
		(void)printf("%s works: %s\n", program->name, what);
	return 0;
}

static int
use_run(const struct command_call *call, struct error *err)
{
	const struct use         *options = call->options;
	const struct device_settings none = {0};
	struct use_program        program;
	AUTO_FREE char           *file = NULL;
	AUTO_SETTINGS             settings = {0};
	AUTO_SETTINGS             usual = {0};
	AUTO_USE_FACTS            facts = {0};
	AUTO_BYTES                text = {0};
	bool                      print = !call->json;

	if (device_settings_read(&options->settings, false, &settings, err) != 0 ||
	    device_settings_read(&none, false, &usual, err) != 0)
		return -1;
	if (use_facts_find(&settings.all, &usual.all, options->module, &facts, err) != 0) {
		if (err->kind != ERROR_NOT_FOUND || call->operand_count != 0 || options->check)
			return -1;
		(void)fprintf(stderr, "attest-device: %s\n", err->detail);
		return names_list(print, call->answer);
	}
	if (call->operand_count == 0)
		return all_list(options, &facts, print, call->answer, err);
	program = row_take(use_program_find(call->operands[0]), &facts, &file);
	fill(program.text, &program, &facts, &text);
	if (!options->write && !options->remove && !options->check)
		program_print(&program, &facts, bytes_view(&text), call->answer, print);
	if ((options->write || options->remove) &&
	    program_write(&program, bytes_view(&text), options->write, call->answer, print, err) != 0)
		return -1;
	return options->check
	    ? program_check(&program, &facts, bytes_view(&text), options->tls12, call->answer, print, err)
	    : 0;
}
