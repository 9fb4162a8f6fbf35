/* What becomes of names that look alike, on a connection. Private to store/. */
#ifndef STORE_SIMILAR_H
#define STORE_SIMILAR_H

struct error;
struct store;
struct store_similar;

/* As store_similar_allow says (inventory/similar.h). */
struct similar_watch {
	void (*warn)(const char *name, const struct store_similar *other, void *arg);
	void *arg;
};

const struct similar_watch *similar_watch_of(const struct store *store);
void                        similar_watch_set(struct store *store, const struct similar_watch *watch);

/*
 * Makes the skeletons of names that are missing or of older tables, in short transactions: for a
 * store that has just been opened.
 */
int similar_complete(struct store *store, struct error *err);

#endif
