#include "config.h"

#include <string.h>

#include "http/chunks.h"
#include "unit.h"
#include "util/error.h"

/* What the scan leaves of the octets, and where it then stands. */
static const struct {
	const char       *octets;
	const char       *left;
	enum chunks_state state;
} scans[] = {
    {"4;a=b\r\n", "4    \r\n", CHUNKS_DATA},
    {"6A4 ;a=\"b;c\"\r\n", "6A4         \r\n", CHUNKS_DATA},
    {"4\r\n;a=b", "4\r\n;a=b", CHUNKS_DATA_CR},
    {"0;x\r\n\r\n;y", "0  \r\n\r\n;y", CHUNKS_END},
    {"0\r\nA: ;b\r\n\r\n", "0\r\nA: ;b\r\n\r\n", CHUNKS_END},
    {"ffffffffffffffffffff\r\n", "ffffffffffffffffffff\r\n", CHUNKS_DATA},
    {"1\r\na\r\n", "1\r\na\r\n", CHUNKS_SIZE},
    {"1\r\naa", "1\r\naa", CHUNKS_BROKEN},
    {"1;a=\x7f\r\n", "1   \x7f\r\n", CHUNKS_BROKEN},
    {"1;a=\x01\r\n", "1   \x01\r\n", CHUNKS_BROKEN},
    {"g\r\n", "g\r\n", CHUNKS_BROKEN},
    {"\r\n", "\r\n", CHUNKS_BROKEN},
    {"1\n", "1\n", CHUNKS_BROKEN},
    {"1\rx", "1\rx", CHUNKS_BROKEN},
    {"0\r\n\rx", "0\r\n\rx", CHUNKS_BROKEN},
};

START_TEST(scan_blanks_extensions_however_it_is_cut)
{
	size_t size = strlen(scans[_i].octets);

	for (size_t piece = 1; piece <= size; piece++) {
		char          octets[64];
		struct chunks chunks = {0};
		struct error  err;

		memcpy(octets, scans[_i].octets, size + 1);
		for (size_t at = 0; at < size; at += piece)
			chunks_scan(&chunks, (uint8_t *)octets + at, size - at < piece ? size - at : piece);
		ck_assert_str_eq(octets, scans[_i].left);
		ck_assert_int_eq((int)chunks.state, (int)scans[_i].state);
		if (scans[_i].state == CHUNKS_END)
			unit_ok(chunks_check(&chunks, &err), &err);
		else
			unit_fails(chunks_check(&chunks, &err), &err, ERROR_MALFORMED,
			    "the chunks of the body cannot be read");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("chunks");
	TCase *tc = tcase_create("chunks");

	tcase_add_loop_test(tc, scan_blanks_extensions_however_it_is_cut, 0,
	    sizeof scans / sizeof scans[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
