/* What attest-ca can do, in one table. */
#include "config.h"

#include "command/command.h"

#include "admin/access.h"
#include "admin/filter.h"
#include "ca/files.h"

static const struct admin_option common_options[] = {
    {"state-dir", 's', "DIR", "where the CA lives (" STATE_DIR_DEFAULT ")", false},
    {"json", 0, NULL, "answer in JSON", false},
    {"help", 'h', NULL, "show this, and with a command what that takes", false},
    {"version", 'V', NULL, "show the version", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option no_options[] = {
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option init_options[] = {
    {"name", 0, "NAME", "what both certificates' CN begins with (Attestation CA)", false},
    {"key-type", 0, "TYPE", "p256 (the default), p384, rsa3072 or rsa4096", false},
    {"root-lifetime", 0, "DURATION", "how long the root is valid (20y)", false},
    {"issuing-lifetime", 0, "DURATION", "how long the issuing certificate is (10y)", false},
    {"issuing-key", 0, "URI", "the issuing CA's key, in a token, a TPM or a file; none is made", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option list_options[] = {
    FILTER_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option set_options[] = {
    {"name", 0, "NAME", "exactly these permanent identifiers; may be repeated", true},
    {"no-names", 0, NULL, "no permanent identifiers: the hash is it then", false},
    {"note", 0, "TEXT", "for people; nothing is made of it", false},
    {"tag", 0, "TAG", "exactly these tags; may be repeated", true},
    {"no-tags", 0, NULL, "no tags", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option revoke_options[] = {
    {"serial", 0, "HEX", "the AK certificate with this serial number; may be repeated", true},
    {"reason", 0, "REASON", "keyCompromise, superseded, cessationOfOperation, ...", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option crl_options[] = {
    {"lifetime", 0, "DURATION", "until its next update (as the last one had, or 7d)", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

#define OPTION_NAME {"name", 0, "NAME", "a permanent identifier of the device; may be repeated", true}
#define OPTION_NOTE {"note", 0, "TEXT", "for people; nothing is made of it", false}
#define OPTION_TAG  {"tag", 0, "TAG", "for people to find it by; may be repeated", true}

static const struct admin_option enroll_options[] = {
    OPTION_NAME,
    OPTION_TAG,
    OPTION_NOTE,
    {"ek", 0, "FILE", "take the hash from the EK's public key or certificate, PEM or DER", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option pending_options[] = {
    {"denied", 0, NULL, "show those that were denied instead", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option approve_options[] = {
    OPTION_NAME,
    OPTION_TAG,
    OPTION_NOTE,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option audit_options[] = {
    {"since", 0, "TIME", "only what is not older: a time, or a duration before now", false},
    {"device", 0, "DEVICE", "only what concerns this device", false},
    {"follow", 'f', NULL, "go on with what is added, until interrupted", false},
    {"verify", 0, NULL, "compute the chain of hashes again and say whether it holds", false},
    {"expect", 0, "HASH", "with --verify: a last hash that was noted before", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option import_options[] = {
    {"format", 0, "FORMAT", "csv or jsonl, where the file's name does not say", false},
    {"dry-run", 0, NULL, "only check, and change nothing", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option export_options[] = {
    FILTER_OPTIONS,
    {"format", 0, "FORMAT", "csv (the default) or jsonl", false},
    {"output", 'o', "FILE", "write there, the whole or nothing, not to standard output", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option issuing_renew_options[] = {
    {"key-type", 0, "TYPE", "p256, p384, rsa3072 or rsa4096 (as the present one)", false},
    {"key", 0, "URI", "use this key, and make none", false},
    {"lifetime", 0, "DURATION", "how long the certificate is valid (10y)", false},
    {"root-key", 0, "URI", "where the root's key is (root.key)", false},
    {"root-passphrase-fd", 0, "N", "the same for the root's key, when it has another", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option issuing_csr_options[] = {
    {"key-type", 0, "TYPE", "p256, p384, rsa3072 or rsa4096 (as the present one)", false},
    {"key", 0, "URI", "use this key, and make none", false},
    {"name", 0, "NAME", "the common name to ask for (the next of the present one)", false},
    {"output", 0, "FILE", "write it there (standard output)", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option issuing_install_options[] = {
    {"root", 0, "FILE", "the root that it leads to, when that is another (PEM)", false},
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option backup_options[] = {
    {"without-keys", 0, NULL, "leave the private keys out", false},
    {"force", 0, NULL, "replace the file if it is there", false},
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_option check_options[] = {
    ACCESS_OPTIONS,
    {NULL, 0, NULL, NULL, false},
};

static const struct admin_command commands[] = {
    {"init", "[--name NAME] [--key-type TYPE] [--root-lifetime DURATION]"
             " [--issuing-lifetime DURATION] [--issuing-key URI]",
        "make the CA: root, issuing certificate, empty inventory", init_options, 0, 0, admin_init},
    {"enroll", "HASH | --ek FILE [--name NAME]... [--tag TAG]... [--note TEXT]",
        "let the device with this EK have AK certificates", enroll_options, 0, 1, admin_enroll},
    {"pending", "[--denied]", "show the machines that asked and wait to be approved",
        pending_options, 0, 0, admin_pending},
    {"approve", "HASH | PREFIX ... [--name NAME]... [--tag TAG]... [--note TEXT]",
        "enroll machines that wait, or were denied", approve_options, 1, ADMIN_OPERANDS_ANY,
        admin_approve},
    {"deny", "HASH | PREFIX ...", "list machines that wait no more, however often they ask",
        no_options, 1, ADMIN_OPERANDS_ANY, admin_deny},
    {"import", "FILE.csv | FILE.jsonl | - [--format FORMAT] [--dry-run]",
        "enroll the devices of a file, all of them or none", import_options, 1, 1, admin_import},
    {"export", "[--tag TAG] [--name PATTERN] [--unseen DAYS] [--format FORMAT] [--output FILE]",
        "write the devices as import reads them", export_options, 0, 0, admin_export},
    {"list", "[--tag TAG] [--name PATTERN] [--unseen DAYS]", "show the devices, by name",
        list_options, 0, 0, admin_list},
    {"show", "HASH | PREFIX | NAME", "show a device and its AK certificates", no_options, 1, 1,
        admin_show},
    {"remove", "HASH | PREFIX | NAME ...",
        "take devices out of the inventory and revoke their AK certificates", no_options, 1,
        ADMIN_OPERANDS_ANY, admin_remove},
    {"set", "HASH | PREFIX | NAME [--name NAME]... [--no-names] [--note TEXT] [--tag TAG]..."
            " [--no-tags]",
        "change what a device is called; what carries a name that goes is revoked", set_options, 1,
        1, admin_set},
    {"disable", "HASH | PREFIX | NAME ...",
        "switch devices off and revoke their AK certificates", no_options, 1, ADMIN_OPERANDS_ANY,
        admin_disable},
    {"enable", "HASH | PREFIX | NAME ...", "switch devices on again: they attest anew", no_options,
        1, ADMIN_OPERANDS_ANY, admin_enable},
    {"replace", "OLD NEW",
        "give names, tags and note of a device to the EK of its new mainboard", no_options, 2, 2,
        admin_replace},
    {"revoke", "HASH | PREFIX | NAME ... | --serial HEX ... [--reason REASON]",
        "revoke AK certificates and change nothing else", revoke_options, 0, ADMIN_OPERANDS_ANY,
        admin_revoke},
    {"crl", "[--lifetime DURATION] [--passphrase-fd N]",
        "sign the CRL now, whether attestd runs or not", crl_options, 0, 0, admin_crl},
    {"audit", "[--since TIME] [--device DEVICE] [--follow] | --verify [--expect HASH]",
        "show who did what, or verify that record", audit_options, 0, 0, admin_audit},
    {"check", "[--passphrase-fd N]", "look at everything and say what is wrong with it",
        check_options, 0, 0, admin_check},
    {"backup", "FILE | - [--without-keys] [--force]",
        "write everything that the CA is to one archive", backup_options, 1, 1, admin_backup},
    {"restore", "FILE | -", "make the CA of a backup, where there is none", no_options, 1, 1,
        admin_restore},
    {"issuing renew",
        "[--key-type TYPE | --key URI] [--lifetime DURATION] [--root-key URI] [--passphrase-fd N]",
        "make a new issuing key and certificate under the root", issuing_renew_options, 0, 0,
        admin_issuing_renew},
    {"issuing csr",
        "[--key-type TYPE | --key URI] [--name NAME] [--output FILE] [--passphrase-fd N]",
        "ask another CA for the next issuing certificate", issuing_csr_options, 0, 0,
        admin_issuing_csr},
    {"issuing install", "FILE [--root FILE] [--passphrase-fd N]",
        "take the certificate that was asked for, with its chain", issuing_install_options, 1, 1,
        admin_issuing_install},
    {"trust import", "PATH ...",
        "trust the certificates of TPM vendors in files, directories, archives", no_options, 1,
        ADMIN_OPERANDS_ANY, admin_trust_import},
    {"trust list", "", "show the certificates of TPM vendors", no_options, 0, 0, admin_trust_list},
    {"trust remove", "FINGERPRINT ...", "no longer trust them", no_options, 1, ADMIN_OPERANDS_ANY,
        admin_trust_remove},
    {"trust verify", "FILE ...", "say of EK certificates who vouches for them", no_options, 1,
        ADMIN_OPERANDS_ANY, admin_trust_verify},
};

static const struct admin_program attest_ca = {
    .name = "attest-ca",
    .about = "Administers an attestation CA: makes it, and keeps the inventory of the\n"
             "devices that attestd certifies. Works on the state directory itself,\n"
             "whether attestd runs or not.\n",
    .state_dir = STATE_DIR_DEFAULT,
    .options = common_options,
    .commands = commands,
    .command_count = sizeof commands / sizeof commands[0],
};

const struct admin_program *
admin_attest_ca(void)
{
	return &attest_ca;
}
