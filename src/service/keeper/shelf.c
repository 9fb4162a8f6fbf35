/* Owns the files that fronts may read; does not know their content or when it changes. */
#include "config.h"

#include "service/keeper/shelf.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/channel.h"
#include "daemon/keeper.h"
#include "service/file.h"
#include "util/error.h"
#include "util/log.h"

/* Content shared by one or more names. */
struct shelf_content {
	uint64_t     version;
	size_t       names;
	struct bytes octets;
};

struct shelf_file {
	struct shelf_content *content; /* NULL: removed, fronts not told yet */
	uint64_t              version; /* version of the content, or of its removal */
	bool                  told;
	char                  name[FILE_NAME_MAX + 1];
};

struct shelf {
	pthread_mutex_t   mutex; /* guards the members below */
	uint64_t          version;
	struct shelf_file files[FILE_COUNT_MAX];
	size_t            count;
};

struct shelf *
shelf_new(void)
{
	struct shelf *shelf = memory_new(sizeof *shelf);

	(void)pthread_mutex_init(&shelf->mutex, NULL);
	return shelf;
}

static void
content_release(struct shelf_content *content)
{
	if (content == NULL || --content->names != 0)
		return;
	bytes_clear(&content->octets);
	free(content);
}

void
shelf_free(struct shelf *shelf)
{
	if (shelf == NULL)
		return;
	for (size_t i = 0; i < shelf->count; i++)
		content_release(shelf->files[i].content);
	(void)pthread_mutex_destroy(&shelf->mutex);
	free(shelf);
}

static struct shelf_file *
shelf_find(struct shelf *shelf, struct view name)
{
	for (size_t i = 0; i < shelf->count; i++) {
		if (view_equal(view_text(shelf->files[i].name), name))
			return &shelf->files[i];
	}
	return NULL;
}

/* Finds content with these octets that some name has already. */
static struct shelf_content *
shelf_find_content(struct shelf *shelf, struct view octets)
{
	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_content *content = shelf->files[i].content;

		if (content != NULL && view_equal(bytes_view(&content->octets), octets))
			return content;
	}
	return NULL;
}

static struct shelf_content *
shelf_add_content(struct shelf *shelf, struct view octets)
{
	struct shelf_content *content = memory_new(sizeof *content);

	content->version = ++shelf->version;
	if (octets.size != 0)
		bytes_append(&content->octets, octets.data, octets.size);
	return content;
}

/* Gives all names of this content a new version that no file had before. */
static void
shelf_renew(struct shelf *shelf, struct shelf_content *content)
{
	content->version = ++shelf->version;
	for (size_t i = 0; i < shelf->count; i++) {
		if (shelf->files[i].content != content)
			continue;
		shelf->files[i].version = content->version;
		shelf->files[i].told = false;
	}
}

/* Finds or makes the file of this name; NULL when there can be no more files. */
static struct shelf_file *
shelf_make(struct shelf *shelf, const char *name)
{
	struct shelf_file *file = shelf_find(shelf, view_text(name));

	if (file != NULL || shelf->count == FILE_COUNT_MAX)
		return file;
	file = &shelf->files[shelf->count++];
	*file = (struct shelf_file){0};
	memcpy(file->name, name, strlen(name));
	return file;
}

static void
shelf_replace(struct shelf *shelf, struct shelf_file *file, struct view octets)
{
	struct shelf_content *before = file->content;
	struct shelf_content *content = shelf_find_content(shelf, octets);

	if (content != NULL && content == before)
		return;
	if (content == NULL)
		content = shelf_add_content(shelf, octets);
	else if (content->version < file->version) /* fronts ignore it as old news */
		shelf_renew(shelf, content);
	content->names++;
	content_release(before);
	file->content = content;
	file->version = content->version;
	file->told = false;
}

int
shelf_put(struct shelf *shelf, const char *name, struct view content, struct error *err)
{
	struct shelf_file *file;

	if (content.size > FILE_SIZE_MAX)
		return error_set(err, ERROR_TOO_LARGE, "%.160s has %zu octets; at most %zu are served",
		    name, content.size, FILE_SIZE_MAX);
	if (strlen(name) > FILE_NAME_MAX)
		return error_set(err, ERROR_TOO_LARGE, "%.160s… is too long for a file's name", name);
	(void)pthread_mutex_lock(&shelf->mutex);
	file = shelf_make(shelf, name);
	if (file != NULL)
		shelf_replace(shelf, file, content);
	(void)pthread_mutex_unlock(&shelf->mutex);
	if (file == NULL)
		return error_set(err, ERROR_TOO_LARGE, "%.160s would be one file more than the %u that can be served",
		    name, FILE_COUNT_MAX);
	return 0;
}

void
shelf_remove(struct shelf *shelf, const char *name)
{
	struct shelf_file *file;

	(void)pthread_mutex_lock(&shelf->mutex);
	file = shelf_find(shelf, view_text(name));
	if (file != NULL && file->content != NULL) {
		content_release(file->content);
		file->content = NULL;
		file->version = ++shelf->version;
		file->told = false;
	}
	(void)pthread_mutex_unlock(&shelf->mutex);
}

/* The wanted piece, or the beginning of the version that replaced it; borrowed. */
static struct file_piece
shelf_piece(struct shelf *shelf, const struct file_question *asked)
{
	const struct shelf_file *file = shelf_find(shelf, asked->name);
	const struct bytes      *octets;
	struct file_piece        piece = {0};
	size_t                   offset = (size_t)asked->offset;

	if (file == NULL || file->content == NULL)
		return piece;
	octets = &file->content->octets;
	if (asked->version != file->version || offset > octets->size)
		offset = 0;
	piece.version = file->version;
	piece.size = octets->size;
	piece.data.size = octets->size - offset;
	if (piece.data.size > FILE_PIECE_MAX)
		piece.data.size = FILE_PIECE_MAX;
	if (piece.data.size != 0)
		piece.data.data = octets->data + offset;
	return piece;
}

void
shelf_read(struct shelf *shelf, struct view question, struct bytes *answer)
{
	struct file_question asked;
	struct file_piece    piece = {0};
	struct error         err = {0};

	if (file_question_decode(question, &asked, &err) != 0) {
		LOG(INFO, {"event", "refused"}, {"what", "file"}, {"kind", error_type(err.kind)},
		    {"reason", err.detail});
		file_piece_encode(&piece, answer);
		return;
	}
	(void)pthread_mutex_lock(&shelf->mutex);
	piece = shelf_piece(shelf, &asked);
	file_piece_encode(&piece, answer);
	(void)pthread_mutex_unlock(&shelf->mutex);
}

bool
shelf_answer(struct shelf *shelf, struct keeper_question *question, struct view body)
{
	AUTO_BYTES answer = {0};

	if (!file_message_is(body))
		return false;
	shelf_read(shelf, body, &answer);
	keeper_answer(question, bytes_view(&answer));
	return true;
}

uint64_t
shelf_copy(struct shelf *shelf, const char *name, uint64_t known, struct bytes *out)
{
	const struct shelf_file *file;

	(void)pthread_mutex_lock(&shelf->mutex);
	file = shelf_find(shelf, view_text(name));
	if (file != NULL && file->content != NULL && file->version != known) {
		known = file->version;
		bytes_append(out, file->content->octets.data, file->content->octets.size);
	}
	(void)pthread_mutex_unlock(&shelf->mutex);
	return known;
}

static void
file_news(const struct shelf_file *file, struct bytes *body)
{
	file_news_encode(
	    &(struct file_news){
	        .name = view_text(file->name),
	        .version = file->version,
	        .gone = file->content == NULL,
	    },
	    body);
}

void
shelf_greet(struct shelf *shelf, struct channel *channel)
{
	(void)pthread_mutex_lock(&shelf->mutex);
	for (size_t i = 0; i < shelf->count; i++) {
		AUTO_BYTES body = {0};

		if (shelf->files[i].content == NULL)
			continue;
		file_news(&shelf->files[i], &body);
		channel_tell(channel, bytes_view(&body));
	}
	(void)pthread_mutex_unlock(&shelf->mutex);
}

/* No deadlock: keeper_tell only posts to the workers; it waits for no thread that takes this
 * lock. */
void
shelf_tell(struct shelf *shelf, struct keeper *keeper)
{
	size_t left = 0;

	(void)pthread_mutex_lock(&shelf->mutex);
	for (size_t i = 0; i < shelf->count; i++) {
		struct shelf_file *file = &shelf->files[i];
		AUTO_BYTES         body = {0};

		if (!file->told) {
			file_news(file, &body);
			keeper_tell(keeper, bytes_view(&body));
		}
		file->told = true;
		if (file->content != NULL)
			shelf->files[left++] = *file;
	}
	shelf->count = left;
	(void)pthread_mutex_unlock(&shelf->mutex);
}
