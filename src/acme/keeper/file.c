/* The public files that may be larger than a message: CRLs, in pieces. */
#include "config.h"

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/published.h"

static int
file_get(struct call *call, struct store *store, struct error *err)
{
	struct acme_answer message = {.kind = ACME_ANSWER_FILE};
	AUTO_BYTES         piece = {0};

	(void)store;
	(void)err;
	message.file.version = operation_asked(call)->version;
	published_piece(operation_keeper(call)->published, operation_asked(call)->file == ACME_FILE_CRL_PEM,
	    &message.file.version, operation_asked(call)->offset, ACME_FILE_CHUNK_MAX,
	    &message.file.size, &piece);
	message.file.data = bytes_view(&piece);
	acme_answer_encode(&message, &call->answer);
	return 0;
}

const struct call_operation operation_file_get = {
    .name = "file-get",
    .look = file_get,
};
