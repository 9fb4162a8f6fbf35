/*
 * The servers that admit machines. They need nothing of this machine's key: their text is the same
 * everywhere, and names the root of the ACME server that issued the machines' certificates.
 */
#include "config.h"

#include "device/use/tables.h"

#define ROOT "/etc/ssl/certs/DEVICE-CA.pem is the root of the ACME server (root.pem of attest-acmed)"
#define CRL  "/etc/ssl/certs/DEVICE-CRL.pem its CRLs (crl.pem): fetch them anew and reload every few minutes"
#define NO_CRL "; it reads no CRL: a machine whose certificate is revoked is admitted until that ends"

static const struct use_program servers[] = {
    {
        .name = "nginx-server",
        .about = "nginx as a server that admits machines",
        .binary = "nginx",
        .text = "ssl_client_certificate /etc/ssl/certs/DEVICE-CA.pem;\n"
                "ssl_crl /etc/ssl/certs/DEVICE-CRL.pem;\n"
                "ssl_verify_client on;\n"
                "ssl_verify_depth 2;\n"
                "add_header X-Device $ssl_client_s_dn;\n",
        .then = "put this into a server with ssl; " ROOT ", and " CRL,
        .tested = true,
    },
    {
        .name = "apache",
        .about = "Apache as a server that admits machines",
        .binary = "apache2",
        .text = "SSLCACertificateFile /etc/ssl/certs/DEVICE-CA.pem\n"
                "SSLCARevocationFile /etc/ssl/certs/DEVICE-CRL.pem\n"
                "SSLCARevocationCheck chain\n"
                "SSLVerifyClient require\n"
                "SSLVerifyDepth 2\n"
                "Header always set X-Device \"%{SSL_CLIENT_S_DN}s\"\n",
        .then = "put this into a VirtualHost with SSLEngine on (a2enmod ssl headers); " ROOT ", and " CRL
                "; a key of this machine can be its own: SSLCertificateKeyFile \"{key}\"",
        .tested = true,
    },
    {
        .name = "haproxy",
        .about = "HAProxy as a server that admits machines",
        .binary = "haproxy",
        .text = "    bind :443 ssl crt /etc/haproxy/YOUR-SERVER.pem ca-file /etc/ssl/certs/DEVICE-CA.pem "
                "crl-file /etc/ssl/certs/DEVICE-CRL.pem verify required\n"
                "    http-request set-header X-Device %[ssl_c_s_dn]\n",
        .then = "put this into a frontend; " ROOT ", and " CRL,
        .tested = true,
    },
    {
        .name = "caddy",
        .about = "Caddy as a server that admits machines; it wants the chain, not the leaf alone",
        .binary = "caddy",
        .text = "tls {\n"
                "\tclient_auth {\n"
                "\t\tmode require_and_verify\n"
                "\t\ttrusted_ca_cert_file /etc/ssl/certs/DEVICE-CA.pem\n"
                "\t}\n"
                "}\n"
                "header X-Device {http.request.tls.client.subject}\n",
        .then = "put this into a site; " ROOT NO_CRL,
        .tested = true,
    },
    {
        .name = "traefik",
        .about = "Traefik as a server that admits machines; tried with Go's verifier, which is Traefik's",
        .text = "tls:\n"
                "  options:\n"
                "    default:\n"
                "      clientAuth:\n"
                "        clientAuthType: RequireAndVerifyClientCert\n"
                "        caFiles:\n"
                "          - /etc/ssl/certs/DEVICE-CA.pem\n",
        .then = "put this into its dynamic configuration; " ROOT NO_CRL,
    },
};

const struct use_program *
use_server_row_at(size_t index)
{
	return index < sizeof servers / sizeof servers[0] ? &servers[index] : NULL;
}
