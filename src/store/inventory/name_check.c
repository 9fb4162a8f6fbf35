/* Asks ICU's spoof checker; knows no device and no store. */
#include "config.h"

#include "store/inventory/name_check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/uversion.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/utf8.h"

/* UTF-16 units of a name and its forms: 255 octets become 4590 at most (18 for each character). */
#define NAME_UNITS 8192

static pthread_once_t      checker_once = PTHREAD_ONCE_INIT;
static USpoofChecker      *checker; /* these are read by any number of threads, never changed */
static const UNormalizer2 *folder;
static UErrorCode          checker_status = U_ZERO_ERROR;

/* The skeletons of ASCII characters, of which most names consist; "": ICU is asked. */
#define ASCII_SIZE 128
#define ASCII_MOST 3
static char ascii[ASCII_SIZE][ASCII_MOST + 1];

/* Those that are visible and that ICU accepts: ASCII is of one script and has one set of digits, so that
 * a name of nothing else is accepted, too. */
static bool ascii_visible[ASCII_SIZE];

static bool
is_ascii(struct view text)
{
	bool ascii_only = true;

	for (size_t i = 0; i < text.size; i++)
		ascii_only = ascii_only && text.data[i] < ASCII_SIZE;
	return ascii_only;
}

/* The skeleton of any name, by ICU; without a NUL. */
static int
skeleton_of_any(const char *name, struct bytes *out, struct error *err)
{
	UChar      units[NAME_UNITS];
	UChar      folded[NAME_UNITS];
	char       text[3 * NAME_UNITS];
	int32_t    length = 0;
	UErrorCode status = U_ZERO_ERROR;

	(void)u_strFromUTF8(units, NAME_UNITS, &length, name, -1, &status);
	length = unorm2_normalize(folder, units, length, folded, NAME_UNITS, &status);
	length = uspoof_getSkeleton(checker, 0, folded, length, units, NAME_UNITS, &status);
	/* Again, since the skeleton of "0" is "O". */
	length = unorm2_normalize(folder, units, length, folded, NAME_UNITS, &status);
	(void)u_strToUTF8(text, sizeof text, &length, folded, length, &status);
	if (U_FAILURE(status))
		return error_set(err, ERROR_MALFORMED, "comparing the name \"%.255s\": %s", name,
		    u_errorName(status));
	bytes_append(out, text, (size_t)length);
	bytes_append_u8(out, '\0');
	return 0;
}

/* What is in the table for each character is ASCII, so that nothing combines with its neighbours. */
static bool
skeleton_of_ascii(const char *name, struct bytes *out)
{
	uint8_t *begin = bytes_extend(out, ASCII_MOST * strlen(name) + 1);
	uint8_t *end = begin;

	for (; *name != '\0'; name++) {
		uint8_t     c = (uint8_t)*name;
		const char *one = c < ASCII_SIZE ? ascii[c] : "";

		if (*one == '\0')
			return false;
		while (*one != '\0')
			*end++ = (uint8_t)*one++;
	}
	*end = '\0';
	out->size = (size_t)(end - begin) + 1;
	return true;
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

/* As name_check_visible, by ICU. */
static int
any_is_visible(const char *name, size_t length, struct error *err)
{
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
	/* A check that fails lets no name through. */
	if (uspoof_check2UTF8(checker, name, (int32_t)length, NULL, &status) == 0 && U_SUCCESS(status))
		return 0;
	return error_set(err, U_SUCCESS(status) ? ERROR_MALFORMED : ERROR_INTERNAL,
	    "name \"%.255s\" mixes scripts or digits that look alike", name);
}

static void
ascii_fill(void)
{
	for (uint8_t c = ' '; c < ASCII_SIZE; c++) {
		const char   name[] = {(char)c, '\0'};
		AUTO_BYTES   one = {0};
		struct error ignored;

		if (skeleton_of_any(name, &one, &ignored) == 0 && one.size <= sizeof ascii[c] &&
		    is_ascii(bytes_view(&one)))
			memcpy(ascii[c], one.data, one.size);
		ascii_visible[c] = any_is_visible(name, 1, &ignored) == 0;
	}
}

static void
checker_open(void)
{
	folder = unorm2_getNFKCCasefoldInstance(&checker_status);
	checker = uspoof_open(&checker_status);
	if (U_FAILURE(checker_status))
		return;
	uspoof_setChecks(checker, USPOOF_RESTRICTION_LEVEL | USPOOF_MIXED_NUMBERS, &checker_status);
	uspoof_setRestrictionLevel(checker, USPOOF_HIGHLY_RESTRICTIVE);
	ascii_fill();
}

static int
checker_get(struct error *err)
{
	(void)pthread_once(&checker_once, checker_open);
	return U_FAILURE(checker_status)
	    ? error_set(err, ERROR_INTERNAL, "checking a name: %s", u_errorName(checker_status))
	    : 0;
}

int
name_check_visible(const char *name, struct error *err)
{
	const uint8_t *octet = (const uint8_t *)name;

	if (checker_get(err) != 0)
		return -1;
	while (*octet < ASCII_SIZE && ascii_visible[*octet])
		octet++;
	return *octet == '\0' ? 0 : any_is_visible(name, strlen(name), err);
}

int
name_skeleton(const char *name, struct bytes *out, struct error *err)
{
	if (checker_get(err) != 0)
		return -1;
	out->size = 0;
	if (skeleton_of_ascii(name, out))
		return 0;
	out->size = 0;
	return skeleton_of_any(name, out, err);
}

int64_t
name_skeleton_version(void)
{
	UVersionInfo version;

	u_getVersion(version);
	return (int64_t)version[0] << 24 | version[1] << 16 | version[2] << 8 | version[3];
}
