/* One call of attest-ca as its commands see it: options and operands, already sorted out. */
#ifndef COMMAND_CALL_H
#define COMMAND_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* An option of a command. */
struct admin_option {
	const char *name;     /* without the dashes */
	char        letter;   /* its short form, or 0 */
	const char *argument; /* what help calls its argument; NULL: it takes none */
	const char *summary;
	bool        many; /* may be given more than once */
};

/* An option as it was given. */
struct admin_value {
	const struct admin_option *option;
	const char                *text; /* NULL when it takes no argument */
};

struct admin_call {
	const char         *state_dir;
	bool                json;
	int64_t             now;
	char *const        *operands;
	size_t              operand_count;
	struct admin_value *values;
	size_t              value_count;
};

/* The argument of an option that is given once at most; `missing` when it is not given. */
const char *admin_call_value(const struct admin_call *call, const char *name, const char *missing);

/* The arguments of an option in the order given: returns how many, fills at most `max`. */
size_t admin_call_values(const struct admin_call *call, const char *name, const char **texts,
    size_t max);

/* Whether an option is given. */
bool admin_call_given(const struct admin_call *call, const char *name);

/* What a command returns when it was asked wrongly: the program ends with 2 instead of 1. */
#define ADMIN_USAGE (-2)

/* A command: 0 when it is done, -1 when that failed, ADMIN_USAGE when it cannot mean anything. */
typedef int admin_run(const struct admin_call *call, struct error *err);

admin_run admin_audit;
admin_run admin_backup;
admin_run admin_check;
admin_run admin_restore;
admin_run admin_init;
admin_run admin_enroll;
admin_run admin_pending;
admin_run admin_approve;
admin_run admin_deny;
admin_run admin_import;
admin_run admin_export;
admin_run admin_issuing_csr;
admin_run admin_issuing_install;
admin_run admin_issuing_renew;
admin_run admin_list;
admin_run admin_show;
admin_run admin_remove;
admin_run admin_trust_import;
admin_run admin_trust_list;
admin_run admin_trust_remove;
admin_run admin_trust_verify;
admin_run admin_set;
admin_run admin_disable;
admin_run admin_enable;
admin_run admin_replace;
admin_run admin_revoke;
admin_run admin_crl;

#endif
