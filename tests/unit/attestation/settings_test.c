/* attestd's configuration file: defaults, precedence, bounds. */
#include "config.h"

#include "attestation/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static char path[] = "/tmp/settings_test.XXXXXX";

static void
write_file(const char *text)
{
	struct error err = {0};

	unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
}

static void
setup(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}

static void
teardown(void)
{
	(void)unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
}

START_TEST(complete_no_file_gives_defaults)
{
	struct attestation_settings settings = {0};
	struct error    err = {0};

	unit_ok(config_file_complete(attestation_settings_schema(), NULL, &settings, &err), &err);
	ck_assert_str_eq(settings.service.state_dir, "/var/lib/attest-ca");
	ck_assert_uint_eq(settings.service.listen.count, 1);
	ck_assert_str_eq(settings.service.listen.texts[0], "127.0.0.1:8075");
	ck_assert_int_ge(settings.service.workers, 1);
	ck_assert_int_eq(settings.service.backdate, 300);
	ck_assert_int_eq(settings.challenge_lifetime, 60);
	ck_assert_int_eq(settings.ak_lifetime, INT64_C(90) * 86400);
	ck_assert_int_eq(settings.challenges, 10000);
	ck_assert_int_eq(settings.service.connections, 4096);
	ck_assert_int_eq(settings.waiting_max, 1000);
	ck_assert_int_eq(settings.service.level, LOG_LEVEL_INFO);
	ck_assert_int_eq(settings.service.proxies.protocol, PROXY_PROTOCOL_OFF);
	ck_assert_uint_eq(settings.service.proxies.count, 0);
	ck_assert_ptr_null(settings.crl_url);
	ck_assert_int_eq(settings.ek_mode, EK_POLICY_RECORD);
	ck_assert_uint_eq(settings.ek_certificate_require.count, 0);
	ck_assert_ptr_null(settings.auto_enroll_serials);
	config_file_clear(attestation_settings_schema(), &settings);
}
END_TEST

START_TEST(complete_file_gives_what_it_says)
{
	struct attestation_settings settings = {0};
	struct error    err = {0};

	write_file("# a comment\nstate_dir = \"/srv/ca\"\nstore = \"sqlite:/srv/store\"\nlisten = {\"[::1]:1\", \"127.0.0.1:2\"}\n"
	           "workers = 3\nak_lifetime = 30d\nchallenge_lifetime = \"5s\"\nchallenges = 7\n"
	           "waiting_max = 0\nlog_level = \"error\"\ncrl_url = \"http://ca/crl\"\n"
	           "passphrase_file = \"/etc/pass\"\npkcs11_module = \"/lib/m.so\"\n"
	           "key_paths = {\"/dev/bus/usb\"}\nkey_sockets = {\"inet\", \"unix\"}\nek_certificate = \"require\"\n"
	           "ek_certificate_require = {\"NTC\", \"Intel\"}\n"
	           "proxy_networks = {\"192.0.2.0/24\", \"::1\"}\nproxy_protocol = \"v2\"\n");
	unit_ok(config_file_complete(attestation_settings_schema(), path, &settings, &err), &err);
	ck_assert_str_eq(settings.service.state_dir, "/srv/ca");
	ck_assert_str_eq(settings.service.store, "sqlite:/srv/store");
	ck_assert_uint_eq(settings.service.listen.count, 2);
	ck_assert_str_eq(settings.service.listen.texts[1], "127.0.0.1:2");
	ck_assert_int_eq(settings.service.workers, 3);
	ck_assert_int_eq(settings.ak_lifetime, INT64_C(30) * 86400);
	ck_assert_int_eq(settings.challenge_lifetime, 5);
	ck_assert_int_eq(settings.challenges, 7);
	ck_assert_int_eq(settings.waiting_max, 0);
	ck_assert_int_eq(settings.service.level, LOG_LEVEL_ERROR);
	ck_assert_str_eq(settings.crl_url, "http://ca/crl");
	ck_assert_str_eq(settings.service.passphrase_file, "/etc/pass");
	ck_assert_str_eq(settings.service.pkcs11_module, "/lib/m.so");
	ck_assert_str_eq(settings.service.key_paths.texts[0], "/dev/bus/usb");
	ck_assert_uint_eq(settings.service.key_socket_bits, SANDBOX_SOCKET_BIT(INET) | SANDBOX_SOCKET_BIT(UNIX));
	config_list_clear(&settings.service.key_sockets);
	unit_ok(attestation_settings_schema()->check(&settings, &err), &err);
	ck_assert_uint_eq(settings.service.key_socket_bits, 0);
	ck_assert_int_eq(settings.ek_mode, EK_POLICY_REQUIRE);
	ck_assert_int_eq(settings.service.proxies.protocol, PROXY_PROTOCOL_V2);
	ck_assert_uint_eq(settings.service.proxies.count, 2);
	ck_assert_uint_eq(settings.service.proxies.networks[0].bits, 24);
	ck_assert_uint_eq(settings.ek_certificate_require.count, 2);
	ck_assert(ek_policy_vendors_have(&settings.ek_certificate_require, "id:494E5443"));
	config_file_clear(attestation_settings_schema(), &settings);
}
END_TEST

START_TEST(complete_command_line_goes_before_the_file)
{
	struct attestation_settings settings = {
	    .service =
	        {
	            .state_dir = memory_strdup("/mine"),
	            .workers = 2,
	            .log_level = memory_strdup("debug"),
	        },
	};
	struct error err = {0};

	config_list_append(&settings.service.listen, "127.0.0.1:9");
	write_file("state_dir = \"/srv/ca\"\nlisten = {\"[::1]:1\"}\nworkers = 3\nlog_level = \"error\"\n");
	unit_ok(config_file_complete(attestation_settings_schema(), path, &settings, &err), &err);
	ck_assert_str_eq(settings.service.state_dir, "/mine");
	ck_assert_str_eq(settings.service.store, "/mine");
	ck_assert_uint_eq(settings.service.listen.count, 1);
	ck_assert_str_eq(settings.service.listen.texts[0], "127.0.0.1:9");
	ck_assert_int_eq(settings.service.workers, 2);
	ck_assert_int_eq(settings.service.level, LOG_LEVEL_DEBUG);
	config_file_clear(attestation_settings_schema(), &settings);
}
END_TEST

static const struct {
	const char *text;
	const char *detail; /* behind the path */
} refused[] = {
    {"ak_lifetime = 1s\n", " line 1: ak_lifetime must lie between 5m and 10y"},
    {"ak_lifetime = soon\n", " line 1: ak_lifetime: \"soon\" is no duration; write a number and one of s, m, "
                             "h, d, w, y, as in 90d"},
    {"challenge_lifetime = 2h\n", " line 1: challenge_lifetime must lie between 1s and 1h"},
    {"challenges = 0\n", " line 1: challenges must lie between 1 and 10000000"},
    {"waiting_max = 100001\n", " line 1: waiting_max must lie between 0 and 100000"},
    {"connections = 1000001\n", " line 1: connections must lie between 1 and 1000000"},
    {"workers = 65\n", " line 1: workers must lie between 0 and 64"},
    {"log_level = \"loud\"\n", " line 1: log_level: log level \"loud\" is none of error, warning, info, debug"},
    {"proxy_protocol = \"on\"\n", " line 1: proxy_protocol: \"on\" is not off, v1 or v2"},
    {"proxy_protocol = \"v1\"\n",
        " line 1: proxy_protocol: nobody could connect: proxy_networks must name the proxies"},
    {"proxy_networks = {\"::/0\"}\n",
        " line 1: proxy_networks: ::/0 has every address: any client could be anybody"},
    {"ek_certificate = \"always\"\n",
        " line 1: ek_certificate \"always\" is none of ignore, record, require"},
    {"ek_certificate_require = {\"NTC\", \"Acme\"}\n",
        " line 1: ek_certificate_require: \"Acme\" is no TPM manufacturer; write its code at the TCG, as in "
        "\"NTC\" or \"INTC\""},
    {"ek_certificate = \"ignore\"\nek_certificate_require = {\"NTC\"}\n",
        " line 2: ek_certificate_require wants certificates looked at: ek_certificate must not be ignore"},
    {"auto_enroll_serials = \"/x\"\n",
        " line 1: auto_enroll_serials and auto_enroll_vendors go together: a list of serial numbers, and whose "
        "they are"},
    {"auto_enroll_vendors = {\"NTC\"}\n",
        ": auto_enroll_serials and auto_enroll_vendors go together: a list of serial numbers, and whose "
        "they are"},
    {"auto_enroll_serials = \"/x\"\nauto_enroll_vendors = {\"NTC\"}\nek_certificate = \"ignore\"\n",
        " line 1: auto_enroll_serials wants certificates looked at: ek_certificate must not be ignore"},
    {"auto_enroll_serials = \"/x\"\nauto_enroll_vendors = {\"Acme\"}\n",
        " line 2: auto_enroll_vendors: \"Acme\" is no TPM manufacturer; write its code at the TCG, as in "
        "\"NTC\" or \"INTC\""},
    {"auto_enroll_name = \"laptop\"\n",
        " line 1: auto_enroll_name: \"laptop\" would give every machine the same name: put {serial}, {hash} or "
        "{hash8} into it"},
    {"similar_names = \"allow\"\n",
        " line 1: similar_names is refuse or warn, not \"allow\""},
    {"auto_enroll_roots = {\"ab\"}\n",
        " line 1: auto_enroll_roots: \"ab\" is no fingerprint; \"trust list\" of attest-ca shows them"},
    {"tls_cert = \"/x\"\n",
        ": a TLS certificate and its key go together: give both --tls-cert and --tls-key"},
    {"\n\nlisten = 127.0.0.1:80\n",
        " line 3: listen: put the value in double quotes: \"127.0.0.1:80\""},
    {"backdate = 25h\n", " line 1: backdate must lie between 0s and 24h"},
    {"\ncolour = blue\n", " line 2: no such option 'colour'"},
};

START_TEST(complete_bad_file_is_malformed)
{
	struct attestation_settings settings = {0};
	char            detail[512];
	struct error    err = {0};

	write_file(refused[_i].text);
	(void)snprintf(detail, sizeof detail, "%s%s", path, refused[_i].detail);
	unit_fails(config_file_complete(attestation_settings_schema(), path, &settings, &err), &err, ERROR_MALFORMED, detail);
	config_file_clear(attestation_settings_schema(), &settings);
}
END_TEST

/* The sample, every line of it switched on, is what no file at all gives. */
START_TEST(complete_sample_file_gives_the_defaults)
{
	const char     *top = getenv("top_builddir");
	AUTO_FREE char *sample = file_join(top != NULL ? top : ".", "data/attestd.conf");
	AUTO_BYTES      text = {0};
	AUTO_BYTES      on = {0};
	struct attestation_settings settings = {.service.workers = 1};
	struct attestation_settings defaults = {.service.workers = 1};
	struct error    err = {0};

	unit_ok(file_read(sample, 65536, &text, &err), &err);
	for (size_t i = 0; i < text.size; i++) {
		bool setting = (i == 0 || text.data[i - 1] == '\n') && text.data[i] == '#' &&
		    i + 1 < text.size && text.data[i + 1] != ' ';

		if (!setting)
			bytes_append_u8(&on, text.data[i]);
	}
	bytes_append_u8(&on, '\0');
	write_file((char *)on.data);
	unit_ok(config_file_complete(attestation_settings_schema(), path, &settings, &err), &err);
	unit_ok(config_file_complete(attestation_settings_schema(), NULL, &defaults, &err), &err);
	ck_assert_str_eq(settings.service.state_dir, defaults.service.state_dir);
	ck_assert_str_eq(settings.service.listen.texts[0], defaults.service.listen.texts[0]);
	ck_assert_str_eq(settings.crl_url, "http://attest.example/crl/{issuer}");
	ck_assert_int_eq(settings.service.crl_lifetime, defaults.service.crl_lifetime);
	ck_assert_int_eq(settings.audit_retention, (int64_t)3 * 365 * 86400);
	ck_assert_int_eq(defaults.audit_retention, 0);
	ck_assert_int_eq(settings.certificate_retention, defaults.certificate_retention);
	ck_assert_int_eq(settings.ak_lifetime, defaults.ak_lifetime);
	ck_assert_int_eq(settings.challenge_lifetime, defaults.challenge_lifetime);
	ck_assert_int_eq(settings.service.request_timeout, defaults.service.request_timeout);
	ck_assert_int_eq(settings.service.idle_timeout, defaults.service.idle_timeout);
	ck_assert_int_eq(settings.challenges, defaults.challenges);
	ck_assert_int_eq(settings.device_challenges, defaults.device_challenges);
	ck_assert_int_eq(settings.device_certificates, defaults.device_certificates);
	ck_assert_int_eq(settings.waiting_max, defaults.waiting_max);
	ck_assert_int_eq(settings.service.connections, defaults.service.connections);
	ck_assert_int_eq(settings.service.level, defaults.service.level);
	ck_assert_int_eq(settings.ek_mode, defaults.ek_mode);
	ck_assert_uint_eq(settings.ek_certificate_require.count, 0);
	ck_assert_uint_eq(settings.auto_enroll_vendors.count, 1);
	ck_assert_str_eq(settings.auto_enroll_serials, "/etc/attest-ca/serials.txt");
	ck_assert_ptr_null(defaults.auto_enroll_serials);
	ck_assert_uint_eq(settings.auto_enroll_roots.count, 0);
	ck_assert_str_eq(settings.auto_enroll_name, defaults.auto_enroll_name);
	config_file_clear(attestation_settings_schema(), &settings);
	config_file_clear(attestation_settings_schema(), &defaults);
}
END_TEST

START_TEST(complete_missing_file_is_not_found)
{
	struct attestation_settings settings = {0};
	struct error    err = {0};

	unit_fails(config_file_complete(attestation_settings_schema(), "/nonexistent/attestd.conf", &settings, &err), &err,
	    ERROR_NOT_FOUND, "opening /nonexistent/attestd.conf: No such file or directory");
	config_file_clear(attestation_settings_schema(), &settings);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = tcase_create("complete");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, complete_no_file_gives_defaults);
	tcase_add_test(tc, complete_file_gives_what_it_says);
	tcase_add_test(tc, complete_command_line_goes_before_the_file);
	tcase_add_loop_test(tc, complete_bad_file_is_malformed, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, complete_sample_file_gives_the_defaults);
	tcase_add_test(tc, complete_missing_file_is_not_found);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
