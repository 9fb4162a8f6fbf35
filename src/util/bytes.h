/* Byte strings: borrowed views, owned buffers that grow, and their cleanup. */
#ifndef UTIL_BYTES_H
#define UTIL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets that somebody else owns. */
struct view {
	const uint8_t *data;
	size_t         size;
};

/*
 * Octets owned by the holder of the struct; {0} is empty. bytes_clear cleanses
 * before it frees, so any of these may hold a secret.
 */
struct bytes {
	uint8_t *data;
	size_t   size;
	size_t   capacity;
};

/* Cleanses and frees the octets of *b and makes it empty. */
void bytes_clear(struct bytes *b);

/* Appends `size` octets. A failed allocation aborts: there is no way to serve without memory. */
void bytes_append(struct bytes *b, const void *data, size_t size);

/*
 * Appends `size` zero octets and returns their start, valid until *b changes; NULL if
 * size is 0 and *b is empty.
 */
uint8_t *bytes_extend(struct bytes *b, size_t size);

/* Appends one octet. */
void bytes_append_u8(struct bytes *b, uint8_t value);

/* A view of *b, valid until *b changes. */
struct view bytes_view(const struct bytes *b);

/* True when both hold the same octets; not for secrets. */
bool view_equal(struct view a, struct view b);

/* The octets of a string, without its NUL. */
struct view view_text(const char *text);

/* A copy as a string, which the caller frees. A NUL inside ends the string for its readers. */
char *view_dup(struct view view);

/* Overwrites `size` octets in a way that the compiler cannot leave out. */
void bytes_cleanse(void *data, size_t size);

/* Locals that clear themselves: AUTO_BYTES b = {0}; */
#define AUTO_BYTES __attribute__((cleanup(bytes_clear))) struct bytes

/* malloc and strdup that abort when there is no memory; the caller frees. */
void *memory_new(size_t size);
char *memory_strdup(const char *text);

/* The same for what somebody else has allocated: returns it, and aborts when it is NULL. */
void *memory_check(void *pointer);

/* Locals that free themselves: AUTO_FREE char *s = NULL; */
void memory_free_cleanup(void *pointer_to_pointer);
#define AUTO_FREE __attribute__((cleanup(memory_free_cleanup)))

#endif
