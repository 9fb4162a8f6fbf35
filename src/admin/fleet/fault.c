/* Keeps the first faults of a file. */
#include "config.h"

#include "admin/fleet/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/print.h"
#include "util/bytes.h"

static size_t
faults_kept(const struct faults *faults)
{
	return faults->count < FAULTS_MAX ? (size_t)faults->count : FAULTS_MAX;
}

void
faults_add(struct faults *faults, uint64_t line, const char *text)
{
	size_t kept = faults_kept(faults);
	size_t at = kept;

	faults->count++;
	while (at > 0 && faults->first[at - 1].line > line)
		at--;
	if (at == FAULTS_MAX)
		return;
	if (kept == FAULTS_MAX)
		free(faults->first[--kept].text);
	memmove(&faults->first[at + 1], &faults->first[at], (kept - at) * sizeof faults->first[0]);
	faults->first[at] = (struct fault){line, memory_strdup(text)};
}

void
faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults_kept(faults); i++)
		free(faults->first[i].text);
	*faults = (struct faults){.count = 0};
}

void
faults_print(const struct faults *faults)
{
	size_t kept = faults_kept(faults);

	for (size_t i = 0; i < kept; i++) {
		(void)fprintf(stderr, "line %" PRIu64 ": ", faults->first[i].line);
		print_text(stderr, faults->first[i].text);
		(void)fputc('\n', stderr);
	}
	if (faults->count > kept)
		(void)fprintf(stderr, "and %" PRIu64 " more\n", faults->count - kept);
}

json_t *
faults_json(const struct faults *faults)
{
	json_t *list = json_array();

	for (size_t i = 0; i < faults_kept(faults); i++)
		(void)json_array_append_new(list,
		    json_pack("{s:I, s:o}", "line", (json_int_t)faults->first[i].line, "fault",
		        print_json_text(faults->first[i].text)));
	return list;
}
