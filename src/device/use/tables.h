/* The two tables of programs; program.h's functions go through both. */
#ifndef DEVICE_USE_TABLES_H
#define DEVICE_USE_TABLES_H

#include <stddef.h>

#include "device/use/program.h"

/* Row `index`, NULL after the last: what uses the key, and what admits machines that have one. */
const struct use_program *use_client_at(size_t index);
const struct use_program *use_server_row_at(size_t index);

#endif
