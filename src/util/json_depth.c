/* Counts brackets; does not check that the text is JSON. */
#include "config.h"

#include "util/json_depth.h"

bool
json_depth_exceeds(struct view text, size_t max)
{
	size_t depth = 0;
	bool   in_string = false;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '[') && ++depth > max)
			return true;
		else if (!in_string && (c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return false;
}
