/* The public files that may be larger than a message: CRLs, in pieces. */
#include "config.h"

#include "acme/keeper/call.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/published.h"
#include "acme/keeper/state.h"

int
operation_file_get(struct acme_call *call, struct store *store, struct error *err)
{
	struct acme_answer told = {.kind = ACME_ANSWER_FILE};
	AUTO_BYTES         piece = {0};

	(void)store;
	(void)err;
	told.file.version = call->asked.version;
	published_piece(call->worker->keeper->published, call->asked.file == ACME_FILE_CRL_PEM,
	    &told.file.version, call->asked.offset, ACME_FILE_CHUNK_MAX, &told.file.size, &piece);
	told.file.data = bytes_view(&piece);
	acme_answer_encode(&told, &call->answer);
	return 0;
}
