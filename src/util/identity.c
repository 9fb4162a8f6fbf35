/* Owns the change of user; knows nothing of what lies in the directory. */
#include "config.h"

#include "util/identity.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/process.h"

#define IDENTITY_LINKS_MAX   40
#define IDENTITY_PASSWD_SIZE 4096
#define IDENTITY_NOBODY      ((gid_t)65534)

/* A name on the way to a directory, and the directory that it was looked up in. */
struct step {
	struct stat in;
	struct stat entry;
};

/* A way that is gone once, so that nothing on it is looked up twice. */
struct way {
	int          at;   /* O_PATH of the directory that was reached */
	struct stat  here; /* the same */
	bool         ended; /* what comes next is missing, or no directory */
	unsigned     links;
	struct bytes steps; /* struct step */
};

static bool  origin_known;
static uid_t origin_uid;

static int way_go(struct way *way, const char *path);

/* Takes over `fd` as the place that was reached. */
static int
way_reach(struct way *way, int fd)
{
	if (fd < 0)
		return -1;
	if (way->at >= 0)
		(void)close(way->at);
	way->at = fd;
	return fstat(fd, &way->here);
}

static int
way_follow(struct way *way, int link)
{
	char    target[PATH_MAX];
	ssize_t size = readlinkat(link, "", target, sizeof target - 1);

	if (size < 0)
		return -1;
	target[size] = '\0';
	if (++way->links <= IDENTITY_LINKS_MAX)
		return way_go(way, target);
	errno = ELOOP;
	return -1;
}

static int
way_step(struct way *way, const char *name)
{
	struct step step = {.in = way->here};
	int         fd = openat(way->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int         rc;

	if (fd < 0 && errno == ENOENT) {
		way->ended = true;
		return 0;
	}
	if (fd < 0)
		return -1;
	if (fstat(fd, &step.entry) != 0) {
		(void)close(fd);
		return -1;
	}
	bytes_append(&way->steps, &step, sizeof step);
	if (S_ISDIR(step.entry.st_mode))
		return way_reach(way, fd);
	if (S_ISLNK(step.entry.st_mode)) {
		rc = way_follow(way, fd);
	} else {
		way->ended = true;
		rc = 0;
	}
	(void)close(fd);
	return rc;
}

static int
way_go(struct way *way, const char *path)
{
	AUTO_FREE char *copy = memory_strdup(path);
	char           *rest = NULL;
	char           *name;

	if (*path == '/' && way_reach(way, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) != 0)
		return -1;
	for (name = strtok_r(copy, "/", &rest); name != NULL && !way->ended;
	     name = strtok_r(NULL, "/", &rest)) {
		if (way_step(way, name) != 0)
			return -1;
	}
	return 0;
}

/* The place of a store may have its engine before the directory. */
static const char *
directory_of(const char *place)
{
	static const char scheme[] = "sqlite:";

	return strncmp(place, scheme, sizeof scheme - 1) == 0 ? place + sizeof scheme - 1 : place;
}

/* True when a user other than root and the owner could replace the step; *who is that user. */
static bool
step_is_open(const struct step *step, const struct identity *owner, uid_t *who)
{
	mode_t mode = step->in.st_mode;
	bool   others = (mode & S_IWOTH) != 0 ||
	    ((mode & S_IWGRP) != 0 && step->in.st_gid != 0 && step->in.st_gid != owner->gid);

	*who = step->in.st_uid;
	if (*who != 0 && *who != owner->uid)
		return true;
	if (!others)
		return false;
	*who = step->entry.st_uid;
	return (mode & S_ISVTX) == 0 || (*who != 0 && *who != owner->uid);
}

static int
way_check(const struct way *way, const char *directory, const struct identity *owner,
    struct error *err)
{
	const struct step *steps = (const struct step *)(const void *)way->steps.data;
	uid_t              who;

	for (size_t i = 0; i < way->steps.size / sizeof *steps; i++) {
		if (!step_is_open(&steps[i], owner, &who))
			continue;
		if (who == 0 || who == owner->uid)
			return error_set(err, ERROR_INTERNAL,
			    "root does not work in %s: its place is in a directory where everybody, or a "
			    "group, may put another; run this as its owner, or mend the permissions",
			    directory);
		return error_set(err, ERROR_INTERNAL,
		    "root does not work in %s: uid %lu, whose it is not, may put another in its place; "
		    "run this as its owner",
		    directory, (unsigned long)who);
	}
	return 0;
}

static void
identity_name(const struct stat *st, struct identity *out)
{
	struct passwd  entry;
	struct passwd *found = NULL;
	char           buffer[IDENTITY_PASSWD_SIZE];

	*out = (struct identity){.uid = st->st_uid, .gid = st->st_gid, .other = st->st_uid != 0};
	if (getpwuid_r(st->st_uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL &&
	    strlen(found->pw_name) < sizeof out->name) {
		out->gid = found->pw_gid;
		memcpy(out->name, found->pw_name, strlen(found->pw_name) + 1);
	} else if (out->other && out->gid == 0) {
		out->gid = IDENTITY_NOBODY; /* root's group is no more its own than root's files are */
	}
}

int
identity_find(const char *directory, struct identity *out, struct error *err)
{
	const char *path = directory_of(directory);
	struct way  way = {.at = -1};
	int         rc;

	if (geteuid() != 0) {
		*out = (struct identity){.uid = geteuid(), .gid = getegid()};
		return 0;
	}
	rc = way_reach(&way, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (rc == 0)
		rc = way_go(&way, path);
	if (rc != 0) {
		rc = error_set_errno(err, ERROR_INTERNAL, "looking at %s", directory);
	} else {
		identity_name(&way.here, out);
		rc = way_check(&way, directory, out, err);
	}
	if (way.at >= 0)
		(void)close(way.at);
	bytes_clear(&way.steps);
	return rc;
}

/* Whatever else root was left with. */
static int
capabilities_drop(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &header, none);
}

static bool
identity_is_taken(const struct identity *identity)
{
	uid_t uid[3];
	gid_t gid[3];

	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uid[i] != identity->uid || gid[i] != identity->gid)
			return false;
	return setresuid((uid_t)-1, 0, (uid_t)-1) != 0 && setresgid((gid_t)-1, 0, (gid_t)-1) ==
	    (identity->gid == 0 ? 0 : -1);
}

/* Root that does not reach it itself any more can tell no better. */
static int
identity_check_reach(const struct identity *identity, const char *directory, struct error *err)
{
	if (faccessat(AT_FDCWD, directory_of(directory), X_OK, AT_EACCESS) == 0 || errno != EACCES)
		return 0;
	return error_set(err, ERROR_INTERNAL,
	    "uid %lu, whose the directory is and who works there in root's place, cannot reach %s: a "
	    "directory on the way is closed to it",
	    (unsigned long)identity->uid, directory);
}

int
identity_take(const struct identity *identity, const char *directory, struct error *err)
{
	int rc;

	if (!identity->other)
		return 0;
	if (!origin_known)
		origin_uid = getuid();
	origin_known = true;
	rc = identity->name[0] != '\0' ? initgroups(identity->name, identity->gid)
	                               : setgroups(0, NULL);
	if (rc != 0 || setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) != 0 || capabilities_drop() != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "becoming uid %lu, the owner of %s",
		    (unsigned long)identity->uid, directory);
	if (!identity_is_taken(identity))
		return error_set(err, ERROR_INTERNAL, "becoming uid %lu, the owner of %s: root is not left",
		    (unsigned long)identity->uid, directory);
	if (process_hide(err) != 0)
		return -1;
	return identity_check_reach(identity, directory, err);
}

uid_t
identity_origin(void)
{
	return origin_known ? origin_uid : getuid();
}
