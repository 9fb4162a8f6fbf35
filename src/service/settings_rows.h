/*
 * The rows of the settings that every daemon has, as initializers of struct config_row. A daemon
 * puts them into its own table, each group into the section where it belongs.
 */
#ifndef SERVICE_SETTINGS_ROWS_H
#define SERVICE_SETTINGS_ROWS_H

#include <stddef.h>

#include "service/settings.h"
#include "util/config_file.h"

/* A row of struct service_settings, the first member of a daemon's own struct. */
#define SERVICE_ROW(field, type, when, ...)                                                \
	{.name = #field, .kind = CONFIG_##type, .reload = CONFIG_##when,                    \
	    .offset = offsetof(struct service_settings, field), __VA_ARGS__}

/* The differences between daemons: default directory, the command that makes it, default
 * address. */
#define SERVICE_ROWS_PLACE(directory, init, address)                                              \
	SERVICE_ROW(state_dir, TEXT, RESTART, .value = directory, .title = "The service",                  \
	    .option = "state-dir", .letter = 's', .argument = "DIR",                              \
	    .help = "where its state is",                                                         \
	    .manual = "The directory with the keys, the certificates and the store. `" init       \
	              "` makes it."),                                                             \
	SERVICE_ROW(store, TEXT, RESTART, .example = "sqlite:/srv/store",                                  \
	    .manual = "Where the store is, when it is not in `state_dir`: a directory, alone or "  \
	              "as `sqlite:DIRECTORY`. `init` makes it in `state_dir`: move its file "      \
	              "there before the first start. Commands find it with `--store`."),           \
	SERVICE_ROW(listen, LIST, RESTART, .value = address, .option = "listen", .letter = 'l',            \
	    .argument = "ADDR:PORT", .help = "where to listen; repeatable",               \
	    .manual = "The addresses and ports where connections are accepted, at most 16. An "   \
	              "IPv6 address stands in brackets, as in `[2001:db8::1]:443`. With port 0 "  \
	              "the kernel chooses one, which the line that is logged at start names. Sockets that " \
	              "the service manager passes (attestd.socket) take their place.")

/* The proxies that may name the client of a request, and how they do. */
#define SERVICE_ROWS_PROXIES                                                                      \
	SERVICE_ROW(proxy_networks, LIST, RELOAD, .example = "192.0.2.10, 2001:db8:0:5::/64",             \
	    .title = "Proxies before the service",                                                \
	    .manual = "The networks of the proxies that may name the client of a request: what is " \
	              "counted, limited, logged and recorded by client address goes by that "     \
	              "address. No other peer is believed. Without `proxy_protocol` the client is " \
	              "taken from the header fields `Forwarded` and `X-Forwarded-For`: it is the " \
	              "last address in them that is not in these networks. See BEHIND A PROXY in " \
	              "the manual page."),                                                        \
	SERVICE_ROW(proxy_protocol, TEXT, RESTART, .value = "off",                                         \
	    .manual = "`v1` or `v2`: each connection must begin with the header of that version of " \
	              "the PROXY protocol, before TLS and within `request_timeout`, and only "    \
	              "`proxy_networks` can connect. The header fields are not looked at then.")

#define SERVICE_ROWS_PROCESS                                                                      \
	SERVICE_ROW(workers, NUMBER, RESTART, .value = "0", .least = "0", .most = "64",                    \
	    .option = "workers", .letter = 'w', .argument = "N",                                  \
	    .help = "how many event loops; one per processor",                                    \
	    .manual = "The number of event loops, each with a thread of the keeper. 0 is one per " \
	              "processor."),                                                              \
	SERVICE_ROW(log_level, TEXT, RELOAD, .value = "info", .option = "log-level",                      \
	    .argument = "LEVEL", .help = "log level: error, warning, info or debug",             \
	    .manual = "How much is logged: `error`, `warning`, `info` or `debug`."),                \
	SERVICE_ROW(front_user, TEXT, RESTART, .value = "nobody",                                 \
	    .manual = "When root starts the service, the front becomes this user; better one of its " \
	              "own. As any other user, front and keeper are that user both."),             \
	SERVICE_ROW(sandbox, TEXT, RESTART, .value = "on",                                        \
	    .manual = "`on`: each process enters its sandbox, and does not start without seccomp. "  \
	              "`available`: without seccomp it starts all the same, which is logged. `off`: " \
	              "nothing contains the processes. See THE SANDBOX in the manual page.")

#define SERVICE_ROWS_KEY                                                                          \
	SERVICE_ROW(passphrase_file, TEXT, RELOAD, .place = CONFIG_FILE, .example = "/etc/attest-ca/passphrase",                \
	    .title = "The issuing key",                                                           \
	    .manual = "A file whose first line is the passphrase or the PIN of the issuing key; " \
	              "only its owner may read it. The credential `issuing-passphrase` of the "   \
	              "service manager takes precedence."),                                       \
	SERVICE_ROW(pkcs11_module, TEXT, RELOAD, .example = "/usr/lib/softhsm/libsofthsm2.so",            \
	    .manual = "The PKCS #11 module for an issuing key whose URI, in `issuing.uri`, names " \
	              "none."),                                                                   \
	SERVICE_ROW(key_paths, LIST, RESTART, .example = "/var/lib/softhsm/tokens, /dev/bus/usb",         \
	    .manual = "Files, directories and devices that the library of an issuing key in a token " \
	              "or a TPM works with, to read and to write; each must be there. A TPM's device " \
	              "and the directory of the module need not be named. See THE SANDBOX in the " \
	              "manual page."),                                                            \
	SERVICE_ROW(key_sockets, LIST, RESTART, .example = "unix",                                        \
	    .manual = "The sockets that such a library makes: `unix` for a daemon on this machine, " \
	              "such as pcscd; `inet` for a token in the network; `netlink`. What "        \
	              "`TPM2OPENSSL_TCTI` says of a TPM need not be named.")

#define SERVICE_ROWS_CERTIFICATES                                                                 \
	SERVICE_ROW(backdate, DURATION, RELOAD, .value = "5m", .least = "0s", .most = "24h",              \
	    .manual = "How long before the present a new certificate begins, so that machines "   \
	              "whose clocks are behind accept it. It never begins before its issuer "     \
	              "does."),                                                                   \
	SERVICE_ROW(crl_lifetime, DURATION, RELOAD, .value = "7d", .least = "1h", .most = "1y",           \
	    .manual = "How long a CRL is valid. It is signed again on every revocation, and when " \
	              "half of this time is over.")

#define SERVICE_ROWS_LIMITS                                                                       \
	SERVICE_ROW(connections, NUMBER, RELOAD, .value = "4096", .least = "1", .most = "1000000",        \
	    .title = "Limits",                                                                    \
	    .manual = "Connections at the same time. Beyond that, the oldest connection of the "  \
	              "client network that has most is closed, unless it waits for an answer. A " \
	              "network is an IPv4 address, or an IPv6 /64 within its /48."),              \
	SERVICE_ROW(request_timeout, DURATION, RELOAD, .value = "10s", .least = "1s", .most = "5m",       \
	    .manual = "How long a client may take to send a whole request."),                     \
	SERVICE_ROW(idle_timeout, DURATION, RELOAD, .value = "60s", .least = "1s", .most = "1h",          \
	    .manual = "How long a connection may stay open without a request.")

#endif
