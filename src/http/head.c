/* Finds the end of a request's head; evhttp parses it. */
#include "config.h"

#include "http/head.h"

static bool
head_octet_is_foul(uint8_t octet, uint8_t last)
{
	if (last == '\r' && octet != '\n')
		return true;
	return (octet < 0x20 && octet != '\t' && octet != '\r' && octet != '\n') || octet == 0x7f;
}

static void
head_match(struct head *head, uint8_t octet)
{
	static const char name[] = "transfer-encoding:";

	if (head->match != head->line || head->match == sizeof name - 1)
		return;
	if (octet >= 'A' && octet <= 'Z')
		octet |= 0x20;
	if (octet != (uint8_t)name[head->match])
		return;
	if (++head->match == sizeof name - 1)
		head->encoded = true;
}

size_t
head_scan(struct head *head, const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size && !head->ended; i++) {
		head->size++;
		head_match(head, data[i]);
		if (head_octet_is_foul(data[i], head->last))
			head->foul = true;
		if (data[i] == '\n') {
			head->ended = head->line == 0 || (head->line == 1 && head->last == '\r');
			head->line = 0;
			head->match = 0;
		} else {
			head->line++;
		}
		head->last = data[i];
	}
	return i;
}
