/* Sets up step-ca as tests/interop does. */
#include "config.h"

#include "acme_peer.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "util/bytes.h"
#include "util/file.h"

#define START_TRIES 3000 /* of 10 ms */

/* One that nobody has now: step-ca does not say which one the kernel has chosen. */
static int
port_free(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t          size = sizeof at;
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		bench_die("no port");
	(void)close(fd);
	return ntohs(at.sin_port);
}

static void
listening_wait(pid_t pid, int port, const char *directory)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < START_TRIES; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int rc = connect(fd, (struct sockaddr *)&at, sizeof at);

		(void)close(fd);
		if (rc == 0)
			return;
		if (waitpid(pid, NULL, WNOHANG) != 0)
			break;
		(void)usleep(10000);
	}
	bench_die("step-ca did not start; see %s/step-ca.log", directory);
}

pid_t
acme_peer_start(const char *programs, const char *directory, const char *root, int *port)
{
	AUTO_FREE char *program = file_join(programs, "step-ca");
	AUTO_FREE char *config = file_join(directory, "step/config/ca.json");
	AUTO_FREE char *password = file_join(directory, "password");
	AUTO_FREE char *log = file_join(directory, "step-ca.log");
	AUTO_FREE char *path = file_join(directory, "step");
	pid_t           pid;

	*port = port_free();
	if (setenv("STEPPATH", path, 1) != 0)
		bench_die("out of memory");
	bench_shell("exec >%s 2>&1; head -c 24 /dev/urandom | base64 >%s && "
	            "%s/step ca init --deployment-type standalone --name bench --dns localhost --address 127.0.0.1:%d "
	            "--provisioner admin --password-file %s",
	    log, password, programs, *port, password);
	bench_shell("exec >>%s 2>&1; %s/step ca provisioner add acme --type ACME --challenge device-attest-01 "
	            "--attestation-format tpm --attestation-roots %s --ca-config %s",
	    log, programs, root, config);
	if ((pid = fork()) == 0) {
		if (freopen(log, "a", stdout) != NULL && freopen(log, "a", stderr) != NULL)
			(void)execl(program, program, config, "--password-file", password, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		bench_die("cannot start step-ca");
	bench_own(pid);
	listening_wait(pid, *port, directory);
	return pid;
}
