/*
 * The programs that use the key themselves, most of them as clients. A row's text is what a test has
 * run where `tested` says so; the others are what these programs' manuals say.
 */
#include "config.h"

#include "device/use/tables.h"

#define OWN      "~/.config/attest-device/"
#define ENGINE   "libengine-pkcs11-openssl"
#define ENGINE_CONF                                                           \
	"openssl_conf = main\n[main]\nengines = engines\n[engines]\npkcs11 = pkcs11\n" \
	"[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {module}\ninit = 1\n"
#define PROVIDER_CONF                                                                             \
	"openssl_conf = main\n"                                                                   \
	"[main]\n"                                                                                \
	"providers = providers\n"                                                                 \
	"random = random\n"                                                                       \
	"alg_section = algorithms\n"                                                              \
	"[providers]\n"                                                                           \
	"default = provider_default\n"                                                            \
	"tpm2 = provider_tpm2\n"                                                                  \
	"[provider_default]\n"                                                                    \
	"activate = 1\n"                                                                          \
	"[provider_tpm2]\n"                                                                       \
	"activate = 1\n"                                                                          \
	"[random]\n"                                                                              \
	"random = CTR-DRBG\n"                                                                     \
	"properties = provider=default\n"                                                         \
	"[algorithms]\n"                                                                          \
	"default_properties = ?provider=tpm2,tpm2.digest!=yes\n"
/* A database of NSS with the module, and the test server's CA. */
#define NSS_MAKE(where)                                                                              \
	"mkdir -p '" where "' && certutil -N -d 'sql:" where "' --empty-password && "               \
	"certutil -A -d 'sql:" where "' -t C,, -n server -i '{ca}' && "                              \
	"modutil -force -dbdir 'sql:" where "' -add attest-device -libfile '{module}' >/dev/null && "
/* A server for EAP-TLS that is hostapd, without a network: RADIUS on this machine; and eapol_test joins. */
#define RADIUS_START                                                                                              \
	"PATH=\"$PATH:/usr/sbin:/sbin\"; echo '* TLS' >'{directory}/users'; "                                        \
	"echo '127.0.0.1/32 check' >'{directory}/clients'; "                                                         \
	"printf '%s\\n' driver=none interface=lo ieee8021x=1 eap_server=1 'eap_user_file={directory}/users' "         \
	"'ca_cert={anchor}' 'server_cert={cert}' 'private_key={certkey}' "                                           \
	"'radius_server_clients={directory}/clients' radius_server_auth_port={port} >'{directory}/hostapd.conf'; "   \
	"hostapd '{directory}/hostapd.conf' >'{directory}/hostapd' 2>&1 & pid=$!\n"                                  \
	"while kill -0 $pid 2>/dev/null && ! grep -q AP-ENABLED '{directory}/hostapd'; do sleep 0.05; done\n"
#define RADIUS_JOIN                                                                                               \
	"eapol_test -c '{directory}/wpa.conf' -a 127.0.0.1 -p {port} -s check -t 20 >'{directory}/eap' 2>&1; status=$?\n" \
	"kill $pid 2>/dev/null\n"                                                                                    \
	"[ $status -eq 0 ] || grep -i -m 1 'trusted path' '{directory}/eap' || { tail -n 1 '{directory}/hostapd'; "   \
	"grep -i -e 'cannot load' -e 'SSL.*fail' '{directory}/eap' | tail -n 3; }\n"                                 \
	"exit $status"
/* A user's own key is where it was, also with another home directory. */
#define OWN_STATE "XDG_STATE_HOME=\"${XDG_STATE_HOME:-$HOME/.local/state}\" "
#define NMCLI(command, ca)                                                                    \
	command " connection add type wifi ssid NETWORK wifi-sec.key-mgmt wpa-eap 802-1x.eap tls " \
	"802-1x.identity {name} 802-1x.ca-cert " ca " 802-1x.client-cert {chain} "                 \
	"802-1x.private-key \"{key}\" 802-1x.private-key-password-flags 4"
#define P11_LIST "the module in p11-kit's list (attest-device use p11-kit)"

static const struct use_program clients[] = {
    {
        .name = "p11-kit",
        .about = "the list of modules that GnuTLS programs, browsers and libp11 go by",
        .binary = "p11-kit",
        .file = "/etc/pkcs11/modules/attest-device.module",
        .own_file = "~/.config/pkcs11/modules/attest-device.module",
        .text = "module: {module}\n",
        .mode = 0644,
        .then = "p11-kit list-modules",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_STATUS,
        .check = "p11-kit list-modules | grep -qF attest-pkcs11.so",
        .tested = true,
    },
    {
        .name = "curl",
        .about = "curl with OpenSSL",
        .binary = "curl",
        .needs = ENGINE,
        .file = OWN "curl{suffix}.conf",
        .text = "cert = \"{chain}\"\nkey = \"{key}\"\n",
        .mode = 0644,
        .then = "PKCS11_MODULE_PATH={module} curl --config {file} https://HOST/",
        .reads = USE_READS_MODULE,
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
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "PKCS11_MODULE_PATH='{module}' openssl s_client -key 'org.openssl.engine:pkcs11:{key}' "
                 "-cert '{chain}' -cert_chain '{chain}' -CAfile '{ca}' -verify_return_error -quiet "
                 "-connect localhost:{port} <<END\n\nEND",
        .tested = true,
    },
    {
        .name = "openssl.cnf",
        .about = "programs with OpenSSL that name the engine pkcs11 but not the module, such as nginx",
        .binary = "openssl",
        .needs = ENGINE,
        .file = OWN "openssl.cnf",
        .text = ENGINE_CONF,
        .mode = 0644,
        .then = "start the program with OPENSSL_CONF={file} in its environment",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "OPENSSL_CONF='{config}' openssl s_client -engine pkcs11 -keyform engine -key '{key}' "
                 "-cert '{chain}' -cert_chain '{chain}' -CAfile '{ca}' -verify_return_error -quiet "
                 "-connect localhost:{port} <<END\n\nEND",
        .tested = true,
    },
    {
        .name = "tpm2-openssl",
        .about = "programs with OpenSSL that read device.key itself by the provider tpm2, without the "
                 "module: by TLS 1.3 only, and the TPM is theirs for as long as they run",
        .binary = "openssl",
        .needs = "tpm2-openssl",
        .file = OWN "openssl-tpm2.cnf",
        .text = PROVIDER_CONF,
        .mode = 0644,
        .then = "OPENSSL_CONF={file} curl --tlsv1.3 --cert {chain} --key {keyfile} https://HOST/",
        .reads = USE_READS_PROVIDER,
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
        .reads = USE_READS_MODULE,
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
        .reads = USE_READS_MODULE,
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
        .file = OWN "wgetrc{suffix}",
        .text = "certificate = {chain}\nprivate_key = {key}\n",
        .mode = 0644,
        .then = "wget --config={file} https://HOST/",
        .reads = USE_READS_MODULE,
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
        .file = OWN "gitconfig{suffix}",
        .text = "[http]\n\tsslCert = \"{chain}\"\n\tsslKey = \"{key}\"\n",
        .mode = 0644,
        .then = "git -c include.path={file} clone https://HOST/REPOSITORY",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "GIT_SSL_CAINFO='{ca}' git -c include.path='{config}' ls-remote https://localhost:{port}/x",
        .tested = true,
    },
    {
        .name = "nginx",
        .about = "nginx as a client of servers behind it; its workers need the TPM, but need not be able to "
                 "read the key",
        .binary = "nginx",
        .needs = ENGINE ", and OPENSSL_CONF in the environment of its service (attest-device use openssl.cnf)",
        .file = "/etc/nginx/snippets/attest-device{suffix}.conf",
        .text = "proxy_ssl_certificate     {chain};\n"
                "proxy_ssl_certificate_key \"engine:pkcs11:{key}\";\n",
        .mode = 0644,
        .then = "include {file}; in a location with proxy_pass https://HOST; and at the top of nginx.conf "
                "env OPENSSL_CONF; and user www-data tss; (the group of /dev/tpmrm0), and env NAME; of each "
                "variable that is named above",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "cat >'{directory}/nginx.conf' <<END\n"
                 "daemon off; master_process off; pid {directory}/pid; error_log stderr;\n"
                 "env ATTEST_PKCS11_STATE; env ATTEST_PKCS11_TPM; env OPENSSL_CONF; env DBUS_SESSION_BUS_ADDRESS;\n"
                 "events {}\n"
                 "http { access_log off; client_body_temp_path {directory}/t; proxy_temp_path {directory}/t;\n"
                 "fastcgi_temp_path {directory}/t; uwsgi_temp_path {directory}/t; scgi_temp_path {directory}/t;\n"
                 "server { listen unix:{directory}/s; location / { include {config};\n"
                 "proxy_pass https://127.0.0.1:{port}; proxy_ssl_protocols TLSv1.2 TLSv1.3; } } }\n"
                 "END\n"
                 "cat >'{directory}/openssl.cnf' <<END\n" ENGINE_CONF "END\n"
                 "PATH=\"$PATH:/usr/sbin\" OPENSSL_CONF='{directory}/openssl.cnf' "
                 "nginx -e stderr -p '{directory}' -c '{directory}/nginx.conf' & pid=$!\n"
                 "while kill -0 $pid 2>/dev/null && ! [ -S '{directory}/s' ]; do sleep 0.05; done\n"
                 "curl --silent --max-time 20 --unix-socket '{directory}/s' http://localhost/\n"
                 "kill $pid 2>/dev/null",
        .tested = true,
    },
    {
        .name = "haproxy-key",
        .about = "HAProxy with this machine's key as its own, towards clients and towards servers behind it: "
                 "by the provider tpm2, without the module",
        .binary = "haproxy",
        .needs = "tpm2-openssl, and OPENSSL_CONF in the environment of its service (attest-device use "
                 "tpm2-openssl --write; Debian reads /etc/default/haproxy)",
        .text = "global\n"
                "    nbthread 1\n"
                "frontend FRONTEND\n"
                "    bind :443 ssl crt /etc/haproxy/attest-device.pem\n"
                "backend BACKEND\n"
                "    server HOST HOST:443 ssl crt /etc/haproxy/attest-device.pem verify required "
                "ca-file /etc/ssl/certs/ca-certificates.crt sni str(HOST) verifyhost HOST\n",
        .then = "put each line into its section; ln -s {chain} /etc/haproxy/attest-device.pem; "
                "ln -s {keyfile} /etc/haproxy/attest-device.pem.key; reload it after a renewal; with more than one "
                "thread most signatures fail, and with an EC key it is by TLS 1.3 only",
        .reads = USE_READS_PROVIDER,
        .checks = USE_CHECK_STATUS,
        /* Its client is openssl: the test server's certificate is more than a TPM without a resource manager takes. */
        .check = "PATH=\"$PATH:/usr/sbin\"; cat >'{directory}/openssl.cnf' <<'END'\n" PROVIDER_CONF "END\n"
                 "ln -s '{chain}' '{directory}/own.pem'; ln -s '{keyfile}' '{directory}/own.pem.key'\n"
                 "{ grep -A 1 '^global' '{config}'; printf '%s\\n' 'defaults' '    mode http' '    timeout connect 9s' "
                 "'    timeout client 9s' '    timeout server 9s' 'frontend check' "
                 "'    http-request return status 200' "
                 "'    bind unix@{directory}/s ssl crt {directory}/own.pem'; } >'{directory}/haproxy.cfg'\n"
                 "OPENSSL_CONF='{directory}/openssl.cnf' haproxy -db -f '{directory}/haproxy.cfg' 2>'{directory}/said' & pid=$!\n"
                 "while kill -0 $pid 2>/dev/null && ! [ -S '{directory}/s' ]; do sleep 0.05; done\n"
                 "[ -S '{directory}/s' ] && openssl s_client -unix '{directory}/s' -CAfile '{anchor}' -purpose any "
                 "-verify_return_error </dev/null; status=$?\n"
                 "kill $pid 2>/dev/null\n"
                 "[ $status -eq 0 ] || grep -v -e 'Fatal errors' -e 'Error(s) found' '{directory}/said'\n"
                 "exit $status",
        .tools = "openssl",
        .tested = true,
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
        .then = "put your servers in place of [*.]example.com in {file}; after a renewal start Chromium again, as "
                "it goes on with the old certificate at servers that it knows",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        /* What the policy says, in the preferences of a profile that is thrown away. */
        .check = NSS_MAKE("{directory}/.pki/nssdb")
                 "mkdir -p '{directory}/data/Default' && cat >'{directory}/data/Default/Preferences' <<'END'\n"
                 "{\"profile\": {\"content_settings\": {\"exceptions\": {\"auto_select_certificate\": "
                 "{\"https://localhost:{port},*\": {\"setting\": {\"filters\": [{\"ISSUER\": {\"CN\": \"{issuer}\"}}]}}}}}}}\n"
                 "END\n"
                 OWN_STATE "HOME='{directory}' chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
                 "--disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync "
                 "--user-data-dir='{directory}/data' --dump-dom https://localhost:{port}/",
        .tools = "certutil modutil",
        .tested = true,
    },
    {
        .name = "firefox",
        .about = "Firefox: loads the module by policy, and gives its certificate to a server that asks",
        .binary = "firefox-esr",
        .file = "/etc/firefox/policies/policies.json",
        .text = "{\"policies\": {\"SecurityDevices\": {\"Add\": {\"attest-device\": \"{module}\"}}, "
                "\"Preferences\": {\"security.default_personal_cert\": "
                "{\"Value\": \"Select Automatically\", \"Status\": \"default\"}}}}\n",
        .whole = true,
        .mode = 0644,
        .then = "start Firefox; without the preference it asks, and the certificate is that of {issuer}",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        /* What the policy says, in a profile that is thrown away. */
        .check = NSS_MAKE("{directory}/profile")
                 "echo 'user_pref(\"security.default_personal_cert\", \"Select Automatically\");' "
                 ">'{directory}/profile/user.js' && "
                 OWN_STATE "HOME='{directory}' firefox-esr --headless --no-remote --profile '{directory}/profile' "
                 "--screenshot '{directory}/page.png' https://localhost:{port}/",
        .tools = "certutil modutil",
        .tested = true,
    },
    {
        .name = "wpa_supplicant",
        .about = "Wi-Fi and wired networks with EAP-TLS",
        .binary = "wpa_supplicant",
        .needs = ENGINE ", and the module below /usr/lib",
        .text = "pkcs11_engine_path={engine}\n"
                "pkcs11_module_path={module}\n"
                "network={\n"
                "    ssid=\"NETWORK\"\n"
                "    key_mgmt=WPA-EAP\n"
                "    eap=TLS\n"
                "    identity=\"{name}\"\n"
                "    ca_cert=\"/etc/ssl/certs/YOUR-RADIUS-CA.pem\"\n"
                "    client_cert=\"{chain}\"\n"
                "    private_key=\"{key}\"\n"
                "}\n",
        .then = "put this into wpa_supplicant.conf; the module must be below /usr/lib, else it says \"Not in "
                "trusted path\"; for TLS 1.3 add phase1=\"tls_disable_tlsv1_3=0\"",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_STATUS,
        .check = RADIUS_START
                 "sed 's|^    ca_cert=.*|    ca_cert=\"{ca}\"|' '{config}' >'{directory}/wpa.conf'\n" RADIUS_JOIN,
        .tools = "hostapd eapol_test",
        .tested = true,
    },
    {
        .name = "nmcli",
        .about = "NetworkManager: a Wi-Fi with EAP-TLS",
        .binary = "nmcli",
        .needs = ENGINE ", and " P11_LIST,
        .then = NMCLI("nmcli", "/etc/ssl/certs/YOUR-RADIUS-CA.pem"),
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_STATUS,
        /* NetworkManager need not run: what it would give to wpa_supplicant is in the file that it would keep. */
        .check = RADIUS_START NMCLI("nmcli --offline", "'{ca}'") " >'{directory}/nm' || { kill $pid; exit 1; }\n"
                 "{ printf '%s\\n' 'network={' key_mgmt=WPA-EAP eap=TLS; sed -n 's/^\\(identity\\|ca-cert\\|"
                 "client-cert\\|private-key\\)=\\(.*\\)/\\1=\"\\2\"/p' '{directory}/nm' | sed 's/^\\([a-z]*\\)-/\\1_/'; "
                 "echo '}'; } >'{directory}/wpa.conf'\n" RADIUS_JOIN,
        .tools = "hostapd eapol_test",
        .tested = true,
    },
    {
        .name = "stunnel",
        .about = "stunnel as a client, for programs that take no key of a token",
        .binary = "stunnel",
        .needs = ENGINE,
        .text = "engine = pkcs11\n"
                "engineCtrl = MODULE_PATH:{module}\n"
                "[attest-device]\n"
                "client = yes\n"
                "accept = 127.0.0.1:8443\n"
                "connect = HOST:443\n"
                "verifyChain = yes\n"
                "checkHost = HOST\n"
                "CAfile = /etc/ssl/certs/ca-certificates.crt\n"
                "engineId = pkcs11\n"
                "cert = {chain}\n"
                "key = {key}\n",
        .then = "put this into a file in /etc/stunnel; programs then use http://127.0.0.1:8443/",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "sed '/^\\[/d; /^accept/d; s|HOST:443|127.0.0.1:{port}|; s|HOST|localhost|; s|^CAfile.*|CAfile = {ca}|' "
                 "'{config}' >'{directory}/stunnel.conf' && "
                 "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | stunnel '{directory}/stunnel.conf'",
        .tested = true,
    },
    {
        .name = "psql",
        .about = "PostgreSQL's clients, and what else uses libpq",
        .binary = "psql",
        .needs = ENGINE,
        .then = "PKCS11_MODULE_PATH={module} psql \"host=HOST sslmode=verify-full sslrootcert=YOUR-CA.pem "
                "sslcert={chain} sslkey=pkcs11:{key}\"",
        .reads = USE_READS_MODULE,
        .checks = USE_CHECK_SERVER,
        .check = "PKCS11_MODULE_PATH='{module}' PGCONNECT_TIMEOUT=20 psql 'host=localhost port={port} user=x "
                 "sslmode=verify-full sslrootcert={ca} sslcert={chain} sslkey=pkcs11:{key}' -c ''",
        .tested = true,
    },
    {
        .name = "java",
        .about = "Java's SunPKCS11",
        .binary = "java",
        .needs = "for --check, a JDK",
        .file = OWN "java{suffix}.cfg",
        .text = "name = attest-device\nlibrary = {module}\nslotListIndex = {slot}\n",
        .mode = 0644,
        .then = "echo \"security.provider.12=SunPKCS11 {file}\" >java.security, and java "
                "-Djava.security.properties=java.security -Djavax.net.ssl.keyStoreType=PKCS11 "
                "-Djavax.net.ssl.keyStore=NONE -Djavax.net.ssl.keyStorePassword=none PROGRAM; programs that ask "
                "for an alias are given {alias}",
        .reads = USE_READS_ONE_KEY,
        .checks = USE_CHECK_SERVER,
        .check = "cd '{directory}' && echo 'security.provider.12=SunPKCS11 {config}' >java.security && "
                 "keytool -J-XX:TieredStopAtLevel=1 -importcert -noprompt -alias server -file ca.pem "
                 "-keystore trust.p12 -storepass changeit && "
                 "cat >Check.java <<'END' && java -XX:TieredStopAtLevel=1 -Djava.security.properties=java.security "
                 "-Djavax.net.ssl.keyStoreType=PKCS11 -Djavax.net.ssl.keyStore=NONE "
                 "-Djavax.net.ssl.keyStorePassword=none -Djavax.net.ssl.trustStore=trust.p12 "
                 "-Djavax.net.ssl.trustStorePassword=changeit Check.java https://localhost:{port}/\n"
                 "class Check { public static void main(String[] a) throws Exception { "
                 "System.out.write(new java.net.URL(a[0]).openStream().readAllBytes()); System.out.flush(); } }\n"
                 "END",
        .tested = true,
    },
    {
        .name = "go",
        .about = "Go's crypto/tls: github.com/foxboron/go-tpm-keyfiles reads the key file itself, without "
                 "the module",
        .binary = "go",
        .then = "in GetClientCertificate of a tls.Config, so that renewals are followed: key, _ := "
                "keyfile.Decode(CONTENT OF {keyfile}); and a tls.Certificate whose Certificate is the chain in "
                "{chain} and whose PrivateKey opens the TPM in Sign, calls key.Signer(TPM, nil, nil) and "
                "closes it (tests/interop/tpm_client/main.go)",
        .tested = true,
    },
    {
        .name = "python",
        .about = "Python: its ssl module takes no key of a token (requests, urllib, httpx neither): start "
                 "curl, or go by a proxy such as stunnel",
        .binary = "python3",
        .then = "attest-device use stunnel",
        .tested = true,
    },
};

const struct use_program *
use_client_at(size_t index)
{
	return index < sizeof clients / sizeof clients[0] ? &clients[index] : NULL;
}
