/* Owns the options of attest-acmed's configuration file, their bounds and defaults. */
#include "config.h"

#include "acme/settings.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "acme/message.h"
#include "ca/files.h"
#include "service/settings_rows.h"
#include "util/error.h"
#include "util/utf8.h"

#define ROW_OF(field, member, type, when, ...)                                              \
	{.name = #field, .kind = CONFIG_##type, .reload = CONFIG_##when,                     \
	    .offset = offsetof(struct acme_settings, member), __VA_ARGS__}
#define ROW(field, type, when, ...)        ROW_OF(field, field, type, when, __VA_ARGS__)
#define POLICY_ROW(field, type, when, ...) ROW_OF(field, policy.field, type, when, __VA_ARGS__)

static const struct config_row rows[] = {
    SERVICE_ROWS_PLACE(ACME_STATE_DIR_DEFAULT, "attest-acmed init", "127.0.0.1:8443"),
    ROW(url, TEXT, RELOAD, .example = "https://acme.home.example:8443", .option = "url", .letter = 'u',
        .argument = "URL", .help = "its URL; made of its DNS name and its port",
        .manual = "Where clients reach the server, as https://NAME:PORT. Without it: the first "
                  "DNS name that `attest-acmed init` was given, and the first port that is "
                  "listened on. The server always uses TLS."),
    ROW(terms, TEXT, RELOAD, .example = "https://home.example/terms",
        .manual = "The URL of the terms of service. When it is set, clients must agree to them."),
    ROW(website, TEXT, RELOAD, .example = "https://home.example/",
        .manual = "The URL of a page about this server, shown to clients."),
    SERVICE_ROWS_PROCESS,

    SERVICE_ROWS_KEY,

    ROW(attestation_crls, LIST, RELOAD, .place = CONFIG_FILE, .example = "/run/attest-ca/crl.pem",
        .title = "Whose attestations count", .option = "attestation-crl", .argument = "FILE",
        .help = "refuse AK certificates on this CRL; repeatable",
        .manual = "CRLs of the attestation CA, DER or PEM: AK certificates on them are refused. "
                  "The files are read again when they change. A CRL that is older than one of the "
                  "same issuer that was seen before is refused, also after a restart, and so is "
                  "another CRL of the same number: that is logged as an error, and the CRLs from "
                  "before stay in use; a server that starts with one does not start. An "
                  "attestation is checked again when its order is finalized."),
    ROW(tolerate_stale_crl, FLAG, RELOAD, .value = "false",
        .manual = "When a CRL has expired or cannot be read, every attestation that needs it is "
                  "refused. With `true`, such a CRL still refuses the certificates that it "
                  "lists, and no others."),
    ROW(require_crl, FLAG, RELOAD, .value = "true",
        .manual = "When there are CRLs, one of them must be of the CA that issued the AK "
                  "certificate. After `attest-ca issuing renew` there are two such CAs, and "
                  "`crl.pem` has the CRLs of both. With `false`, a CA without a CRL is "
                  "believed: several attestation CAs, some without a CRL, need that."),
    ROW(revoke_with_attestation, FLAG, RELOAD, .value = "false",
        .manual = "With `true`, a device certificate is revoked within a second when the AK "
                  "certificate that attested its key appears on an attestation CRL: with the same "
                  "reason, and unless that is superseded, as after `attest-ca replace`. A "
                  "certificate that an earlier version issued is left: it has no AK certificate "
                  "on record."),
    ROW(any_name_roots, LIST, RELOAD, .place = CONFIG_FILE, .example = "/etc/attest-acmed/old-root.pem",
        .manual = "An AK certificate is good for the names in it. One without a name is refused, "
                  "unless its root is in one of these files: then it is good for any name that "
                  "`allow` and `deny` permit."),

    POLICY_ROW(allow, LIST, RELOAD, .value = "*", .title = "Who gets which certificate",
        .manual = "Globs; an identifier must match one of them to be ordered."),
    POLICY_ROW(deny, LIST, RELOAD,
        .manual = "Globs; an identifier that matches one of them cannot be ordered."),
    /* Key types that TPMs make by default; P-521 and RSA-4096 are rare and must be enabled. */
    POLICY_ROW(key_types, LIST, RELOAD, .value = "ecc-p256, ecc-p384, rsa-2048, rsa-3072",
        .manual = "Keys that are certified: `ecc-p256`, `ecc-p384`, `ecc-p521`, `rsa-2048`, "
                  "`rsa-3072` and `rsa-4096`."),
    POLICY_ROW(dns_names, LIST, RELOAD, .example = "{identifier}.home.example",
        .manual = "DNS names that every certificate gets, made from its identifier. An "
                  "identifier that makes no DNS name cannot be ordered then."),
    POLICY_ROW(lifetime, DURATION, RELOAD, .value = "24h", .least = "5m", .most = "30d",
        .manual = "How long a certificate is valid when its order does not say."),
    POLICY_ROW(lifetime_min, DURATION, RELOAD, .value = "5m", .least = "5m", .most = "30d",
        .manual = "The shortest validity that an order may ask for."),
    POLICY_ROW(lifetime_max, DURATION, RELOAD, .value = "30d", .least = "5m", .most = "30d",
        .manual = "The longest validity that an order may ask for, from the moment of issue: the "
                  "notAfter of an order lies at most this far ahead, and its notBefore at "
                  "most a minute ahead."),
    POLICY_ROW(server_auth, FLAG, RELOAD, .value = "false",
        .manual = "Certificates are for TLS clients; with `true`, for TLS servers too. A CSR that "
                  "asks for that purpose is refused when this is `false`."),
    POLICY_ROW(orders_per_hour, NUMBER, RELOAD, .value = "100", .least = "1", .most = "1000000000",
        .manual = "Orders of one account within an hour."),
    POLICY_ROW(unattested_orders, NUMBER, RELOAD, .value = "10000", .least = "1", .most = "10000000",
        .manual = "Orders on record whose machine has not attested. Beyond that, the oldest one "
                  "of the client network or the account that has most is removed for the next."),
    POLICY_ROW(accounts_per_hour, NUMBER, RELOAD, .value = "10000", .least = "1", .most = "1000000000",
        .manual = "New accounts of all clients within an hour. Beyond that, the oldest new account "
                  "of the client network that made most is removed for the next one, unless it "
                  "has attested a machine."),

    ROW(crl_url, TEXT, RELOAD, .example = "http://home.example/devices.crl",
        .title = "CRL and the server's own certificate",
        .manual = "The CRL distribution point in certificates: by default `/crl` below `url`; "
                  "`none` for none. A verifier may not trust the TLS certificate of this server "
                  "yet: the file can be published elsewhere, over plain HTTP."),
    SERVICE_ROWS_CERTIFICATES,
    ROW(tls_lifetime, DURATION, RELOAD, .value = "30d", .least = "1h", .most = "1y",
        .manual = "How long the server's own certificate is valid. It is replaced when half of "
                  "this time is over, and begins an hour before the present."),

    ROW(order_lifetime, DURATION, RELOAD, .value = "1h", .least = "1m", .most = "7d", .title = "Records",
        .manual = "How long an order can be completed."),
    ROW(order_retention, DURATION, RELOAD, .value = "24h", .least = "1h", .most = "1y",
        .manual = "How long an order is shown after that."),
    ROW(certificate_retention, DURATION, RELOAD, .value = "90d", .least = "1h", .most = "10y",
        .manual = "How long the record of a certificate is kept after it expired, but until a "
                  "later CRL has listed it once more."),
    ROW(account_retention, DURATION, RELOAD, .value = "180d", .least = "1h", .most = "10y",
        .manual = "How long an account is kept that has neither an order nor a certificate."),
    ROW(newcomer_retention, DURATION, RELOAD, .value = "24h", .least = "1h", .most = "10y",
        .manual = "How long an account is kept that has no order and never attested a machine."),

    SERVICE_ROWS_PROXIES,
    SERVICE_ROWS_LIMITS,
};

_Static_assert(offsetof(struct acme_settings, service) == 0, "the shared rows fill it");

/* https://host[:port], optionally with a path; a trailing "/" is removed. */
static int
settings_check_url(struct acme_settings *settings, struct error *err)
{
	static const char scheme[] = "https://";
	size_t            length;

	if (settings->url == NULL)
		return 0;
	length = strlen(settings->url);
	while (length > 0 && settings->url[length - 1] == '/')
		settings->url[--length] = '\0';
	if (strncmp(settings->url, scheme, sizeof scheme - 1) != 0 || length == sizeof scheme - 1 ||
	    length > 256 || strpbrk(settings->url, "?#\"\\<> ") != NULL)
		return error_set(err, ERROR_MALFORMED, "url: \"%.256s\" is not of the form https://NAME:PORT",
		    settings->url);
	return 0;
}

/* A front is told these, and ends when it is told what is no text, or too long. */
static int
settings_check_text(const char *name, const char *text, struct error *err)
{
	size_t   length = text != NULL ? strlen(text) : 0;
	uint32_t character = 0;
	size_t   used;

	if (length > ACME_TEXT_MAX)
		return error_set(err, ERROR_MALFORMED, "%s has more than %u octets", name, ACME_TEXT_MAX);
	for (size_t i = 0; i < length; i += used) {
		used = utf8_decode((const uint8_t *)text + i, length - i, &character);
		if (used == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "%s: octet %zu is a control character, or no UTF-8", name, i + 1);
	}
	return 0;
}

static int
settings_check(void *all, struct error *err)
{
	struct acme_settings *settings = all;

	if (service_settings_check(&settings->service, err) != 0 ||
	    settings_check_url(settings, err) != 0 ||
	    settings_check_text("url", settings->url, err) != 0 ||
	    settings_check_text("terms", settings->terms, err) != 0 ||
	    settings_check_text("website", settings->website, err) != 0)
		return -1;
	return policy_check(&settings->policy, err);
}

const struct config_schema *
acme_settings_schema(void)
{
	static const struct config_schema schema = {
	    .rows = rows,
	    .count = sizeof rows / sizeof rows[0],
	    .reloads = true,
	    .check = settings_check,
	};

	return &schema;
}
