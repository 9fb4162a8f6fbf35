/* Owns a front's cached files and the exchanges that wait for them; does not know their content. */
#include "config.h"

#include "service/front/fetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/server.h"
#include "service/file.h"
#include "service/front/ask.h"
#include "util/error.h"

/* Most pieces in one download, however often the file changes meanwhile. */
#define PIECES_MAX (4 * FILE_SIZE_MAX / FILE_PIECE_MAX)

/* An exchange that waits for a file. */
struct fetch_waiter {
	struct fetch_waiter  *next;
	struct fetch_file    *file;
	struct http_exchange *exchange;
	fetch_done_cb        *done;
	void (*gone)(void *arg);
	void *arg;
};

/* A known file. */
struct fetch_file {
	struct fetch        *fetch;
	uint64_t             version;      /* newest known version */
	struct http_file    *kept;         /* NULL: not cached */
	uint64_t             kept_version;
	struct fetch_waiter *waiters;      /* not empty exactly while the file is being read */
	struct ask          *ask;          /* the question for the next piece */
	struct bytes         coming;       /* the pieces so far */
	uint64_t             coming_version; /* version of the pieces */
	size_t               pieces;
	char                 name[FILE_NAME_MAX + 1];
};

struct fetch {
	struct channel    *channel;
	struct fetch_file *files[FILE_COUNT_MAX];
	size_t             count;
};

struct fetch *
fetch_new(struct channel *channel)
{
	struct fetch *fetch = memory_new(sizeof *fetch);

	fetch->channel = channel;
	return fetch;
}

static void
file_release(struct fetch_file *file)
{
	http_file_release(file->kept);
	file->kept = NULL;
}

/* Ends a download, complete or not. */
static void
file_stop(struct fetch_file *file)
{
	ask_forget(file->ask);
	file->ask = NULL;
	bytes_clear(&file->coming);
	file->coming_version = 0;
	file->pieces = 0;
}

static void
file_free(struct fetch_file *file)
{
	assert(file->waiters == NULL);
	file_stop(file);
	file_release(file);
	free(file);
}

void
fetch_free(struct fetch *fetch)
{
	if (fetch == NULL)
		return;
	for (size_t i = 0; i < fetch->count; i++)
		file_free(fetch->files[i]);
	free(fetch);
}

/* Answers all waiting exchanges with the file or the error. */
static void
file_finish(struct fetch_file *file, const struct error *err)
{
	struct http_file *kept = err == NULL ? file->kept : NULL;

	file_stop(file);
	while (file->waiters != NULL) {
		struct fetch_waiter *waiter = file->waiters;

		file->waiters = waiter->next;
		http_exchange_on_cancel(waiter->exchange, NULL, NULL);
		waiter->done(waiter->exchange, kept, err, waiter->arg);
		free(waiter);
	}
}

/* Names with equal octets have equal versions: they share one copy. */
static struct http_file *
fetch_share(const struct fetch *fetch, uint64_t version)
{
	for (size_t i = 0; i < fetch->count; i++) {
		struct fetch_file *file = fetch->files[i];

		if (file->kept != NULL && file->kept_version == version)
			return http_file_hold(file->kept);
	}
	return NULL;
}

static void file_answer_cb(struct view answer, const struct error *err, void *arg);

static void
file_ask(struct fetch_file *file)
{
	struct file_question question = {
	    .name = view_text(file->name),
	    .version = file->coming_version,
	    .offset = file->coming.size,
	};
	AUTO_BYTES   body = {0};
	struct error err = {0};

	file_question_encode(&question, &body);
	file->ask = ask_new(file->fetch->channel, bytes_view(&body), file_answer_cb, file, &err);
	if (file->ask == NULL)
		file_finish(file, &err);
}

/* The download is complete. */
static void
file_keep(struct fetch_file *file)
{
	file_release(file);
	file->kept = fetch_share(file->fetch, file->coming_version);
	if (file->kept == NULL)
		file->kept = http_file_new(&file->coming);
	file->kept_version = file->coming_version;
	if (file->version < file->kept_version) /* news of it will come */
		file->version = file->kept_version;
	file_finish(file, NULL);
}

static int
file_take(struct fetch_file *file, const struct file_piece *piece, struct error *err)
{
	if (piece->version == 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no %s any more", file->name);
	if (piece->version != file->coming_version)
		bytes_clear(&file->coming); /* the beginning of another version */
	file->coming_version = piece->version;
	bytes_append(&file->coming, piece->data.data, piece->data.size);
	if (++file->pieces > PIECES_MAX || file->coming.size > piece->size ||
	    (piece->data.size == 0 && file->coming.size != piece->size))
		return error_set(err, ERROR_INTERNAL, "the keeper's pieces do not form a file");
	if (file->coming.size < piece->size)
		file_ask(file);
	else
		file_keep(file);
	return 0;
}

static void
file_answer_cb(struct view answer, const struct error *err, void *arg)
{
	struct fetch_file *file = arg;
	struct file_piece  piece;
	struct error       why = {0};

	file->ask = NULL;
	if (err != NULL) {
		file_finish(file, err);
	} else if (file_piece_decode(answer, &piece, &why) != 0) {
		why.kind = ERROR_INTERNAL;
		file_finish(file, &why);
	} else if (file_take(file, &piece, &why) != 0) {
		file_finish(file, &why);
	}
}

/* Its index among the files, or their number if it is unknown. */
static size_t
fetch_find(const struct fetch *fetch, struct view name)
{
	size_t i = 0;

	while (i < fetch->count && !view_equal(view_text(fetch->files[i]->name), name))
		i++;
	return i;
}

static void
fetch_remove(struct fetch *fetch, size_t place)
{
	struct fetch_file *file = fetch->files[place];
	struct error       err = {0};

	fetch->files[place] = fetch->files[--fetch->count];
	error_set(&err, ERROR_NOT_FOUND, "there is no %s any more", file->name);
	file_finish(file, &err);
	file_free(file);
}

static int
fetch_add(struct fetch *fetch, const struct file_news *news, struct error *err)
{
	struct fetch_file *file;

	if (fetch->count == FILE_COUNT_MAX)
		return error_set(err, ERROR_MALFORMED, "more files than the limit");
	file = memory_new(sizeof *file);
	file->fetch = fetch;
	file->version = news->version;
	memcpy(file->name, news->name.data, news->name.size);
	fetch->files[fetch->count++] = file;
	return 0;
}

int
fetch_take_news(struct fetch *fetch, struct view body, struct error *err)
{
	struct file_news   news;
	struct fetch_file *file;
	size_t             place;

	if (file_news_decode(body, &news, err) != 0)
		return -1;
	if ((place = fetch_find(fetch, news.name)) == fetch->count)
		return news.gone ? 0 : fetch_add(fetch, &news, err);
	file = fetch->files[place];
	if (news.version <= file->version) {
		return 0;
	} else if (news.gone) {
		fetch_remove(fetch, place);
	} else {
		file->version = news.version;
		file_release(file);
	}
	return 0;
}

static void
waiter_cancelled_cb(void *arg)
{
	struct fetch_waiter  *waiter = arg;
	struct fetch_file    *file = waiter->file;
	struct fetch_waiter **slot = &file->waiters;

	while (*slot != waiter)
		slot = &(*slot)->next;
	*slot = waiter->next;
	if (waiter->gone != NULL)
		waiter->gone(waiter->arg);
	free(waiter);
	if (file->waiters == NULL)
		file_stop(file);
}

void
fetch_get(struct fetch *fetch, const char *name, struct http_exchange *exchange,
    fetch_done_cb *done, void (*gone)(void *arg), void *arg)
{
	size_t               place = fetch_find(fetch, view_text(name));
	struct fetch_file   *file;
	struct fetch_waiter *waiter;
	struct error         err = {0};

	if (place == fetch->count) {
		error_set(&err, ERROR_NOT_FOUND, "there is no %.160s", name);
		done(exchange, NULL, &err, arg);
		return;
	}
	file = fetch->files[place];
	if (file->kept == NULL && (file->kept = fetch_share(fetch, file->version)) != NULL)
		file->kept_version = file->version;
	if (file->kept != NULL && file->kept_version == file->version) {
		done(exchange, file->kept, NULL, arg);
		return;
	}
	waiter = memory_new(sizeof *waiter);
	*waiter = (struct fetch_waiter){file->waiters, file, exchange, done, gone, arg};
	http_exchange_on_cancel(exchange, waiter_cancelled_cb, waiter);
	file->waiters = waiter;
	if (waiter->next == NULL)
		file_ask(file);
}
