/* Owns the words for reasons of revocation. */
#include "config.h"

#include "pki/crl_reason.h"

#include <stddef.h>
#include <string.h>

#include "util/error.h"

static const struct {
	int         reason;
	const char *word;
} reasons[] = {
#define X(name, code, word) {code, word},
    CRL_REASONS(X)
#undef X
};

const char *
crl_reason_word(int reason)
{
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].reason == reason)
			return reasons[i].word;
	return NULL;
}

int
crl_reason_parse(const char *word, int *reason, struct error *err)
{
	static const char words[] =
#define X(name, code, word) word ", "
	    CRL_REASONS(X)
#undef X
	    ;

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (strcmp(word, reasons[i].word) == 0) {
			*reason = reasons[i].reason;
			return 0;
		}
	}
	return error_set(err, ERROR_MALFORMED, "\"%.64s\" is no reason; there are %.*s", word,
	    (int)(sizeof words - sizeof ", "), words);
}
