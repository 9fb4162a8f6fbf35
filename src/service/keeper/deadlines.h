/*
 * Certificates and CRLs expire. A daemon logs that: as a warning when a third of the life is
 * left, or 90 days where that is less, and again each day; as an error when it is over, and again
 * each hour. Main thread.
 */
#ifndef SERVICE_KEEPER_DEADLINES_H
#define SERVICE_KEEPER_DEADLINES_H

#include <stdint.h>

struct deadlines;

struct deadlines *deadlines_new(void);
void              deadlines_free(struct deadlines *deadlines); /* NULL is allowed */

enum deadline_state { DEADLINE_FINE, DEADLINE_SOON, DEADLINE_OVER };

/* The state at `now` of what lives from `begin` to `end`. */
enum deadline_state deadlines_judge(int64_t begin, int64_t end, int64_t now);

/*
 * Logs the state of `what` when it is time to, with the reason; nothing while it is fine. `what`
 * is as below; `end`: when, for the log.
 */
void deadlines_say(struct deadlines *deadlines, const char *what, enum deadline_state state,
    int64_t end, int64_t now, const char *reason);

/*
 * `what`, valid from `begin` to `end`, is the name of one thing; at most 128 octets of it count.
 * Logs when it is time to; the remedy says what to do.
 */
void deadlines_watch(struct deadlines *deadlines, const char *what, int64_t begin, int64_t end,
    int64_t now, const char *remedy);

#endif
