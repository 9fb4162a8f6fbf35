/* Keeps and prints the findings of an import: as text the first of each kind, in JSON all. */
#include "config.h"

#include "admin/trust/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/trust/trust.h"
#include "command/print.h"
#include "util/bytes.h"
#include "util/clock.h"

#define REPORT_NAMED_MAX 10 /* of each kind */

/* The arrays in JSON, by fate. */
static const char *const fate_keys[] = {
    [TRUST_ADDED] = "added",
    [TRUST_DUPLICATE] = "duplicates",
    [TRUST_REFUSED] = "refused",
    [TRUST_UNREADABLE] = "unreadable",
};

struct trust_found *
trust_report_add(struct trust_report *report, const char *source)
{
	struct trust_found *found;

	if (report->count == report->capacity) {
		report->capacity = report->capacity == 0 ? 64 : 2 * report->capacity;
		report->found = memory_check(realloc(report->found, report->capacity * sizeof *report->found));
	}
	found = &report->found[report->count++];
	*found = (struct trust_found){.fate = TRUST_UNREADABLE};
	trust_clean(source, found->source, sizeof found->source);
	return found;
}

void
trust_report_clear(struct trust_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		bytes_clear(&report->found[i].der);
	free(report->found);
	*report = (struct trust_report){0};
}

static json_t *
report_found_json(const struct trust_found *found)
{
	json_t *object = json_pack("{s:o}", "source", print_json_text(found->source));
	char    text[TRUST_FINGERPRINT_TEXT_SIZE];
	char    when[CLOCK_TEXT_SIZE];

	if (found->der.size != 0) {
		trust_fingerprint_format(found->fingerprint, text);
		clock_format(found->not_after, when);
		(void)json_object_set_new(object, "fingerprint", json_string(text));
		(void)json_object_set_new(object, "subject", print_json_text(found->subject));
		(void)json_object_set_new(object, "not_after", json_string(when));
		(void)json_object_set_new(object, "expired", json_boolean(found->expired));
	}
	if (found->fate == TRUST_ADDED) {
		(void)json_object_set_new(object, "role",
		    json_string(found->root ? "root" : "intermediate"));
		(void)json_object_set_new(object, "has_root", json_boolean(!found->rootless));
	}
	if (found->reason[0] != '\0')
		(void)json_object_set_new(object, "reason", print_json_text(found->reason));
	return object;
}

void
trust_report_print_json(const struct trust_report *report)
{
	json_t *object = json_pack("{s:I, s:I}", "roots", (json_int_t)report->roots, "intermediates",
	    (json_int_t)report->intermediates);

	for (size_t fate = 0; fate < sizeof fate_keys / sizeof fate_keys[0]; fate++)
		(void)json_object_set_new(object, fate_keys[fate], json_array());
	for (size_t i = 0; i < report->count; i++)
		(void)json_array_append_new(
		    json_object_get(object, fate_keys[report->found[i].fate]),
		    report_found_json(&report->found[i]));
	print_json(object);
}

/* Prints a line about one item: name, reason, source. */
static void
report_print_one(const struct trust_found *found, bool expired)
{
	char when[CLOCK_TEXT_SIZE];

	(void)printf("  ");
	if (found->subject[0] != '\0') {
		print_text(stdout, found->subject);
		(void)printf(": ");
	}
	if (expired) {
		clock_format(found->not_after, when);
		(void)printf("%s, ", when);
	} else if (found->reason[0] != '\0') {
		print_text(stdout, found->reason);
		(void)printf(", ");
	}
	(void)printf("in ");
	print_text(stdout, found->source);
	(void)putchar('\n');
}

/* The fates, each with its sentence. */
static bool
report_has_expired(const struct trust_found *found)
{
	return found->fate == TRUST_ADDED && found->expired;
}

static bool
report_is_rootless(const struct trust_found *found)
{
	return found->fate == TRUST_ADDED && found->rootless;
}

static bool
report_is_duplicate(const struct trust_found *found)
{
	return found->fate == TRUST_DUPLICATE;
}

static bool
report_is_refused(const struct trust_found *found)
{
	return found->fate == TRUST_REFUSED;
}

static bool
report_is_unreadable(const struct trust_found *found)
{
	return found->fate == TRUST_UNREADABLE;
}

static const struct report_kind {
	bool (*is)(const struct trust_found *found);
	const char *sentence;
} kinds[] = {
    {report_has_expired, "of them expired, and count for older TPMs only"},
    {report_is_rootless, "of them lead to no imported root, and have no use without"},
    {report_is_duplicate, "present already, or found twice"},
    {report_is_refused, "not imported"},
    {report_is_unreadable, "cannot be read, and skipped"},
};

/* Prints the number, and the names of the first. */
static void
report_print_kind(const struct trust_report *report, const struct report_kind *kind)
{
	size_t total = 0;
	size_t said = 0;

	for (size_t i = 0; i < report->count; i++)
		total += kind->is(&report->found[i]);
	if (total == 0)
		return;
	(void)printf("%zu %s:\n", total, kind->sentence);
	for (size_t i = 0; i < report->count && said < REPORT_NAMED_MAX; i++)
		if (kind->is(&report->found[i])) {
			report_print_one(&report->found[i], kind->is == report_has_expired);
			said++;
		}
	if (said < total)
		(void)printf("  and %zu more; --json names them\n", total - said);
}

void
trust_report_print(const struct trust_report *report)
{
	(void)printf("imported %zu root%s and %zu intermediate%s\n", report->roots,
	    report->roots == 1 ? "" : "s", report->intermediates,
	    report->intermediates == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		report_print_kind(report, &kinds[i]);
}
