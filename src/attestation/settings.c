/* Owns the options of attestd's configuration file, their bounds and defaults. */
#include "config.h"

#include "attestation/settings.h"

#include <stddef.h>
#include <string.h>

#include "attestation/keeper/enroll_rule.h"
#include "ca/files.h"
#include "service/settings_rows.h"
#include "util/error.h"

#define ROW(field, type, when, ...)                                                        \
	{.name = #field, .kind = CONFIG_##type, .reload = CONFIG_##when,                    \
	    .offset = offsetof(struct attestation_settings, field), __VA_ARGS__}

static const struct config_row rows[] = {
    SERVICE_ROWS_PLACE(STATE_DIR_DEFAULT, "attest-ca init", "127.0.0.1:8075"),
    ROW(tls_cert, TEXT, RELOAD_VALUE, .place = CONFIG_FILE, .example = "/etc/ssl/certs/attestd.pem", .option = "tls-cert",
        .argument = "FILE", .help = "serve HTTPS with this PEM chain, leaf first",
        .manual = "Serve HTTPS with this certificate chain (PEM, leaf first; 64 KiB at most). "
                  "Without it and `tls_key`, HTTP is served."),
    ROW(tls_key, TEXT, RELOAD_VALUE, .place = CONFIG_FILE, .example = "/etc/ssl/private/attestd.key", .option = "tls-key",
        .argument = "FILE", .help = "the private key of that certificate (PEM)",
        .manual = "The private key of the certificate in `tls_cert` (PEM, 16 KiB at most)."),
    SERVICE_ROWS_PROCESS,

    SERVICE_ROWS_KEY,

    ROW(ak_lifetime, DURATION, RELOAD, .value = "90d", .least = "5m", .most = "10y",
        .title = "AK certificates and CRL",
        .manual = "How long an AK certificate is valid. step caches AK certificates and never "
                  "renews them by itself, and step-ca checks no CRL: there, a machine that was "
                  "removed is locked out only when its AK certificate expires."),
    ROW(crl_url, TEXT, RELOAD, .example = "http://attest.example/crl/{issuer}",
        .manual = "Where the CRL is published; AK certificates carry this URL. Without it they "
                  "name no CRL. `{issuer}` in it stands for the identifier of the issuing key: "
                  "so certificates lead to the CRL of their own issuer also after "
                  "`attest-ca issuing renew`."),
    ROW(publish, TEXT, RELOAD, .place = CONFIG_DIRECTORY, .example = "/run/attest-ca",
        .manual = "A directory that everybody may read, where `root.pem`, `crl.pem` (the CRLs of "
                  "all issuing CAs and the root) and `crl.der` are kept up to date, each replaced "
                  "in one step, for an ACME server on the same machine. It must be there, and "
                  "attestd's to write."),
    SERVICE_ROWS_CERTIFICATES,

    ROW(challenge_lifetime, DURATION, RELOAD, .value = "60s", .least = "1s", .most = "1h",
        .title = "Credentials",
        .manual = "How long a machine has to open its credential."),
    ROW(challenges, NUMBER, RELOAD, .value = "10000", .least = "1", .most = "10000000",
        .manual = "Credentials that may be open at the same time. When there are as many, a new "
                  "one replaces the oldest of the client network or the machine that has most. One "
                  "counts as one more for each 2 KiB that are kept with it, such as an EK "
                  "certificate whose slow signature is verified afterwards: all of them need "
                  "less than 25 MiB by default."),
    ROW(device_challenges, NUMBER, RELOAD, .value = "32", .least = "1", .most = "10000000",
        .manual = "How many of them are never replaced, of one machine that has opened one before "
                  "from the same client address (IPv6: one /64). Anybody who knows the public EK "
                  "of a machine can ask for a credential, but not open it."),
    ROW(device_certificates, NUMBER, RELOAD, .value = "1000", .least = "0", .most = "10000000",
        .manual = "AK certificates that one machine may get in a day; 0 sets no limit. All that "
                  "are valid go onto the CRL when the machine is removed."),
    ROW(waiting_max, NUMBER, RELOAD, .value = "1000", .least = "0", .most = "100000",
        .manual = "EKs that are not enrolled and may wait for `attest-ca approve`. When the list "
                  "is full, of the client network that has most the EK that was not seen for the "
                  "longest time is dropped; 0 lists none. See WAITING LIST in the manual page."),

    ROW(ek_certificate, TEXT, RELOAD, .value = "record", .title = "EK certificates",
        .manual = "What is done with the EK certificates that machines show. `ignore` looks at "
                  "none. `record` verifies them by the certificates of `attest-ca trust import` "
                  "and records the result. `require` certifies no machine without a verified "
                  "one. See EK CERTIFICATES in the manual page."),
    ROW(ek_certificate_require, LIST, RELOAD,
        .manual = "Manufacturers whose machines need a verified EK certificate also with "
                  "`record`, by their codes at the TCG, as in `{\"NTC\", \"INTC\"}`. A machine "
                  "that lies about its manufacturer passes without one: only `require` prevents "
                  "that."),
    ROW(auto_enroll_serials, TEXT, RELOAD, .place = CONFIG_FILE, .example = "/etc/attest-ca/serials.txt",
        .manual = "A file with the serial numbers of EK certificates whose machines may enroll "
                  "themselves, hexadecimal, one in a line. The EK certificate must verify and "
                  "be from a manufacturer in `auto_enroll_vendors`. A machine that was removed "
                  "or denied is not enrolled again. See MACHINES THAT ENROLL THEMSELVES in "
                  "the manual page."),
    ROW(auto_enroll_vendors, LIST, RELOAD, .example = "NTC",
        .manual = "The manufacturers of these machines, by their codes at the TCG."),
    ROW(auto_enroll_roots, LIST, RELOAD,
        .manual = "Roots to which their EK certificates must lead, as fingerprints of "
                  "`attest-ca trust list`. When the list is empty, any imported root will do."),
    ROW(auto_enroll_name, TEXT, RELOAD, .value = "{manufacturer}-{serial}",
        .manual = "The name of a machine that enrolls itself. `{serial}`, `{manufacturer}`, "
                  "`{model}`, `{version}`, `{hash}` and `{hash8}` stand for what its EK "
                  "certificate says, and for the hash of its EK."),

    ROW(similar_names, TEXT, RELOAD, .value = "refuse",
        .manual = "What to do with a machine that enrolls itself when its name looks like another "
                  "device's: it differs only by upper and lower case, or by letters that "
                  "look alike, as in Latin and Cyrillic. `refuse`: the machine is not enrolled, "
                  "and waits for an administrator. `warn`: it is enrolled, and that is logged."),

    ROW(certificate_retention, DURATION, RELOAD, .value = "1y", .least = "1d", .most = "100y",
        .title = "Records",
        .manual = "How long the record of an AK certificate is kept after it expired; at least "
                  "`crl_lifetime`. Nothing is removed when nothing was recorded in the last 30 "
                  "days: the clock may be wrong."),
    ROW(audit_retention, DURATION, RELOAD, .example = "3y", .least = "1d", .most = "100y",
        .manual = "How long the entries of the audit record (`attest-ca audit`) are kept. By "
                  "default they are kept for ever. Each cut is recorded, and the rest still "
                  "verifies."),

    SERVICE_ROWS_PROXIES,
    SERVICE_ROWS_LIMITS,
};

_Static_assert(offsetof(struct attestation_settings, service) == 0, "the shared rows fill it");

static int
settings_check_ek_policy(struct attestation_settings *settings, struct error *err)
{
	if (ek_policy_mode_parse(settings->ek_certificate, &settings->ek_mode, err) != 0)
		return -1;
	if (ek_policy_vendors_normalize(&settings->ek_certificate_require, err) != 0)
		return error_wrap(err, "ek_certificate_require");
	if (settings->ek_mode == EK_POLICY_IGNORE && settings->ek_certificate_require.count != 0)
		return error_set(err, ERROR_MALFORMED,
		    "ek_certificate_require wants certificates looked at: ek_certificate must not be ignore");
	return 0;
}

static int
settings_check_auto_enroll(struct attestation_settings *settings, struct error *err)
{
	if (ek_policy_vendors_normalize(&settings->auto_enroll_vendors, err) != 0)
		return error_wrap(err, "auto_enroll_vendors");
	if (enroll_rule_roots_normalize(&settings->auto_enroll_roots, err) != 0)
		return error_wrap(err, "auto_enroll_roots");
	if (enroll_rule_name_check(settings->auto_enroll_name, err) != 0)
		return error_wrap(err, "auto_enroll_name");
	if ((settings->auto_enroll_serials != NULL) != (settings->auto_enroll_vendors.count != 0))
		return error_set(err, ERROR_MALFORMED,
		    "auto_enroll_serials and auto_enroll_vendors go together: a list of serial numbers, "
		    "and whose they are");
	settings->similar_allowed = strcmp(settings->similar_names, "warn") == 0;
	if (!settings->similar_allowed && strcmp(settings->similar_names, "refuse") != 0)
		return error_set(err, ERROR_MALFORMED, "similar_names is refuse or warn, not \"%.80s\"",
		    settings->similar_names);
	if (settings->auto_enroll_serials != NULL && settings->ek_mode == EK_POLICY_IGNORE)
		return error_set(err, ERROR_MALFORMED,
		    "auto_enroll_serials wants certificates looked at: ek_certificate must not be ignore");
	return 0;
}

static int
settings_check(void *all, struct error *err)
{
	struct attestation_settings *settings = all;

	if (service_settings_check(&settings->service, err) != 0)
		return -1;
	if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
		return error_set(err, ERROR_MALFORMED,
		    "a TLS certificate and its key go together: give both --tls-cert and --tls-key");
	if (settings_check_ek_policy(settings, err) != 0)
		return -1;
	return settings_check_auto_enroll(settings, err);
}

const struct config_schema *
attestation_settings_schema(void)
{
	static const struct config_schema schema = {
	    .rows = rows,
	    .count = sizeof rows / sizeof rows[0],
	    .reloads = true,
	    .check = settings_check,
	};

	return &schema;
}
