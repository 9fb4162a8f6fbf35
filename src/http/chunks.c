/* Scans the framing of chunks; evhttp collects the data. */
#include "config.h"

#include "http/chunks.h"

#include "util/error.h"

static int
chunks_digit(uint8_t octet)
{
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	octet |= 0x20;
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static bool
chunks_is_control(uint8_t octet)
{
	return (octet < 0x20 && octet != '\t') || octet == 0x7f;
}

/* States of the scan within the line of a chunk's size. */
static enum chunks_state
chunks_size_octet(struct chunks *chunks, uint8_t *octet)
{
	int digit = chunks_digit(*octet);

	if (++chunks->line > CHUNKS_LINE_MAX)
		return CHUNKS_BROKEN;
	if (chunks->state == CHUNKS_SIZE && digit >= 0) {
		chunks->left = chunks->left > UINT64_MAX >> 4 ? UINT64_MAX
		                                              : chunks->left << 4 | (unsigned)digit;
		return CHUNKS_SIZE;
	}
	if (chunks->line == 1) /* a size begins with a digit */
		return CHUNKS_BROKEN;
	if (*octet == '\r')
		return CHUNKS_SIZE_LF;
	if (chunks_is_control(*octet))
		return CHUNKS_BROKEN;
	if (chunks->state != CHUNKS_EXTENSION && *octet != ';') {
		if (*octet != ' ' && *octet != '\t')
			return CHUNKS_BROKEN;
		*octet = ' ';
		return CHUNKS_SPACE;
	}
	*octet = ' ';
	return CHUNKS_EXTENSION;
}

static enum chunks_state
chunks_trailer_octet(struct chunks *chunks, uint8_t octet)
{
	if (octet == '\r')
		return CHUNKS_TRAILER_LF;
	chunks->line++;
	return chunks_is_control(octet) ? CHUNKS_BROKEN : CHUNKS_TRAILER;
}

static enum chunks_state
chunks_octet(struct chunks *chunks, uint8_t *octet)
{
	size_t line = chunks->line;

	switch (chunks->state) {
	case CHUNKS_SIZE:
	case CHUNKS_SPACE:
	case CHUNKS_EXTENSION:
		return chunks_size_octet(chunks, octet);
	case CHUNKS_SIZE_LF:
		chunks->line = 0;
		if (*octet != '\n')
			return CHUNKS_BROKEN;
		return chunks->left == 0 ? CHUNKS_TRAILER : CHUNKS_DATA;
	case CHUNKS_DATA:
		return --chunks->left == 0 ? CHUNKS_DATA_CR : CHUNKS_DATA;
	case CHUNKS_DATA_CR:
		return *octet == '\r' ? CHUNKS_DATA_LF : CHUNKS_BROKEN;
	case CHUNKS_DATA_LF:
		return *octet == '\n' ? CHUNKS_SIZE : CHUNKS_BROKEN;
	case CHUNKS_TRAILER:
		return chunks_trailer_octet(chunks, *octet);
	case CHUNKS_TRAILER_LF:
	case CHUNKS_END: /* behind these two nothing is scanned */
	case CHUNKS_BROKEN:
		break;
	}
	chunks->line = 0;
	if (*octet != '\n')
		return CHUNKS_BROKEN;
	return line == 0 ? CHUNKS_END : CHUNKS_TRAILER;
}

void
chunks_scan(struct chunks *chunks, uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && chunks->state < CHUNKS_END; i++)
		chunks->state = chunks_octet(chunks, &data[i]);
}

int
chunks_check(const struct chunks *chunks, struct error *err)
{
	if (chunks->state == CHUNKS_END)
		return 0;
	return error_set(err, ERROR_MALFORMED, "the chunks of the body cannot be read");
}
