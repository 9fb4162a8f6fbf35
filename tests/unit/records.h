/* What holds for the records of every program: walked by the unit tests of each. */
#ifndef TESTS_UNIT_RECORDS_H
#define TESTS_UNIT_RECORDS_H

#include <string.h>

#include <check.h>

#include "command/command.h"

/* A row says what help shows, and no other row of the call has its name or letter. */
static inline void
records_check_row(const struct command_option *row, const struct command_option *others)
{
	ck_assert_msg(row->summary != NULL || row->word != NULL, "--%s", row->name);
	ck_assert_msg((row->argument == NULL) == (row->kind == OPTION_FLAG), "--%s", row->name);
	ck_assert_msg((row->word != NULL) == (row->kind == OPTION_WORD), "--%s", row->name);
	for (; others != NULL && others->name != NULL; others++) {
		ck_assert_msg(row == others || strcmp(row->name, others->name) != 0, "--%s", row->name);
		ck_assert_msg(row == others || row->letter == 0 || row->letter != others->letter, "--%s",
		    row->name);
	}
}

static inline void
records_check_command(const struct command_program *program, const struct command *command)
{
	ck_assert_ptr_nonnull(command->run);
	ck_assert_ptr_nonnull(command->summary);
	ck_assert_uint_le(command->operands_min, command->operands_max);
	ck_assert_msg((command->operands != NULL) == (command->operands_max != 0), "%s", command->name);
	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++) {
		for (const struct command_option *row = command->options[i].rows; row->name != NULL; row++) {
			ck_assert_msg(command->options[i].offset + row->offset < command->size, "%s --%s",
			    command->name, row->name);
			records_check_row(row, program->options);
			for (size_t j = 0; j < COMMAND_ROWS_MAX && command->options[j].rows != NULL; j++)
				records_check_row(row, command->options[j].rows);
		}
	}
}

/* Checks all of them, and that there are `count` at least, each with a name of its own. */
static inline void
records_check(const struct command_program *program, size_t count)
{
	size_t i;

	for (i = 0; program->commands[i] != NULL; i++) {
		records_check_command(program, program->commands[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(program->commands[i]->name, program->commands[j]->name);
	}
	ck_assert_uint_ge(i, count);
}

#endif
