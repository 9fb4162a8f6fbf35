/* What attest-acmed can do beside serving, in one table. */
#include "config.h"

#include "acme_admin/commands.h"

#include "admin/access.h"
#include "ca/files.h"
#include "command/command.h"

static const struct admin_option common_options[] = {
    {"state-dir", 's', "DIR", "where the server's state lives (" ACME_STATE_DIR_DEFAULT ")", false},
    {"json", 0, NULL, "answer in JSON", false},
    {"help", 'h', NULL, "show this, and with a command what that takes", false},
    {"version", 'V', NULL, "show the version", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option no_options[] = {
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option init_options[] = {
    {"attestation-roots", 0, "FILE", "whose AK certificates count, PEM; may be repeated", true},
    {"dns-name", 0, "NAME", "of this server, or its address; may be repeated", true},
    {"name", 0, "NAME", "what both certificates' CN begins with (Device CA)", false},
    {"key-type", 0, "TYPE", "p256 (the default), p384, rsa3072 or rsa4096", false},
    {"root-lifetime", 0, "DURATION", "how long the root is valid (20y)", false},
    {"issuing-lifetime", 0, "DURATION", "how long the issuing certificate is (10y)", false},
    {"ca-cert", 0, "FILE", "an issuing CA of yours, its chain behind it, PEM …", false},
    {"ca-key", 0, "URI", "… and its key: a file, a TPM's key file, or pkcs11:", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option certificates_options[] = {
    {"valid", 0, NULL, "only those that are neither expired nor revoked", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option revoke_options[] = {
    {"reason", 0, "REASON", "keyCompromise, superseded, cessationOfOperation, …", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option crl_options[] = {
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_command commands[] = {
    {"init", "--attestation-roots FILE... --dns-name NAME... [--name NAME] [--key-type TYPE]"
             " [--ca-cert FILE --ca-key URI]",
        "make the server's state: root, issuing certificate, empty store", init_options, 0, 0,
        acme_admin_init},
    {"certificates", "[--valid]", "show the certificates that were issued, oldest first",
        certificates_options, 0, 0, acme_admin_certificates},
    {"show", "SERIAL | NAME", "show certificates, all of a name's or one by its serial number",
        no_options, 1, 1, acme_admin_show},
    {"revoke", "SERIAL | NAME ... [--reason REASON]",
        "revoke a certificate, or all good ones of a name", revoke_options, 1, ADMIN_OPERANDS_ANY,
        acme_admin_revoke},
    {"crl", "[--passphrase-fd N]", "sign the CRL again and print it, and the root's, as PEM",
        crl_options, 0, 0,
        acme_admin_crl},
    {"orders", "", "show the orders that have not been swept", no_options, 0, 0,
        acme_admin_orders},
    {"accounts", "", "show the accounts", no_options, 0, 0, acme_admin_accounts},
};

static const struct admin_program program = {
    .name = "attest-acmed",
    .about = "Administers an ACME server for devices: makes its state, shows and revokes\n"
             "what it issued. Works on the state directory itself, whether it runs or not.\n",
    .state_dir = ACME_STATE_DIR_DEFAULT,
    .options = common_options,
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
};

const struct admin_program *
acme_admin_program(void)
{
	return &program;
}

int
acme_admin_main(int argc, char **argv)
{
	return admin_main(&program, argc, argv);
}
