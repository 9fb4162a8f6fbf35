/* Owns the temporary directory and the child; server.c judges what the child does. */
#include "config.h"

#include "device/use/check.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/access.h"
#include "device/use/facts.h"
#include "device/use/program.h"
#include "device/use/server.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/process.h"

#define CHECK_MS  INT64_C(60000)
#define PROVED_MS INT64_C(2000)
#define STEP_MS   100
#define CHAIN_MAX ((size_t)64 * 1024)

extern char **environ;

/* One check. */
struct check {
	struct folder      folder; /* temporary */
	struct use_server *server;
	pid_t              child;
	int                status;
};

/* ---- the directory ---- */

static int
directory_make(struct check *check, struct error *err)
{
	const char     *base = getenv("TMPDIR");
	AUTO_FREE char *path = file_join(base != NULL && base[0] == '/' ? base : "/tmp",
	    "attest-device.XXXXXX");

	if (mkdtemp(path) == NULL)
		return error_set_errno(err, ERROR_INTERNAL, "making a temporary directory");
	return folder_open(path, &check->folder, err);
}

static int
entry_remove_cb(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path);
	return 0;
}

/* Nobody else can write in the directory, and programs leave folders in it; no link is followed. */
static void
check_clear(struct check *check)
{
	use_server_free(check->server);
	if (check->folder.fd < 0)
		return;
	(void)nftw(check->folder.path, entry_remove_cb, 8, FTW_DEPTH | FTW_PHYS);
	folder_close(&check->folder);
}

#define AUTO_CHECK __attribute__((cleanup(check_clear))) struct check

static const char *const file_names[] = {[USE_SERVER_CA] = "ca.pem",
    [USE_SERVER_CERTIFICATE] = "cert.pem", [USE_SERVER_KEY] = "cert.key", [USE_SERVER_ANCHOR] = "anchor.pem"};

static int
prepare(struct check *check, const struct use_facts *facts, struct view text, bool tls12_only,
    struct error *err)
{
	AUTO_BYTES chain = {0};

	if (file_read(facts->chain, CHAIN_MAX, &chain, err) != 0 || directory_make(check, err) != 0 ||
	    use_server_new(bytes_view(&chain), tls12_only, &check->server, err) != 0)
		return -1;
	for (enum use_server_file i = 0; i < USE_SERVER_FILES; i++) {
		struct view content = use_server_file(check->server, i);

		if (folder_create(&check->folder, file_names[i], content.data, content.size, 0600, err) != 0)
			return -1;
	}
	return folder_create(&check->folder, "config", text.data, text.size, 0600, err);
}

/* ---- the child ---- */

static void
command_make(const struct check *check, const struct use_program *program,
    const struct use_facts *facts, struct bytes *command)
{
	AUTO_FREE char *ca = file_join(check->folder.path, file_names[USE_SERVER_CA]);
	AUTO_FREE char *cert = file_join(check->folder.path, file_names[USE_SERVER_CERTIFICATE]);
	AUTO_FREE char *certkey = file_join(check->folder.path, file_names[USE_SERVER_KEY]);
	AUTO_FREE char *anchor = file_join(check->folder.path, file_names[USE_SERVER_ANCHOR]);
	AUTO_FREE char *config = file_join(check->folder.path, "config");
	char            port[8];
	const struct use_word more[] = {{"ca", ca}, {"cert", cert}, {"certkey", certkey}, {"anchor", anchor},
	    {"config", config},
	    {"directory", check->folder.path}, {"port", port}, {NULL, NULL}};
	AUTO_BYTES            variables = {0};

	(void)snprintf(port, sizeof port, "%u", use_server_port(check->server));
	use_variables(program->reads, facts, &variables);
	if (variables.size > 0) {
		use_append(command, "export ");
		bytes_append(command, variables.data, variables.size);
		use_append(command, "\n");
	}
	use_fill(program->check, facts, more, command);
	bytes_append(command, "", 1);
}

/* Its output goes to a file, from which a failure is told; it has a process group of its own. */
static int
child_start(struct check *check, char *command, struct error *err)
{
	char                       shell[] = "sh";
	char                       option[] = "-c";
	char                      *arguments[] = {shell, option, command, NULL};
	AUTO_FREE char            *output = file_join(check->folder.path, "output");
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t          attributes;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_EXCL, 0600);
	(void)posix_spawn_file_actions_adddup2(&actions, 1, 2);
	errno = process_spawn_signals(&attributes, POSIX_SPAWN_SETPGROUP);
	if (errno == 0)
		errno = posix_spawn(&check->child, "/bin/sh", &actions, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return errno == 0 ? 0 : error_set_errno(err, ERROR_INTERNAL, "running \"%s\"", command);
}

/* Serves until the child has ended, or its time has: a browser that the server has seen may go on. */
static int
child_serve(struct check *check, bool by_server, struct error *err)
{
	const struct use_seen *seen = use_server_seen(check->server);
	int64_t                end = clock_monotonic_ms() + CHECK_MS;
	const char            *fault;
	bool                   proved = false;

	for (;;) {
		pid_t done = waitpid(check->child, &check->status, WNOHANG);

		if (done == check->child)
			return 0;
		if (done < 0 && errno != EINTR)
			return error_set_errno(err, ERROR_INTERNAL, "waiting for the program");
		if (clock_monotonic_ms() > end)
			break;
		use_server_serve(check->server, STEP_MS);
		if (by_server && !proved && seen->proved) {
			proved = true;
			end = clock_monotonic_ms() + PROVED_MS;
		}
	}
	(void)kill(-check->child, SIGKILL);
	(void)waitpid(check->child, &check->status, 0);
	if (proved)
		return 0;
	fault = seen->connected ? seen->fault : "it did not connect";
	return error_set(err, ERROR_INTERNAL, "it did not end within %d s%s%s", (int)(CHECK_MS / 1000),
	    by_server && fault[0] != '\0' ? ": " : "", by_server ? fault : "");
}

/* ---- the judgement ---- */

/* Whether a line tells of a failure: programs end with others, such as what they did before. */
static bool
line_is_complaint(struct view line)
{
	static const char *const words[] = {"error", "fail", "cannot", "can't", "could not", "unable", "denied",
	    "not found", "no such", "invalid", "unexpected"};
	AUTO_FREE char          *text = view_dup(line);

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(text, words[i]) != NULL)
			return true;
	return false;
}

/* The last line of the text that tells of a failure, else the last one. */
struct view
use_check_line(struct view text)
{
	struct view last = {NULL, 0};
	size_t      end = text.size;

	while (end > 0) {
		struct view line;
		size_t      start;

		for (; end > 0 && text.data[end - 1] <= ' '; end--)
			continue;
		for (start = end; start > 0 && text.data[start - 1] != '\n'; start--)
			continue;
		line = (struct view){text.data + start, end - start};
		if (line.size == 0)
			break;
		if (line_is_complaint(line))
			return line;
		if (last.data == NULL)
			last = line;
		end = start;
	}
	return last;
}

/* The line that tells why, without control characters. */
static void
last_line(const struct check *check, char *line, size_t size)
{
	AUTO_BYTES   output = {0};
	struct error ignored;
	struct view  found;
	size_t       used = 0;

	line[0] = '\0';
	if (folder_read(&check->folder, "output", CHAIN_MAX, &output, &ignored) != 0)
		return;
	found = use_check_line(bytes_view(&output));
	for (size_t i = 0; i < found.size && used + 1 < size; i++)
		line[used++] = found.data[i] >= ' ' && found.data[i] < 127 ? (char)found.data[i] : '?';
	line[used] = '\0';
}

static int
judge(const struct check *check, const struct use_program *program, const struct use_facts *facts, char what[USE_WHAT_SIZE],
    struct error *err)
{
	const struct use_seen *seen = use_server_seen(check->server);
	char                   line[256];
	const char            *fault;
	AUTO_BYTES             needs = {0};

	if (program->checks == USE_CHECK_SERVER && seen->proved) {
		(void)snprintf(what, USE_WHAT_SIZE, "%s, %d certificate%s sent", seen->protocol,
		    seen->certificates, seen->certificates == 1 ? "" : "s");
		return 0;
	}
	if (program->checks == USE_CHECK_STATUS && WIFEXITED(check->status) &&
	    WEXITSTATUS(check->status) == 0) {
		(void)snprintf(what, USE_WHAT_SIZE, "yes");
		return 0;
	}
	if (program->reads != USE_READS_NOTHING && use_access_is_missing(facts, line, sizeof line))
		return error_set(err, ERROR_INTERNAL, "%s does not use the key: %s", program->name, line);
	last_line(check, line, sizeof line);
	fault = program->checks == USE_CHECK_STATUS ? "it failed"
	    : !seen->connected                      ? "it did not connect"
	                                            : seen->fault;
	use_fill(program->needs != NULL ? program->needs : "", facts, NULL, &needs);
	bytes_append(&needs, "", 1);
	return error_set(err, ERROR_INTERNAL, "%s does not use the key: %s%s%s%s%s%s", program->name, fault,
	    line[0] != '\0' ? " (it says \"" : "", line, line[0] != '\0' ? "\")" : "",
	    needs.size > 1 ? "; it needs " : "", (const char *)needs.data);
}

int
use_check_run(const struct use_program *program, const struct use_facts *facts, struct view text,
    bool tls12_only, char what[USE_WHAT_SIZE], struct error *err)
{
	AUTO_CHECK check = {.folder = {.fd = -1}};
	AUTO_BYTES command = {0};
	char       tool[USE_TOOL_SIZE];

	what[0] = '\0';
	if (program->checks == USE_CHECK_NONE)
		return error_set(err, ERROR_NOT_FOUND, "there is no check of %s", program->name);
	if (use_program_tool_is_missing(program, tool))
		return error_set(err, ERROR_NOT_FOUND, "%s is not checked: %s is not installed", program->name, tool);
	if (prepare(&check, facts, text, tls12_only, err) != 0)
		return -1;
	command_make(&check, program, facts, &command);
	if (child_start(&check, (char *)command.data, err) != 0)
		return -1;
	if (child_serve(&check, program->checks == USE_CHECK_SERVER, err) != 0)
		return error_wrap(err, "%s", program->name);
	return judge(&check, program, facts, what, err);
}
