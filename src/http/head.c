/* Owns the scan for the end of a head; parses nothing, which is evhttp's business. */
#include "config.h"

#include "http/head.h"

static bool
head_octet_is_foul(uint8_t octet, uint8_t last)
{
	if (last == '\r' && octet != '\n')
		return true;
	return (octet < 0x20 && octet != '\t' && octet != '\r' && octet != '\n') || octet == 0x7f;
}

void
head_scan(struct head *head, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && !head->ended; i++) {
		head->size++;
		if (head_octet_is_foul(data[i], head->last))
			head->foul = true;
		if (data[i] == '\n') {
			head->ended = head->line == 0 || (head->line == 1 && head->last == '\r');
			head->line = 0;
		} else {
			head->line++;
		}
		head->last = data[i];
	}
}
