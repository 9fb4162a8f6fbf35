# attest-device use: what programs need for the key, written, removed, and tried for real.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"

module_needs_plain_build
module_ready || exit 1
export TMPDIR=$scratch

use() {
	attest_device use --state-dir "$scratch/$key" --module "$module" "$@"
}

has() {
	command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ]
}

key=none
case_fails "there is no certificate yet" 1 'there is no certificate in .*/none; run "attest-device certificate"' use curl
case_ok "without one the programs are listed" use
case_matches "… and it is said" "$err$out" 'there is no certificate in .*PROGRAM +INSTALLED.*curl  '
check "… and nothing is made" '[ ! -e "$scratch/none" ]'
key=ecc-p256
for type in ecc-p256 rsa-2048; do
	key_make $type $type || exit 1
done
key_use ecc-p256

# ---- usage ----

case_fails "a program that is none" 2 'nothing is known of "emacs"; "attest-device use" lists the programs' use emacs
run use emacs --json
case_equal "… in JSON too" "$status $(jq -r '"\(.error) \(.detail)"' <<<"$out" | cut -c 1-40)" \
	'2 malformed nothing is known of "emacs"; "'
case_fails "both ways" 2 'exclude each other' use curl --write --remove
case_fails "all programs at once" 2 'are for one PROGRAM' use --write

# ---- what is printed ----

uri='pkcs11:token=attest-ca%20laptop;object=laptop;type=private'
case_ok "curl" use curl
case_matches "curl: the lines and the file" "$out" \
	"file: $HOME/.config/attest-device/curl.conf .*cert = \"$scratch/ecc-p256/device.pem\".key = \"$uri\".*curl --config"
case_ok "a program that no test has run says so" use traefik
case_matches "… and one that a test has run does not" "$out$(use curl)" 'no test of this project has run this.*# curl with OpenSSL.# it'
case_ok "chromium" use chromium
case_matches "… with the issuer filled in" "$out" '"ISSUER\\": \{\\"CN\\": \\"'"$(openssl x509 -in "$scratch/ecc-p256/device.pem" -noout -issuer -nameopt multiline | sed -n 's/ *commonName *= //p')"
case_ok "in JSON" use java --json
case_equal "… with the text" "$(jq -r '.text' <<<"$out" | grep '^library')" "library = $module"
case_matches "what the module cannot know is in its environment" "$(use curl --tcti "${tcti[one]}")" \
	"in its environment, .*ATTEST_PKCS11_STATE='$scratch/ecc-p256' ATTEST_PKCS11_TPM='${tcti[one]}'"
case_matches "the provider's TPM" "$(use tpm2-openssl --tcti "${tcti[one]}")" "TPM2OPENSSL_TCTI='${tcti[one]}'"
case_fails "no certificate of a further key" 1 'run "attest-device certificate --key foo" or "attest-device enroll --key foo"' \
	use --key foo curl
braces=$(for name in $(attest_device use --state-dir "$scratch/ecc-p256" --json | jq -r '.programs[].program'); do
	use "$name" --json
done | jq -r '.text, .then' | grep -E '\{(module|engine|key|chain|issuer|name|file|keyfile|config|port|ca|directory)\}')
case_equal "nothing is left to fill in" "$braces" ""

# ---- written and removed ----

mkdir -p "$HOME/.ssh"
printf 'Host one\n    User two' >"$HOME/.ssh/config"
chmod 600 "$HOME/.ssh/config"
cp "$HOME/.ssh/config" "$scratch/before"
case_ok "ssh: written" use ssh --write
case_equal "… between marks, at the end" "$(<"$HOME/.ssh/config")" "Host one
    User two
# BEGIN attest-device use ssh
Host *
    PKCS11Provider $module
# END attest-device use ssh"
case_equal "… for its owner" "$(stat -c %a "$HOME/.ssh/config")" 600
check "… the old file is kept" 'cmp -s "$scratch/before" "$HOME/.ssh/config.attest-device.bak"'
cp "$HOME/.ssh/config" "$scratch/written"
case_ok "ssh: written again" use ssh --write
case_matches "… is said" "$out" 'is as it should be'
check "… and the same" 'cmp -s "$scratch/written" "$HOME/.ssh/config"'
echo 'Host after' >>"$HOME/.ssh/config"
sed -i 's/PKCS11Provider.*/PKCS11Provider old/' "$HOME/.ssh/config"
case_equal "the table says that it is outdated" "$(use --json | jq -r '.programs[] | select(.program == "ssh").setUp')" outdated
case_ok "ssh: brought up to date" use ssh --write
case_equal "… where it was" "$(grep -n PKCS11Provider "$HOME/.ssh/config"; tail -n 1 "$HOME/.ssh/config")" "5:    PKCS11Provider $module
Host after"
check "… the backup stays the first" 'cmp -s "$scratch/before" "$HOME/.ssh/config.attest-device.bak"'
case_equal "the table says that it is set up" "$(use --json | jq -r '.programs[] | select(.program == "ssh").setUp')" yes
case_ok "ssh: removed" use ssh --remove
case_equal "… and nothing else" "$(<"$HOME/.ssh/config")" "Host one
    User two
Host after"
case_ok "ssh: removed again" use ssh --remove
case_matches "… is said" "$out" 'has nothing to remove'
case_ok "curl: a file of its own" use curl --write
case_ok "… used as it stands" grep -q '^cert = ' "$HOME/.config/attest-device/curl.conf"
case_ok "… removed whole" use curl --remove
check "… it is gone" '[ ! -e "$HOME/.config/attest-device/curl.conf" ]'
mkdir -p "$scratch/ecc-p256/keys/vpn"
cp "$scratch"/ecc-p256/device.* "$scratch/ecc-p256/keys/vpn"
case_ok "curl with a further key" use curl --key vpn --write
case_ok "… and with the first" use curl --write
case_equal "… each has a file" "$(grep -c '^cert = ".*keys/vpn/device.pem"' "$HOME"/.config/attest-device/curl*.conf)" \
	"$HOME/.config/attest-device/curl-vpn.conf:1
$HOME/.config/attest-device/curl.conf:0"
case_matches "java has but that key on the token" "$(use java --key vpn)" "ATTEST_PKCS11_STATE='$scratch/ecc-p256/keys/vpn'"
rm -r "$scratch/ecc-p256/keys" "$HOME/.config/attest-device"
mkdir "$scratch/dotfiles"
mv "$HOME/.ssh/config" "$scratch/dotfiles/ssh"
ln -s "$scratch/dotfiles/ssh" "$HOME/.ssh/config"
case_ok "a link in the home directory" use ssh --write
check "… is followed and stays" '[ -L "$HOME/.ssh/config" ] && grep -q PKCS11Provider "$scratch/dotfiles/ssh"'
if [ "$(id -u)" -eq 0 ]; then
	chown 12345 "$scratch/dotfiles"
	case_fails "root does not write in another user's directory" 1 "dotfiles is uid 12345's; run this as that user" use ssh --remove
else
	skip "root does not write in another user's directory" "not run by root"
fi

# Each row that has a file, also those of the system, whose directory is an empty one here.
each_file() {
	local program file

	use --json | jq -r '.programs[].program' | while read -r program; do
		file=$(use "$program" --json | jq -r .file)
		[ "$file" != null ] || continue
		rm -f "$file"
		use "$program" --write >/dev/null && grep -qxF "$(use "$program" --json | jq -j .text | head -n 1)" "$file" &&
			[ "$(state_of "$program")" = yes ] && use "$program" --write | grep -q 'as it should be' &&
			use "$program" --remove >/dev/null && [ ! -e "$file" ] && [ "$(state_of "$program")" = no ] &&
			echo "$program" || echo "not $program"
	done | xargs
}
state_of() {
	use --json | jq -r ".programs[] | select(.program == \"$1\").setUp"
}
covered() { # COMMAND…
	unshare -m bash -c 'mount -t tmpfs tmpfs /etc && "$@"' bash "$@"
}
if covered true 2>/dev/null; then
	export -f each_file state_of use attest_device
	export attest_device_program scratch key module
	case_equal "each row with a file: written, seen, written again, removed" "$(covered each_file)" \
		"p11-kit curl openssl.cnf tpm2-openssl ssh wget git nginx chromium firefox java"
else
	skip "each row with a file" "the system's directory cannot be covered here (unshare -m)"
fi
case_fails "a program without a file" 1 'stunnel has no file to write' use stunnel --write
case_fails "… has none to remove" 1 'stunnel has no file that this writes; take out yourself' use stunnel --remove

# ---- tried ----

# tried PROGRAM BINARY SAW: with both kinds of key
tried() {
	local program=$1 saw=$2

	for key in ecc-p256 rsa-2048; do
		key_use $key
		if ! has "${program%.cnf}"; then
			skip "$program with $key" "there is no $program"
			skip "$program with $key: what was seen" "there is no $program"
			continue
		fi
		case_ok "$program with $key" use "$program" --check
		case_matches "$program with $key: what was seen" "$out" "^$program works: $saw\$"
		[ "$saw" != yes ] || continue
		run use "$program" --check --tls12
		case_matches "$program with $key: TLS 1.2" "$out$err" "^$program works: ${saw/1.3/1.2}\$"
	done
	key=ecc-p256
	key_use ecc-p256
}
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
if [ -e "$engine" ]; then
	tried curl 'TLSv1.3, 2 certificates sent'
	tried openssl 'TLSv1.3, [23] certificates sent' # -cert_chain repeats the first
	tried openssl.cnf 'TLSv1.3, [23] certificates sent'
	tried nginx 'TLSv1.3, 2 certificates sent'
	tried stunnel 'TLSv1.3, 2 certificates sent'
	tried psql 'TLSv1.3, 2 certificates sent'
else
	skip "curl, openssl, nginx, stunnel and psql" "there is no libengine-pkcs11-openssl"
fi
tried gnutls-cli 'TLSv1.3, 2 certificates sent'
tried ssh yes

if [ -e "$engine" ]; then
	for variable in ATTEST_PKCS11_STATE ATTEST_PKCS11_TPM; do unset $variable; done
	case_ok "curl, where only the command line says where the key is" use curl --tcti "${tcti[one]}" --check
	export ATTEST_PKCS11_TPM=${tcti[one]}
	key_use ecc-p256
else
	skip "curl, where only the command line says where the key is" "there is no libengine-pkcs11-openssl"
fi

# GnuTLS programs go by p11-kit's list, which is the system's: in a mount namespace it is ours.
listed() {
	mkdir -p "$scratch/modules" && echo "module: $module" >"$scratch/modules/attest-device.module"
	unshare -m sh -c 'mount --bind "$0" /usr/share/p11-kit/modules && exec "$@"' "$scratch/modules" "$@"
}
if [ -d /usr/share/p11-kit/modules ] && listed true 2>/dev/null; then
	for program in wget git; do
		if ! has $program; then
			skip "$program" "there is no $program"
			continue
		fi
		case_ok "$program" listed "$attest_device_program" use --state-dir "$scratch/$key" --module "$module" $program --check
		case_matches "$program: what was seen" "$out" "^$program works: TLSv1.[23], 2 certificates sent\$"
	done
else
	skip "wget and git" "p11-kit's list cannot be covered here (unshare -m)"
fi

# ---- the socket: p11-kit remote for each connection, as the unit starts it ----

client=$(find /usr/lib -name p11-kit-client.so 2>/dev/null | head -n 1)
unit=$top_srcdir/data/attest-device-p11@.service.in
start=$(sed -n 's|^ExecStart=\(.*\) @pkcs11dir@/attest-pkcs11.so$|\1|p' "$unit")
if has systemd-socket-activate && has pkcs11-tool && [ -n "$client" ] && [ -x "${start%% *}" ]; then
	daemon_start socket systemd-socket-activate --accept --inetd --listen "$scratch/p11.socket" \
		--setenv ATTEST_PKCS11_STATE --setenv ATTEST_PKCS11_TPM $start "$module"
	wait_for '[ -S "$scratch/p11.socket" ]'
	served() {
		env -u ATTEST_PKCS11_STATE -u ATTEST_PKCS11_TPM P11_KIT_SERVER_ADDRESS="unix:path=$scratch/p11.socket" \
			pkcs11-tool --module "$client" "$@"
	}
	case_ok "the socket: the objects" served -O
	case_matches "… are the token's" "$out" 'Private Key Object; EC.*label: +laptop'
	echo text >"$scratch/text"
	openssl dgst -sha256 -binary "$scratch/text" >"$scratch/digest"
	case_ok "the socket: a signature" served --sign --mechanism ECDSA --label laptop \
		--input-file "$scratch/digest" --output-file "$scratch/signature" --signature-format openssl
	openssl x509 -in "$scratch/ecc-p256/device.pem" -noout -pubkey >"$scratch/public"
	case_ok "… and OpenSSL verifies" openssl dgst -sha256 -verify "$scratch/public" -signature "$scratch/signature" "$scratch/text"
	daemon_stop socket
else
	skip "the socket" "there is no systemd-socket-activate, p11-kit, its client, or OpenSC"
fi

# ---- what does not work is said ----

if [ -e "$engine" ]; then
	cp "$scratch/rsa-2048/device.key" "$scratch/key"
	swtpm_stop one
	case_fails "without a TPM" 1 "curl does not use the key: (there is no TPM at ${tpm_socket[one]}|.*\\(it says \")" use curl --check --tcti "${tcti[one]}"
	swtpm_start one
	case_ok "with it again" use curl --check
	# Browsers take long, and have a test of their own: here they, and tools of checks, are not installed.
	mkdir "$scratch/bin"
	ln -s /usr/bin/* "$scratch/bin"
	rm -f "$scratch"/bin/{chromium,firefox-esr,eapol_test,certutil}
	printf '#!/bin/sh\n' | tee "$scratch/bin/chromium" >"$scratch/bin/wpa_supplicant"
	cp "$scratch/bin/chromium" "$scratch/bin/nmcli.new" && mv "$scratch/bin/nmcli.new" "$scratch/bin/nmcli"
	chmod +x "$scratch"/bin/{chromium,wpa_supplicant,nmcli}
	check "nothing stays loaded so far" nothing_loaded
	PATH=$scratch/bin case_ok "all that are installed" use --check --json
	all=$out
	tpm2_flushcontext -T "${tcti[one]}" -t # what the provider tpm2 leaves in HAProxy
	case_equal "what takes a tool that is not is not checked, and says so" \
		"$(jq -r '.programs[] | select(.program == "chromium" or .program == "nmcli") | "\(has("works")) \(.problem)"' <<<"$out")" \
		"false chromium is not checked: certutil is not installed
false nmcli is not checked: eapol_test is not installed"
	PATH=$scratch/bin case_fails "… alone too" 1 'chromium is not checked: certutil is not installed' use chromium --check
	case_equal "curl and openssl work" "$(jq -r '[.programs[] | select(.program == "curl" or .program == "openssl").works] | join(" ")' <<<"$all")" "true true"
fi
case_fails "TLS 1.2 without a check" 2 '\-\-tls12 goes with --check' use curl --tls12
case_fails "a module that is none" 1 'ssh does not use the key: it failed' attest_device use --state-dir "$scratch/$key" --module /nonexistent.so ssh --check
case_fails "a program without a check" 1 'there is no check of go|go is not installed' use go --check
check "nothing stays behind" '[ -z "$(ls -d "$scratch"/attest-device.* 2>/dev/null)" ]'
check "nothing stays loaded" nothing_loaded

finish
