/* Checks whether attestd runs on the state directory. Starts nothing. */
#include "config.h"

#include "admin/check/report.h"
#include "ca/running.h"
#include "command/command.h"
#include "util/error.h"

void
check_daemon(const struct command_call *call, struct check_report *report)
{
	struct error err;

	if (running_look(call->state, &report->daemon, &err) != 0) {
		check_add_error(report, "attestd", &err, NULL);
		return;
	}
	switch (report->daemon) {
	case RUNNING_NEVER:
		check_add(report, "attestd", CHECK_OK, "has not run on this directory yet");
		break;
	case RUNNING_NOT:
		check_add(report, "attestd", CHECK_WARNING,
		    "does not run on this directory: no machine can attest, and the CRL is not renewed; "
		    "\"systemctl status attestd\" or its log says why, \"systemctl start attestd\" starts it");
		break;
	case RUNNING_NOW:
		check_add(report, "attestd", CHECK_OK, "runs on this directory");
		break;
	}
}
