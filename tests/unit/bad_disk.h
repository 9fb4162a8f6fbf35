/*
 * A disk that fails, beneath SQLite: a VFS over the default one, which becomes the default.
 *
 * Of each file of a store it keeps a second image, the platter: what is on disk. A write reaches
 * the file, which stands for the kernel's memory; a sync copies the pages that are dirty to the
 * platter. A sync that fails copies nothing, and the pages are clean from then on, as on Linux. So
 * what a killed process leaves is in the directory, and what a power cut leaves is on the platter.
 */
#ifndef TESTS_UNIT_BAD_DISK_H
#define TESTS_UNIT_BAD_DISK_H

#include <stdint.h>

enum disk_fault {
	DISK_GOOD,
	DISK_FAILS_ONCE,   /* one operation fails with EIO; a write is done in part */
	DISK_FAILS,        /* that one and all later ones */
	DISK_SYNC_FAILS,   /* that one does not; the next sync does, once */
	DISK_SYNCS_FAIL,   /* all syncs from then on, and nothing else */
	DISK_FULL_A_WHILE, /* that write and those up to the sixth after it */
	DISK_READ_ONLY,    /* all writes from then on, as after an emergency remount */
	DISK_CUT,          /* the process ends before it, with exit status DISK_CUT_STATUS */
	DISK_FAULT_COUNT
};

#define DISK_CUT_STATUS 77

/* Installs it for the files in `directory`, whose platter is the directory `platter`: once in a
 * process. Before the first store of a directory is made, or after a copy of both. */
void bad_disk_install(const char *directory, const char *platter);

/* The fault strikes at the operation `at`, counted from 1 from now on: writes, syncs, truncations
 * and removals of files. */
void bad_disk_fault(enum disk_fault fault, unsigned at);

/* The operations so far. */
unsigned bad_disk_count(void);

/*
 * What is there after a power cut, in `to`: the platter, with some of the dirty pages: none of them
 * when `seed` is 0, and otherwise as it chooses, some of them torn.
 */
void bad_disk_cut(const char *to, uint32_t seed);

#endif
