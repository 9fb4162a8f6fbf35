/* A worker: one thread, one event loop, and a mailbox into which any thread may post. */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

struct error;
struct event_base;
struct worker;

typedef void worker_task_cb(void *arg);

/* Makes the loop and the mailbox; does not start the thread. */
int worker_new(struct worker **out, struct error *err);

/* The worker's event loop; use it before the start or from the worker's own thread. */
struct event_base *worker_base(struct worker *worker);

/* Starts the thread; signals are blocked in it. */
int worker_start(struct worker *worker, const char *thread_name, struct error *err);

/* Runs `task` soon in the worker's thread, in the order posted. From any thread; one wake-up serves
 * many. */
void worker_post(struct worker *worker, worker_task_cb *task, void *arg);

/* Runs all posted tasks, ends the loop, joins the thread, frees the worker. */
void worker_stop(struct worker *worker);

#endif
