/* Who uses the TPM next: the threads of this process in the order in which they came. */
#ifndef PKCS11_QUEUE_H
#define PKCS11_QUEUE_H

/*
 * Waits until all who came earlier have left. A mutex would do without the order: glibc's gives
 * it to whoever is running, so that with 16 threads one waited for more than a second.
 */
void queue_enter(void);
void queue_leave(void);

/* In the child of a fork: nobody is in the queue. */
void queue_child(void);

#endif
