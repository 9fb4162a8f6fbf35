/*
 * Appends to the audit trail, chaining each entry to the one before. Never
 * changes an entry; audit_read.c reads and verifies, audit_cut.c cuts.
 */
#include "config.h"

#include "store/inventory/audit.h"

#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "store/inventory/audit_chain.h"
#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "util/bytes.h"
#include "util/cbor.h"
#include "util/error.h"

#define AUDIT_OUTCOME_SIZE 129 /* 128 octets and a NUL */

const char *
audit_action_word(enum audit_action action)
{
	static const char *const words[AUDIT_ACTION_COUNT] = {
#define X(name, word) [AUDIT_##name] = word,
	    AUDIT_ACTIONS(X)
#undef X
	};

	return words[action];
}

static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;
static EVP_MD        *sha256; /* fetched once: OpenSSL looks EVP_sha256() up by name at every use */

static void
sha256_fetch(void)
{
	/* OpenSSL has it: only memory can be missing. */
	sha256 = memory_check(EVP_MD_fetch(NULL, "SHA256", NULL));
}

static void
audit_write_text(struct bytes *out, const char *text)
{
	cbor_write_text(out, text, strlen(text));
}

int
audit_chain_hash(struct view previous, const struct audit_entry *entry, uint8_t hash[32],
    struct error *err)
{
	AUTO_BYTES fields = {0};

	cbor_write_array(&fields, entry->names != NULL ? 11 : 10);
	cbor_write_bytes(&fields, previous.data, previous.size);
	cbor_write_integer(&fields, entry->id);
	cbor_write_integer(&fields, entry->at);
	audit_write_text(&fields, entry->actor);
	audit_write_text(&fields, entry->peer);
	audit_write_text(&fields, entry->request);
	audit_write_text(&fields, entry->action);
	cbor_write_bytes(&fields, entry->ek_hash, entry->ek_hash != NULL ? STORE_HASH_SIZE : 0);
	audit_write_text(&fields, entry->outcome);
	audit_write_text(&fields, entry->detail);
	if (entry->names != NULL)
		audit_write_text(&fields, entry->names);
	(void)pthread_once(&sha256_once, sha256_fetch);
	if (EVP_Digest(fields.data, fields.size, hash, NULL, sha256, NULL) != 1)
		return error_set(err, ERROR_INTERNAL, "hashing an audit entry");
	return 0;
}

int
audit_chain_head(struct store *store, struct audit_head *head, struct error *err)
{
	static const char     text[] = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct view           hash;
	int                   rc;

	*head = (struct audit_head){0};
	if (statement == NULL || sql_sequence(store, "audit", &head->sequence, err) != 0)
		return -1;
	rc = sql_step(statement, "reading the audit table", err);
	if (rc > 0) {
		head->id = sql_column_int64(statement, 0);
		hash = sql_column_octets(statement, 1);
		if (hash.size == sizeof head->hash) {
			memcpy(head->hash, hash.data, sizeof head->hash);
			head->size = sizeof head->hash;
		}
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
audit_insert(struct store *store, const struct audit_entry *entry, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO audit (" AUDIT_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, entry->id);
	sql_bind_int64(statement, 2, entry->at);
	sql_bind_text(statement, 3, entry->actor);
	sql_bind_text(statement, 4, entry->peer);
	sql_bind_text(statement, 5, entry->request);
	sql_bind_text(statement, 6, entry->action);
	if (entry->ek_hash != NULL)
		sql_bind_octets(statement, 7, entry->ek_hash, STORE_HASH_SIZE);
	else
		sql_bind_null(statement, 7);
	sql_bind_text(statement, 8, entry->outcome);
	sql_bind_text(statement, 9, entry->detail);
	sql_bind_octets(statement, 10, entry->hash, sizeof entry->hash);
	sql_bind_text(statement, 11, entry->names);
	return sql_step(statement, "adding to the audit table", err);
}

/* The chain continues after the last entry; numbers are never reused, even if entries were
 * removed. */
static int
audit_append(struct store *store, struct audit_entry *entry, struct error *err)
{
	struct audit_head head;

	if (audit_chain_head(store, &head, err) != 0)
		return -1;
	entry->id = (head.sequence > head.id ? head.sequence : head.id) + 1;
	if (audit_chain_hash((struct view){head.hash, head.size}, entry, entry->hash, err) != 0)
		return -1;
	return audit_insert(store, entry, err);
}

int
audit_add_named(struct store *store, enum audit_action action, const uint8_t *ek_hash,
    const char *names, const char *outcome, const char *detail, int64_t now, struct error *err)
{
	const struct actor *actor = actor_of(store);
	char                       result[AUDIT_OUTCOME_SIZE];
	char                       text[AUDIT_DETAIL_SIZE];
	struct audit_entry         entry = {.at = now,
	            .actor = actor->name,
	            .peer = actor->peer,
	            .request = actor->request,
	            .action = audit_action_word(action),
	            .ek_hash = ek_hash,
	            .outcome = result,
	            .detail = text,
	            .names = names};
	char                       found[AUDIT_NAMES_SIZE];
	bool                       marked;
	int                        rc;

	actor_text_copy(result, sizeof result, outcome);
	actor_text_copy(text, sizeof text, detail);
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = names == NULL ? audit_names_find(store, ek_hash, found, err) : 0;
	if (names == NULL)
		entry.names = found;
	if (rc == 0)
		rc = audit_append(store, &entry, err);
	return sql_change_end(store, marked, rc, err);
}

int
store_audit_add(struct store *store, enum audit_action action,
    const uint8_t ek_hash[STORE_HASH_SIZE], const char *outcome, const char *detail, int64_t now,
    struct error *err)
{
	return audit_add_named(store, action, ek_hash, NULL, outcome, detail, now, err);
}

int
store_audit_add_of(struct store *store, enum audit_action action, const struct store_device *device,
    const char *outcome, const char *detail, int64_t now, struct error *err)
{
	char names[AUDIT_NAMES_SIZE] = "";

	for (size_t i = 0; i < device->name_count; i++)
		audit_names_add(names, device->names[i]);
	return audit_add_named(store, action, device->ek_hash, names, outcome, detail, now, err);
}
