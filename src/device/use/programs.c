/*
 * The table. A row's text is what a test has run where `tested` says so; the others are what these
 * programs' manuals say and what was tried by hand once.
 */
#include "config.h"

#include "device/use/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/facts.h"
#include "util/bytes.h"
#include "util/file.h"

#define OWN      "~/.config/attest-device/"
#define ENGINE   "libengine-pkcs11-openssl"
#define P11_LIST "the module in p11-kit's list (attest-device use p11-kit)"

static const struct use_program programs[] = {
    {
        .name = "p11-kit",
        .about = "the list of modules that GnuTLS programs, browsers and libp11 go by",
        .binary = "p11-kit",
        .file = "/etc/pkcs11/modules/attest-device.module",
        .text = "module: {module}\n",
        .mode = 0644,
        .then = "p11-kit list-modules",
        .checks = USE_CHECK_STATUS,
        .check = "p11-kit list-modules | grep -qF attest-pkcs11.so",
    },
    {
        .name = "curl",
        .about = "curl with OpenSSL",
        .binary = "curl",
        .needs = ENGINE,
        .file = OWN "curl.conf",
        .text = "cert = \"{chain}\"\nkey = \"{key}\"\n",
        .mode = 0644,
        .then = "curl --config {file} https://HOST/",
        .checks = USE_CHECK_SERVER,
        .check = "PKCS11_MODULE_PATH='{module}' curl --silent --show-error --max-time 20 --config '{config}' "
                 "--cacert '{ca}' https://localhost:{port}/",
        .tested = true,
    },
    {
        .name = "openssl",
        .about = "OpenSSL on the command line",
        .binary = "openssl",
        .needs = ENGINE,
        .then = "PKCS11_MODULE_PATH={module} openssl s_client -key \"org.openssl.engine:pkcs11:{key}\" "
                "-cert {chain} -cert_chain {chain} -connect HOST:443",
        .checks = USE_CHECK_SERVER,
        .check = "PKCS11_MODULE_PATH='{module}' openssl s_client -key 'org.openssl.engine:pkcs11:{key}' "
                 "-cert '{chain}' -cert_chain '{chain}' -CAfile '{ca}' -verify_return_error -quiet "
                 "-connect localhost:{port} </dev/null",
        .tested = true,
    },
    {
        .name = "ssh",
        .about = "OpenSSH's client; the server's authorized_keys takes what ssh-keygen -D prints",
        .binary = "ssh",
        .file = "~/.ssh/config",
        .text = "Host *\n    PKCS11Provider {module}\n",
        .mode = 0600,
        .then = "ssh-keygen -D {module}",
        .checks = USE_CHECK_STATUS,
        .check = "ssh-keygen -D '{module}' | head -n 1 >'{directory}/key.pub' && ssh -G -F '{config}' localhost | "
                 "grep -qixF 'pkcs11provider {module}' && SSH_ASKPASS=/bin/true SSH_ASKPASS_REQUIRE=force "
                 "ssh-agent -P '*' sh -c \"ssh-add -q -s '{module}' && ssh-add -q -T '{directory}/key.pub'\"",
        .tested = true,
    },
    {
        .name = "gnutls-cli",
        .about = "GnuTLS on the command line",
        .binary = "gnutls-cli",
        .then = "gnutls-cli --provider={module} --x509keyfile=\"{key}\" --x509certfile={chain} HOST",
        .checks = USE_CHECK_SERVER,
        .check = "gnutls-cli --provider='{module}' --x509keyfile='{key}' --x509certfile='{chain}' "
                 "--x509cafile='{ca}' --port={port} localhost </dev/null",
        .tested = true,
    },
    {
        .name = "wget",
        .about = "wget, which uses GnuTLS on Debian",
        .binary = "wget",
        .needs = P11_LIST,
        .file = OWN "wgetrc",
        .text = "certificate = {chain}\nprivate_key = {key}\n",
        .mode = 0644,
        .then = "wget --config={file} https://HOST/",
        .checks = USE_CHECK_SERVER,
        .check = "wget --config='{config}' --ca-certificate='{ca}' --tries=1 --timeout=20 -q -O - "
                 "https://localhost:{port}/",
        .tested = true,
    },
    {
        .name = "git",
        .about = "git over https, which uses GnuTLS on Debian",
        .binary = "git",
        .needs = P11_LIST,
        .file = OWN "gitconfig",
        .text = "[http]\n\tsslCert = \"{chain}\"\n\tsslKey = \"{key}\"\n",
        .mode = 0644,
        .then = "git -c include.path={file} clone https://HOST/REPOSITORY",
        .checks = USE_CHECK_SERVER,
        .check = "git -c include.path='{config}' -c http.sslCAInfo='{ca}' ls-remote https://localhost:{port}/x",
        .tested = true,
    },
    {
        .name = "nginx",
        .about = "nginx as a client of servers behind it",
        .binary = "nginx",
        .needs = ENGINE,
        .file = "/etc/nginx/snippets/attest-device.conf",
        .text = "proxy_ssl_certificate     {chain};\n"
                "proxy_ssl_certificate_key \"engine:pkcs11:{key}\";\n",
        .mode = 0644,
        .then = "include snippets/attest-device.conf; in a location; its service needs "
                "the engine pkcs11 in its openssl.cnf, and the key (key_group in device.conf)",
    },
    {
        .name = "chromium",
        .about = "Chromium: chooses the certificate by its issuer",
        .binary = "chromium",
        .needs = "libnss3-tools, and: modutil -dbdir sql:$HOME/.pki/nssdb -add attest-device -libfile {module}",
        .file = "/etc/chromium/policies/managed/attest-device.json",
        .text = "{\"AutoSelectCertificateForUrls\": "
                "[\"{\\\"pattern\\\": \\\"https://[*.]example.com\\\", "
                "\\\"filter\\\": {\\\"ISSUER\\\": {\\\"CN\\\": \\\"{issuer}\\\"}}}\"]}\n",
        .whole = true,
        .mode = 0644,
        .then = "put your servers in place of [*.]example.com in {file}",
    },
    {
        .name = "firefox",
        .about = "Firefox: loads the module by policy",
        .binary = "firefox",
        .file = "/etc/firefox/policies/policies.json",
        .text = "{\"policies\": {\"SecurityDevices\": {\"Add\": {\"attest-device\": \"{module}\"}}}}\n",
        .whole = true,
        .mode = 0644,
        .then = "choose the certificate of {issuer} when a server asks",
    },
    {
        .name = "wpa_supplicant",
        .about = "Wi-Fi and wired networks with EAP-TLS",
        .binary = "wpa_supplicant",
        .needs = ENGINE,
        .text = "pkcs11_module_path={module}\n"
                "network={\n"
                "    ssid=\"NETWORK\"\n"
                "    key_mgmt=WPA-EAP\n"
                "    eap=TLS\n"
                "    identity=\"{name}\"\n"
                "    ca_cert=\"/etc/ssl/certs/YOUR-RADIUS-CA.pem\"\n"
                "    client_cert=\"{chain}\"\n"
                "    private_key=\"{key}\"\n"
                "}\n",
        .then = "put this into wpa_supplicant.conf; the module must be below /usr/lib",
    },
    {
        .name = "nmcli",
        .about = "NetworkManager: a Wi-Fi with EAP-TLS",
        .binary = "nmcli",
        .needs = ENGINE,
        .then = "nmcli connection add type wifi ssid NETWORK wifi-sec.key-mgmt wpa-eap 802-1x.eap tls "
                "802-1x.identity {name} 802-1x.ca-cert /etc/ssl/certs/YOUR-RADIUS-CA.pem "
                "802-1x.client-cert \"pkcs11:object={name};type=cert\" 802-1x.private-key \"{key}\" "
                "802-1x.private-key-password-flags 4",
    },
    {
        .name = "stunnel",
        .about = "stunnel as a client",
        .binary = "stunnel",
        .needs = ENGINE,
        .text = "engine = pkcs11\n"
                "engineCtrl = MODULE_PATH:{module}\n"
                "[attest-device]\n"
                "client = yes\n"
                "accept = 127.0.0.1:8443\n"
                "connect = HOST:443\n"
                "verifyChain = yes\n"
                "CApath = /etc/ssl/certs\n"
                "engineId = pkcs11\n"
                "cert = {chain}\n"
                "key = {key}\n",
        .then = "put this into a file in /etc/stunnel",
    },
    {
        .name = "psql",
        .about = "PostgreSQL's clients",
        .binary = "psql",
        .needs = ENGINE,
        .then = "psql \"host=HOST sslmode=verify-full sslrootcert=system-ca.pem sslcert={chain} "
                "sslkey=pkcs11:{key}\"",
    },
    {
        .name = "java",
        .about = "Java's SunPKCS11",
        .binary = "java",
        .file = OWN "java.cfg",
        .text = "name = attest-device\nlibrary = {module}\nslotListIndex = 0\n",
        .mode = 0644,
        .then = "java -Djavax.net.ssl.keyStoreType=PKCS11 -Djavax.net.ssl.keyStore=NONE with the provider "
                "SunPKCS11 and {file} in security.provider",
    },
    {
        .name = "go",
        .about = "Go's crypto/tls: go-tpm-keyfiles reads the key file itself, without the module",
        .binary = "go",
        .then = "keyfile.Decode of {keyfile}, and tls.Certificate with its signer and {chain}",
    },
    {
        .name = "python",
        .about = "Python: the ssl module takes no key of a token; start curl, or use a proxy such as stunnel",
        .binary = "python3",
        .then = "attest-device use stunnel",
    },
    {
        .name = "servers",
        .about = "Apache, HAProxy, Caddy and Traefik, which admit machines: nothing of this machine's key",
        .then = "README, \"In a web server\": the root of the ACME server is what they verify by",
    },
};

const struct use_program *
use_program_at(size_t index)
{
	return index < sizeof programs / sizeof programs[0] ? &programs[index] : NULL;
}

const struct use_program *
use_program_find(const char *name)
{
	const struct use_program *program;

	for (size_t i = 0; (program = use_program_at(i)) != NULL; i++)
		if (strcmp(program->name, name) == 0)
			return program;
	return NULL;
}

bool
use_program_is_installed(const struct use_program *program)
{
	const char     *said = getenv("PATH");
	AUTO_BYTES      all = {0};
	char           *rest = NULL;
	char           *directory;
	bool            found = false;

	if (program->binary == NULL)
		return true;
	use_append(&all, said != NULL ? said : "/usr/bin:/bin");
	use_append(&all, ":/usr/sbin:/sbin");
	bytes_append(&all, "", 1);
	for (directory = strtok_r((char *)all.data, ":", &rest); directory != NULL && !found;
	     directory = strtok_r(NULL, ":", &rest)) {
		AUTO_FREE char *path = file_join(directory, program->binary);

		found = access(path, X_OK) == 0;
	}
	return found;
}
