/* Owns the list of TPM manufacturers (TCG TPM Vendor ID Registry); does not verify a claimed
 * name. */
#include "config.h"

#include "tpm/vendor.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/hex.h"

#define ID_PREFIX "id:"
#define ID_DIGITS 8

/* swtpm_localca's code for IBM: its PCI vendor number. */
#define ID_SWTPM 0x00001014U

/* The code has four octets, padded with NUL unless the row says otherwise. */
static const struct vendor {
	const char *code;
	const char *name; /* compared by letters and digits only */
} vendors[] = {
    {"AMD", "AMD"},
    {"AMD", "Advanced Micro Devices"},
    {"ANT", "Ant Group"},
    {"ATML", "Atmel"},
    {"BRCM", "Broadcom"},
    {"CSCO", "Cisco"},
    {"FLYS", "Flyslice Technologies"},
    {"GOOG", "Google"},
    {"HISI", "Huawei"},
    {"HPE", "HPE"},
    {"HPE", "Hewlett Packard Enterprise"},
    {"HPI", "HPI"},
    {"HPI", "HP Inc."},
    {"IBM", "IBM"},
    {"IFX", "Infineon"},
    {"IFX", "Infineon Technologies"},
    {"INTC", "Intel"},
    {"LEN", "Lenovo"},
    {"MSFT", "Microsoft"},
    {"NSG", "NSING"},
    {"NSM ", "National Semiconductor"},
    {"NTC", "Nuvoton"},
    {"NTC", "Nuvoton Technology"},
    {"NTZ", "Nationz"},
    {"NTZ", "Nationz Technologies"},
    {"PRLS", "Parallels Desktop"},
    {"QCOM", "Qualcomm"},
    {"ROCC", "Fuzhou Rockchip"},
    {"ROCC", "Rockchip"},
    {"SEAL", "Wisekey"},
    {"SECE", "SecEdge"},
    {"SIM0", "Simulator 0"},
    {"SIM1", "Simulator 1"},
    {"SIM2", "Simulator 2"},
    {"SIM3", "Simulator 3"},
    {"SIM4", "Simulator 4"},
    {"SIM5", "Simulator 5"},
    {"SIM6", "Simulator 6"},
    {"SIM7", "Simulator 7"},
    {"SMSC", "SMSC"},
    {"SMSN", "Samsung"},
    {"SNS", "Sinosun"},
    {"STM ", "STMicroelectronics"},
    {"TST0", "Test 0"},
    {"TST1", "Test 1"},
    {"TST2", "Test 2"},
    {"TST3", "Test 3"},
    {"TST4", "Test 4"},
    {"TST5", "Test 5"},
    {"TST6", "Test 6"},
    {"TST7", "Test 7"},
    {"TXN", "Texas Instruments"},
    {"VMW", "VMware"},
    {"WEC", "Winbond"},
};

static void
vendor_format(uint32_t number, char id[TPM_VENDOR_ID_SIZE])
{
	(void)snprintf(id, TPM_VENDOR_ID_SIZE, ID_PREFIX "%08X", (unsigned)number);
}

/* Reads "id:" and exactly eight digits. */
static bool
vendor_parse_id(const char *text, uint32_t *number)
{
	uint8_t octets[ID_DIGITS / 2];

	if (strncmp(text, ID_PREFIX, strlen(ID_PREFIX)) != 0 ||
	    strlen(text) != strlen(ID_PREFIX) + ID_DIGITS ||
	    !hex_decode(text + strlen(ID_PREFIX), octets, sizeof octets))
		return false;
	*number = (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
	    octets[3];
	return true;
}

/* Reads a decimal number up to `max`, and sets *end to the text after it. */
static bool
vendor_parse_decimal(const char *text, uint32_t max, const char **end, uint32_t *number)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	for (; isdigit((unsigned char)*text); text++) {
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > max)
			return false;
	}
	*number = (uint32_t)value;
	*end = text;
	return true;
}

/* Compares letters and digits only, in either case; ignores all other characters. */
static bool
vendor_words_equal(const char *a, const char *b)
{
	for (;;) {
		while (*a != '\0' && !isalnum((unsigned char)*a))
			a++;
		while (*b != '\0' && !isalnum((unsigned char)*b))
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

/* The four octets of a code as a big-endian number. */
static uint32_t
vendor_number(const char *code)
{
	uint32_t number = 0;
	size_t   length = strlen(code);

	for (size_t i = 0; i < 4; i++)
		number = number << 8 | (i < length ? (uint8_t)code[i] : 0U);
	return number;
}

static bool
vendor_find(const char *text, uint32_t *number)
{
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (vendor_words_equal(text, vendors[i].code) ||
		    vendor_words_equal(text, vendors[i].name)) {
			*number = vendor_number(vendors[i].code);
			return true;
		}
	return false;
}

void
tpm_vendor_id(const char *manufacturer, char id[TPM_VENDOR_ID_SIZE])
{
	const char *end;
	uint32_t    number = 0;

	if (vendor_parse_decimal(manufacturer, UINT32_MAX, &end, &number)) {
		if (*end != '\0')
			number = 0;
	} else if (!vendor_parse_id(manufacturer, &number)) {
		(void)vendor_find(manufacturer, &number);
	}
	vendor_format(number, id);
}

void
tpm_version_id(const char *version, char id[TPM_VENDOR_ID_SIZE])
{
	const char *end;
	uint32_t    number = 0;
	uint32_t    major;
	uint32_t    minor;

	if (vendor_parse_decimal(version, UINT16_MAX, &end, &major)) {
		if (*end == '.' && vendor_parse_decimal(end + 1, UINT16_MAX, &end, &minor) &&
		    *end == '\0')
			number = major << 16 | minor;
	} else {
		(void)vendor_parse_id(version, &number);
	}
	vendor_format(number, id);
}

void
tpm_version_of_certificate(const char *version, char id[TPM_VENDOR_ID_SIZE])
{
	char    digits[ID_DIGITS + 1] = "00000000";
	uint8_t octets[ID_DIGITS / 2];
	size_t  length;

	id[0] = '\0';
	if (strncmp(version, ID_PREFIX, strlen(ID_PREFIX)) != 0)
		return;
	version += strlen(ID_PREFIX);
	length = strlen(version);
	if (length != 2 && length != 4 && length != ID_DIGITS)
		return;
	for (size_t i = 0; i < 2; i++) /* both halves padded on the left */
		memcpy(digits + (i + 1) * ID_DIGITS / 2 - length / 2, version + i * length / 2, length / 2);
	if (hex_decode(digits, octets, sizeof octets))
		(void)snprintf(id, TPM_VENDOR_ID_SIZE, ID_PREFIX "%02X%02X%02X%02X", octets[0],
		    octets[1], octets[2], octets[3]);
}

/* NULL when no vendor has this id. */
static const struct vendor *
vendor_by_id(const char *id)
{
	uint32_t number;

	if (!vendor_parse_id(id, &number))
		return NULL;
	if (number == ID_SWTPM)
		number = vendor_number("IBM");
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (vendor_number(vendors[i].code) == number)
			return &vendors[i];
	return NULL;
}

void
tpm_vendor_code(const char *id, char code[TPM_VENDOR_CODE_SIZE])
{
	const struct vendor *vendor = vendor_by_id(id);
	size_t               size = vendor != NULL ? strcspn(vendor->code, " ") : 0;

	(void)snprintf(code, TPM_VENDOR_CODE_SIZE, "%.*s", (int)size,
	    vendor != NULL ? vendor->code : "");
}

const char *
tpm_vendor_name(const char *id)
{
	const struct vendor *vendor = vendor_by_id(id);

	return vendor != NULL ? vendor->name : "";
}

void
tpm_vendor_clean(const uint8_t *text, size_t length, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used < size - 1; i++) {
		uint8_t c = text[i];

		if (c > 0x20 && c < 0x7f)
			out[used++] = (char)c;
		else if ((c == ' ' || c > 0x7f) && used > 0 && out[used - 1] != ' ')
			out[used++] = ' ';
	}
	while (used > 0 && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
}

void
tpm_vendor_string(const uint32_t parts[4], char out[TPM_VENDOR_STRING_SIZE])
{
	uint8_t octets[TPM_VENDOR_STRING_SIZE - 1];

	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(parts[i / 4] >> (24 - i % 4 * 8));
	tpm_vendor_clean(octets, sizeof octets, out, TPM_VENDOR_STRING_SIZE);
}
