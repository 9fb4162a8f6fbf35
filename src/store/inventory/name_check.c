/* Asks ICU's spoof checker; knows no device and no store. */
#include "config.h"

#include "store/inventory/name_check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uspoof.h>

#include "util/error.h"
#include "util/utf8.h"

static pthread_once_t   checker_once = PTHREAD_ONCE_INIT;
static USpoofChecker   *checker;      /* read by any number of threads, never changed */
static UErrorCode       checker_status = U_ZERO_ERROR;

static void
checker_open(void)
{
	checker = uspoof_open(&checker_status);
	if (U_FAILURE(checker_status))
		return;
	uspoof_setChecks(checker, USPOOF_RESTRICTION_LEVEL | USPOOF_MIXED_NUMBERS, &checker_status);
	uspoof_setRestrictionLevel(checker, USPOOF_HIGHLY_RESTRICTIVE);
}

static bool
is_invisible(uint32_t character)
{
	UChar32 c = (UChar32)character;
	int8_t  category = u_charType(c);

	return u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
	    u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL) || category == U_FORMAT_CHAR ||
	    category == U_LINE_SEPARATOR || category == U_PARAGRAPH_SEPARATOR ||
	    category == U_PRIVATE_USE_CHAR || category == U_UNASSIGNED;
}

int
name_check_visible(const char *name, struct error *err)
{
	size_t     length = strlen(name);
	UErrorCode status = U_ZERO_ERROR;
	uint32_t   character = 0;
	size_t     used;

	for (size_t i = 0; i < length; i += used) {
		if ((used = utf8_decode((const uint8_t *)name + i, length - i, &character)) == 0)
			return error_set(err, ERROR_MALFORMED, "octet %zu of the name is not UTF-8", i + 1);
		if (is_invisible(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of the name begins a character that cannot be seen, U+%04X", i + 1,
			    character);
	}
	(void)pthread_once(&checker_once, checker_open);
	if (U_FAILURE(checker_status))
		return error_set(err, ERROR_INTERNAL, "checking a name: %s", u_errorName(checker_status));
	if (uspoof_check2UTF8(checker, name, (int32_t)length, NULL, &status) != 0)
		return error_set(err, ERROR_MALFORMED,
		    "name \"%.255s\" mixes scripts or digits that look alike", name);
	return U_FAILURE(status)
	    ? error_set(err, ERROR_INTERNAL, "checking a name: %s", u_errorName(status))
	    : 0;
}
