/* The administration of attest-acmed: works on its state directory, whether it runs or not. */
#ifndef ACME_ADMIN_COMMANDS_H
#define ACME_ADMIN_COMMANDS_H

#include "command/call.h"

admin_run acme_admin_init;
admin_run acme_admin_certificates;
admin_run acme_admin_show;
admin_run acme_admin_revoke;
admin_run acme_admin_crl;
admin_run acme_admin_orders;
admin_run acme_admin_accounts;

struct admin_program;
const struct admin_program *acme_admin_program(void);

/* Runs a command: 0 done, 1 failed, 2 asked wrongly. */
int acme_admin_main(int argc, char **argv);

#endif
