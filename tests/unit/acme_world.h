/*
 * An ACME server's keeper with everything around it that it needs, and a front
 * that says to it whatever the test wants.
 */
#ifndef TESTS_UNIT_ACME_WORLD_H
#define TESTS_UNIT_ACME_WORLD_H

#include <pthread.h>

#include "acme/message.h"
#include "acme/settings.h"
#include "forge.h"
#include "pki/ca.h"
#include "scratch.h"
#include "util/bytes.h"

#define WORLD_THUMBPRINTS 3

/* What a keeper is started with; zeros are defaults. */
struct world {
	char                 state_dir[SCRATCH_SIZE];
	struct acme_settings settings;
	struct ca            root; /* of the ACME server */
	struct ca            issuing;
	struct ca            attestation_root;
	struct ca            attestation;
	struct forge_ak      ak;
	EVP_PKEY            *outsider; /* a key that the attestation CA knows nothing of */

	pthread_t            thread;
	bool                 running;
	int                  supervisor; /* its end of … */
	int                  control;
	int                  channel;
	uint32_t             next_id;
	struct bytes         received;
	struct bytes         greeting_body;
	struct acme_greeting greeting; /* the last that was told */
	uint64_t             crl_version; /* of the file "crl", as it was told last */
	struct error         start_error;
	int                  start_rc;
};

/* Makes the state directory, the CAs and an AK, and completes the settings; then change them. */
void world_make(struct world *world);
void world_clear(struct world *world);

/* Starts the keeper and reads its greeting and what files there are; ends it. */
void world_start(struct world *world);
void world_stop(struct world *world);

/* Sends a question and does not wait. Returns its id. */
uint32_t world_send(struct world *world, const struct acme_question *question);
uint32_t world_send_octets(struct world *world, struct view body);

/* Reads a whole file from the keeper, piece by piece, and its version; 0: there is none. */
uint64_t world_read_file(struct world *world, const char *name, struct bytes *out);

/* Waits for the next answer, of whatever question, and returns that one's id; it lives until the next call. */
uint32_t world_receive_any(struct world *world, struct acme_answer *answer);

/* The same, when no other question is open. */
void world_receive(struct world *world, uint32_t id, struct acme_answer *answer);

/* Both. */
void world_ask(struct world *world, const struct acme_question *question,
    struct acme_answer *answer);

/* Asks, and asserts this refusal; `detail` may be NULL. */
void world_refuses(struct world *world, const struct acme_question *question,
    enum error_kind kind, const char *detail);

/* An id out of an answer, kept. */
struct world_id {
	char text[40];
};
struct world_id world_id(struct view view);
struct view     world_view(const char *text);

/* The thumbprint of a client's key, by number. */
const char *world_thumbprint(size_t client);

/* Steps of the story, each of which must succeed. */
struct world_id world_account(struct world *world, size_t client);
struct world_order {
	struct world_id id;
	struct world_id authorization;
	struct world_id token;
};
struct world_order world_order(struct world *world, const struct world_id *account,
    const char *name);

/* An AK certificate of `issuer` for these names, as DER. */
void world_ak_certificate(const struct ca *issuer, EVP_PKEY *key, const char *const *names,
    size_t count, struct bytes *der);

/* What a device answers a challenge with. */
struct world_statement {
	struct bytes         ak;
	struct bytes         issuing;
	struct forge_certify certify;
};
void world_statement_make(struct world *world, const char *name, const char *token,
    const char *thumbprint, enum forge_certify_flaw flaw, struct world_statement *out);
void world_statement_clear(struct world_statement *statement);

/* The question that answers the challenge with it. */
struct acme_question world_answer(const struct world_id *account,
    const struct world_order *order, const struct world_statement *statement);

/* Attests with an honest statement, which must do. */
void world_attest(struct world *world, const struct world_id *account, size_t client,
    const struct world_order *order, const char *name);

/* A CSR: CN (or NULL) and an extension section of names for OpenSSL's configuration (or NULL). */
void world_csr(EVP_PKEY *key, const char *common_name, const char *extensions, struct bytes *der);

/* Finalizes and downloads; appends the leaf's DER. */
struct world_id world_finalize(struct world *world, const struct world_id *account,
    const struct world_order *order, const char *name, struct bytes *leaf);

/* The same by a CSR of the caller's. */
struct world_id world_finalize_csr(struct world *world, const struct world_id *account,
    const struct world_order *order, struct view csr, struct bytes *leaf);

/* The key that honest statements attest. */
EVP_PKEY *world_device_key(void);

#endif
