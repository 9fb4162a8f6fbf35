/*
 * Stands in for explicit_bzero of the C library and CRYPTO_clear_free of libcrypto: a definition in
 * the program goes before theirs. The archive's member is linked only where a test asks for it.
 */
#include "config.h"

#include "cleansed.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define BLOCKS_MAX 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool            watching;
static size_t          count;
static struct {
	uint8_t *octets;
	size_t   size;
	bool     freed;
} blocks[BLOCKS_MAX];

/* Keeps a copy; aborts when there is no room, since a block that is not kept would be one that was missed. */
static void
record(const void *data, size_t size, bool freed)
{
	(void)pthread_mutex_lock(&lock);
	if (watching && size != 0) {
		uint8_t *copy = malloc(size);

		if (copy == NULL || count == BLOCKS_MAX)
			abort();
		memcpy(copy, data, size);
		blocks[count].octets = copy;
		blocks[count].size = size;
		blocks[count++].freed = freed;
	}
	(void)pthread_mutex_unlock(&lock);
}

static void
overwrite(void *data, size_t size)
{
	volatile uint8_t *octets = data;

	for (size_t i = 0; i < size; i++)
		octets[i] = 0;
}

/* By their labels only: the header's declarations say that these do not read. */
void own_bzero(void *data, size_t size) __asm__("explicit_bzero");
void own_bzero_checked(void *data, size_t size, size_t room) __asm__("__explicit_bzero_chk");

void
own_bzero(void *data, size_t size)
{
	record(data, size, false);
	overwrite(data, size);
}

/* What the header makes of the former under _FORTIFY_SOURCE. */
void
own_bzero_checked(void *data, size_t size, size_t room)
{
	if (size > room)
		abort();
	own_bzero(data, size);
}

void
CRYPTO_clear_free(void *data, size_t size, const char *file, int line)
{
	if (data != NULL) {
		record(data, size, true);
		overwrite(data, size);
	}
	CRYPTO_free(data, file, line);
}

void
cleansed_watch(void)
{
	(void)pthread_mutex_lock(&lock);
	while (count > 0)
		free(blocks[--count].octets);
	watching = true;
	(void)pthread_mutex_unlock(&lock);
}

static size_t
blocks_count(size_t size, struct view octets, bool freed)
{
	size_t found = 0;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; i < count; i++)
		found += blocks[i].freed == freed && (size == 0 || blocks[i].size == size) &&
		    (octets.size == 0 ||
		        memmem(blocks[i].octets, blocks[i].size, octets.data, octets.size) != NULL);
	(void)pthread_mutex_unlock(&lock);
	return found;
}

size_t
cleansed_count(size_t size, struct view octets)
{
	return blocks_count(size, octets, false);
}

size_t
cleansed_freed(size_t size, struct view octets)
{
	return blocks_count(size, octets, true);
}
