/*
 * Check's assertions outside of a test, for the worlds of the unit tests: the fuzzer ends where one
 * fails. In one file of a program only.
 */
#ifndef TESTS_FUZZ_CHECK_ALONE_H
#define TESTS_FUZZ_CHECK_ALONE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <check.h>

void
_mark_point(const char *file, int line)
{
	(void)file;
	(void)line;
}

void
_ck_assert_failed(const char *file, int line, const char *expression, const char *message, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "%s:%d: %s: ", file, line, expression);
	va_start(arguments, message);
	if (message != NULL)
		(void)vfprintf(stderr, message, arguments);
	va_end(arguments);
	(void)fprintf(stderr, "\n");
	abort();
}

#endif
