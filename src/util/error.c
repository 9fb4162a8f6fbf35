/* Owns the kinds of failure and how their detail is put together. */
#include "config.h"

#include "util/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int         status;
	const char *type;
	const char *title;
} kinds[] = {
#define X(kind, status, type, title) [ERROR_##kind] = {status, type, title},
	ERROR_KINDS(X)
#undef X
};

/* Formats into a separate buffer first, because err->detail may be among the arguments. */
__attribute__((format(printf, 3, 0)))
static void
error_vset(struct error *err, enum error_kind kind, const char *fmt, va_list args)
{
	struct error filled = {.kind = kind};

	(void)vsnprintf(filled.detail, sizeof filled.detail, fmt, args);
	*err = filled;
}

int
error_set(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	error_vset(err, kind, fmt, args);
	va_end(args);
	return -1;
}

int
error_set_errno(struct error *err, enum error_kind kind, const char *fmt, ...)
{
	const char *reason = strerror(errno);
	size_t      used;
	va_list     args;

	va_start(args, fmt);
	error_vset(err, kind, fmt, args);
	va_end(args);
	used = strlen(err->detail);
	(void)snprintf(err->detail + used, sizeof err->detail - used, ": %s", reason);
	return -1;
}

int
error_wrap(struct error *err, const char *fmt, ...)
{
	struct error inner = *err;
	size_t       used;
	va_list      args;

	va_start(args, fmt);
	error_vset(err, inner.kind, fmt, args);
	va_end(args);
	used = strlen(err->detail);
	(void)snprintf(err->detail + used, sizeof err->detail - used, ": %s", inner.detail);
	return -1;
}

int
error_status(enum error_kind kind)
{
	return kinds[kind].status;
}

const char *
error_type(enum error_kind kind)
{
	return kinds[kind].type;
}

const char *
error_title(enum error_kind kind)
{
	return kinds[kind].title;
}

const char *
error_enrolment(enum error_kind kind)
{
	switch (kind) {
	case ERROR_ENROLMENT_WAITS:
		return "waiting";
	case ERROR_ENROLMENT_DENIED:
		return "denied";
	default:
		return NULL;
	}
}
