/* Owns the system calls and the constants of Landlock, which the headers of Debian 12 know in part. */
#include "config.h"

#include "daemon/landlock.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "util/error.h"

/* The same numbers on every architecture. */
#define CALL_CREATE_RULESET 444
#define CALL_ADD_RULE       445
#define CALL_RESTRICT_SELF  446

#define CREATE_RULESET_VERSION 1U
#define RULE_PATH_BENEATH      1

#define FS_EXECUTE    (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE  (UINT64_C(1) << 2)
#define FS_READ_DIR   (UINT64_C(1) << 3)
#define FS_REMOVE_DIR (UINT64_C(1) << 4)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_DIR   (UINT64_C(1) << 7)
#define FS_MAKE_REG   (UINT64_C(1) << 8)
#define FS_REFER      (UINT64_C(1) << 13)
#define FS_TRUNCATE   (UINT64_C(1) << 14)
#define FS_IOCTL_DEV  (UINT64_C(1) << 15)

#define NET_TCP    (UINT64_C(3))  /* bind, connect */
#define SCOPE_ABSTRACT (UINT64_C(1) << 0)
#define SCOPE_SIGNALS  (UINT64_C(1) << 1)

/* What a version handles of the file system: the lowest so many bits. */
static const unsigned fs_bits[] = {0, 13, 14, 15, 15, 16};

struct ruleset {
	uint64_t fs;
	uint64_t net;    /* since version 4 */
	uint64_t scoped; /* since version 6 */
};

/* As the kernel wants it, without padding. */
struct path_beneath {
	uint64_t allowed;
	int32_t  parent;
} __attribute__((packed));

int
landlock_version(void)
{
	long version = syscall(CALL_CREATE_RULESET, NULL, 0, CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static struct ruleset
ruleset_of(int version, unsigned leave)
{
	size_t         last = sizeof fs_bits / sizeof fs_bits[0] - 1;
	unsigned       bits = fs_bits[(size_t)version < last ? (size_t)version : last];
	struct ruleset rules = {.fs = (leave & LANDLOCK_LEAVE_FILES) == 0 ? (UINT64_C(1) << bits) - 1 : 0};

	if (version >= 4 && (leave & LANDLOCK_LEAVE_TCP) == 0)
		rules.net = NET_TCP;
	if (version >= 6 && (leave & LANDLOCK_LEAVE_ABSTRACT) == 0)
		rules.scoped |= SCOPE_ABSTRACT;
	if (version >= 6 && (leave & LANDLOCK_LEAVE_SIGNALS) == 0)
		rules.scoped |= SCOPE_SIGNALS;
	return rules;
}

static int
landlock_allow(int ruleset, uint64_t handled, const struct landlock_path *path, struct error *err)
{
	struct path_beneath rule = {.allowed = FS_READ_FILE | FS_READ_DIR};
	struct stat         st;
	int                 rc;

	rule.parent = open(path->path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0 && (errno == ENOENT || errno == EACCES || errno == ENOTDIR))
		return 0;
	if (rule.parent < 0 || fstat(rule.parent, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s for the sandbox", path->path);
	if (path->writable)
		rule.allowed |= FS_WRITE_FILE | FS_TRUNCATE | FS_MAKE_REG | FS_MAKE_DIR | FS_REMOVE_FILE |
		    FS_REMOVE_DIR | FS_REFER;
	if (path->device)
		rule.allowed |= FS_IOCTL_DEV;
	if (path->executable)
		rule.allowed |= FS_EXECUTE;
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= FS_EXECUTE | FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV;
	rule.allowed &= handled;
	rc = (int)syscall(CALL_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
	if (rc != 0)
		error_set_errno(err, ERROR_INTERNAL, "allowing %s in the sandbox", path->path);
	(void)close(rule.parent);
	return rc;
}

int
landlock_make(unsigned leave, const struct landlock_path *paths, size_t count, int *rules, struct error *err)
{
	int            version = landlock_version();
	struct ruleset all = ruleset_of(version, leave);
	size_t         size = version >= 6 ? sizeof all : version >= 4 ? 2 * sizeof all.fs : sizeof all.fs;
	int            rc = 0;

	*rules = -1;
	if (all.fs == 0 && all.net == 0 && all.scoped == 0)
		return 0;
	*rules = (int)syscall(CALL_CREATE_RULESET, &all, size, 0);
	if (*rules < 0)
		return error_set_errno(err, ERROR_INTERNAL, "making the sandbox of files");
	for (size_t i = 0; all.fs != 0 && i < count && rc == 0; i++)
		rc = landlock_allow(*rules, all.fs, &paths[i], err);
	if (rc != 0) {
		(void)close(*rules);
		*rules = -1;
	}
	return rc;
}

int
landlock_restrict(int rules)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(CALL_RESTRICT_SELF, rules, 0) == 0 ? 0 : -1;
}

int
landlock_enter(unsigned leave, const struct landlock_path *paths, size_t count, struct error *err)
{
	int rules;
	int rc;

	if (landlock_make(leave, paths, count, &rules, err) != 0)
		return -1;
	if (rules < 0)
		return 0;
	if ((rc = landlock_restrict(rules)) != 0)
		error_set_errno(err, ERROR_INTERNAL, "entering the sandbox of files");
	(void)close(rules);
	return rc;
}
