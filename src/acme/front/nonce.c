/* Makes nonces and enforces their single use. */
#include "config.h"

#include "acme/front/nonce.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "tpm/openssl_error.h"
#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"

#define TIME_SIZE   8U
#define SERIAL_SIZE 8U
#define MAC_SIZE    16U
#define NONCE_SIZE  (TIME_SIZE + SERIAL_SIZE + MAC_SIZE)

struct nonces {
	uint8_t         key[32];
	pthread_mutex_t lock;
	uint64_t        next; /* serial number of the next nonce */
	uint32_t        window;
	uint64_t       *used; /* a bit per serial number of the window */
};

int
nonces_new(uint32_t window, struct nonces **out, struct error *err)
{
	struct nonces *nonces = memory_new(sizeof *nonces);

	if (RAND_priv_bytes(nonces->key, sizeof nonces->key) != 1) {
		free(nonces);
		return error_set_openssl(err, ERROR_INTERNAL, "making the key of nonces");
	}
	pthread_mutex_init(&nonces->lock, NULL);
	nonces->window = window;
	nonces->used = memory_new(window / 8);
	*out = nonces;
	return 0;
}

static void
number_write(uint64_t number, uint8_t out[8])
{
	for (size_t i = 0; i < 8; i++)
		out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t
number_read(const uint8_t in[8])
{
	uint64_t number = 0;

	for (size_t i = 0; i < 8; i++)
		number = number << 8 | in[i];
	return number;
}

static void
mac_make(const struct nonces *nonces, const uint8_t *data, uint8_t mac[MAC_SIZE])
{
	uint8_t  whole[EVP_MAX_MD_SIZE] = {0};
	unsigned size = 0;

	/* The inputs are constants, so this fails only for lack of memory. */
	(void)memory_check(HMAC(EVP_sha256(), nonces->key, sizeof nonces->key, data, TIME_SIZE + SERIAL_SIZE,
	    whole, &size));
	memcpy(mac, whole, MAC_SIZE);
}

/* The bit of a serial number. */
static uint64_t *
word_of(struct nonces *nonces, uint64_t serial, uint64_t *bit)
{
	uint64_t slot = serial % nonces->window;

	*bit = UINT64_C(1) << (slot % 64);
	return &nonces->used[slot / 64];
}

void
nonces_issue(struct nonces *nonces, int64_t now_ms, char text[NONCE_TEXT_SIZE])
{
	uint8_t         nonce[NONCE_SIZE];
	uint64_t        bit = 0;
	uint64_t       *word;
	AUTO_FREE char *encoded = NULL;

	pthread_mutex_lock(&nonces->lock);
	number_write(nonces->next, nonce + TIME_SIZE);
	word = word_of(nonces, nonces->next, &bit); /* was the bit of a nonce that is now too old */
	*word &= ~bit;
	nonces->next++;
	pthread_mutex_unlock(&nonces->lock);
	number_write((uint64_t)now_ms, nonce);
	mac_make(nonces, nonce, nonce + TIME_SIZE + SERIAL_SIZE);
	encoded = base64_encode(BASE64_URL, nonce, sizeof nonce);
	memcpy(text, encoded, NONCE_TEXT_SIZE);
}

/* Marks it as used; false when it was used or is outside the window. */
static bool
nonces_mark(struct nonces *nonces, uint64_t serial)
{
	uint64_t  bit = 0;
	uint64_t *word;
	bool      fresh;

	pthread_mutex_lock(&nonces->lock);
	word = word_of(nonces, serial, &bit);
	fresh = serial < nonces->next && nonces->next - serial <= nonces->window &&
	    (*word & bit) == 0;
	if (fresh)
		*word |= bit;
	pthread_mutex_unlock(&nonces->lock);
	return fresh;
}

int
nonces_use(struct nonces *nonces, const char *text, int64_t now_ms, struct error *err)
{
	AUTO_BYTES nonce = {0};
	uint8_t    mac[MAC_SIZE];
	int64_t    age;

	if (base64_decode(BASE64_URL, text, strlen(text), &nonce, err) != 0)
		return error_wrap(err, "the nonce");
	if (nonce.size != NONCE_SIZE)
		return error_set(err, ERROR_BAD_NONCE, "the nonce is none of this server");
	mac_make(nonces, nonce.data, mac);
	if (CRYPTO_memcmp(mac, nonce.data + TIME_SIZE + SERIAL_SIZE, MAC_SIZE) != 0)
		return error_set(err, ERROR_BAD_NONCE,
		    "the nonce is none of this server, or from before it started");
	age = now_ms - (int64_t)number_read(nonce.data);
	if (age < 0 || age > NONCE_LIFE_MS)
		return error_set(err, ERROR_BAD_NONCE, "the nonce is older than an hour");
	if (!nonces_mark(nonces, number_read(nonce.data + TIME_SIZE)))
		return error_set(err, ERROR_BAD_NONCE, "the nonce was used already");
	return 0;
}

void
nonces_free(struct nonces *nonces)
{
	if (nonces == NULL)
		return;
	pthread_mutex_destroy(&nonces->lock);
	bytes_cleanse(nonces->key, sizeof nonces->key);
	free(nonces->used);
	free(nonces);
}
