/* Owns allocation: a failed allocation reports itself and ends the process. */
#include "config.h"

#include "util/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Start capacity: most messages are built from small pieces. */
#define BYTES_CAPACITY_MIN 256

void *
memory_check(void *pointer)
{
	if (pointer == NULL) {
		(void)fputs("out of memory\n", stderr);
		abort();
	}
	return pointer;
}

void *
memory_new(size_t size)
{
	return memory_check(calloc(1, size != 0 ? size : 1));
}

char *
memory_strdup(const char *text)
{
	return memory_check(strdup(text));
}

void
memory_free_cleanup(void *pointer_to_pointer)
{
	void **pointer = pointer_to_pointer;

	free(*pointer);
	*pointer = NULL;
}

void
bytes_cleanse(void *data, size_t size)
{
	if (size != 0)
		explicit_bzero(data, size);
}

void
bytes_clear(struct bytes *b)
{
	if (b->data != NULL) {
		bytes_cleanse(b->data, b->capacity);
		free(b->data);
	}
	*b = (struct bytes){0};
}

/* Never realloc: it would leave a copy of a secret behind. */
static void
bytes_reserve(struct bytes *b, size_t more)
{
	struct bytes grown = {0};

	if (more <= b->capacity - b->size)
		return;
	if (more > SIZE_MAX / 4 || b->size > SIZE_MAX / 4)
		memory_check(NULL);
	grown.capacity = b->capacity * 2 > BYTES_CAPACITY_MIN ? b->capacity * 2 : BYTES_CAPACITY_MIN;
	if (grown.capacity < b->size + more)
		grown.capacity = b->size + more;
	grown.data = memory_check(malloc(grown.capacity));
	grown.size = b->size;
	if (b->size != 0)
		memcpy(grown.data, b->data, b->size);
	bytes_clear(b);
	*b = grown;
}

void
bytes_append(struct bytes *b, const void *data, size_t size)
{
	if (size == 0)
		return;
	bytes_reserve(b, size);
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

uint8_t *
bytes_extend(struct bytes *b, size_t size)
{
	bytes_reserve(b, size);
	if (b->data == NULL) /* empty; NULL + 0 is undefined in C */
		return NULL;
	memset(b->data + b->size, 0, size);
	b->size += size;
	return b->data + b->size - size;
}

void
bytes_append_u8(struct bytes *b, uint8_t value)
{
	bytes_append(b, &value, 1);
}

struct view
bytes_view(const struct bytes *b)
{
	return (struct view){b->data, b->size};
}

bool
view_equal(struct view a, struct view b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

struct view
view_text(const char *text)
{
	return (struct view){(const uint8_t *)text, strlen(text)};
}

char *
view_dup(struct view view)
{
	char *text = memory_new(view.size + 1);

	if (view.size != 0)
		memcpy(text, view.data, view.size);
	return text;
}
