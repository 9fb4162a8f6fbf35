/* Finds the command closest to a misspelled name, by edit distance. */
#include "config.h"

#include <string.h>

#include "command/command.h"

#define SUGGEST_LENGTH_MAX 48

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * The "optimal string alignment" distance: the number of octets to insert, remove,
 * replace or swap with their neighbour. Both texts have at most SUGGEST_LENGTH_MAX
 * octets.
 */
static size_t
edit_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_LENGTH_MAX + 1];
	size_t columns = strlen(b);
	size_t i;

	for (size_t j = 0; j <= columns; j++)
		rows[0][j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		size_t       *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
			    above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[(i - 1) % 3][columns];
}

const char *
command_suggest(const struct command_program *program, const char *given)
{
	const char *best = NULL;
	size_t      best_distance = SUGGEST_LENGTH_MAX;

	if (strlen(given) > SUGGEST_LENGTH_MAX)
		return NULL;
	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const char *name = program->commands[i]->name;
		size_t      distance = edit_distance(given, name);

		/* At most a third of the letters may differ; more is another word. */
		if (distance < best_distance && distance * 3 <= strlen(given)) {
			best = name;
			best_distance = distance;
		}
	}
	return best;
}
