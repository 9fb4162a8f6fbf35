#!/usr/bin/env bash
# Chromium and Firefox without a screen, set up by what attest-device use prints: a page says which
# device it was shown to, by TLS 1.2 and 1.3, with both kinds of key and after renewals.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"
. "${BASH_SOURCE%/*}/programs.sh"

module_needs_plain_build
has nginx certutil modutil || skip_all "there is no nginx, or no certutil and modutil (libnss3-tools)"
has chromium || has firefox-esr || skip_all "there is no browser"
unshare -m true 2>/dev/null || skip_all "the policies' folder cannot be covered here (unshare -m)"
module_ready || exit 1
for type in ecc-p256 rsa-2048 second; do
	case $type in second) key_make second ecc-p256 ;; *) key_make $type $type ;; esac || exit 1
done
cp -r "$scratch/ecc-p256" "$scratch/live"
key=live
key_use live
export TMPDIR=$scratch

# Firefox takes no CA's certificate for a server's.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=Server CA' \
	-keyout "$scratch/ca.key" -out "$scratch/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout "$scratch/server.key" 2>/dev/null |
	openssl x509 -req -CA "$scratch/ca.pem" -CAkey "$scratch/ca.key" -days 30 -out "$scratch/server.pem" \
		-extfile <(printf '%s\n' subjectAltName=DNS:localhost basicConstraints=CA:FALSE extendedKeyUsage=serverAuth) 2>/dev/null
admitting_start || exit 1

# under FOLDER COMMAND…: with the policies in $scratch/FOLDER at the place where the row says
under() {
	local folder=$1 place

	place=$(dirname "$(use "$1" --json | jq -r .file)")
	shift
	mkdir -p "$place"
	unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$scratch/$folder" "$place" "$@"
}

# ---- Chromium ----

chromium_says() { # VERSION
	run under chromium timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync \
		--ssl-version-min="tls$1" --ssl-version-max="tls$1" --user-data-dir="$scratch/chromium-data" \
		--dump-dom "https://localhost:$admitting_port/"
	grep -o 'hello.*' <<<"$out" || note "$(tail -n 3 <<<"$err")"
}
if has chromium; then
	mkdir -p "$scratch/chromium" "$HOME/.pki/nssdb"
	certutil -N -d "sql:$HOME/.pki/nssdb" --empty-password
	certutil -A -d "sql:$HOME/.pki/nssdb" -t C,, -n server -i "$scratch/ca.pem"
	case_ok "chromium: what it needs besides" sh -c "$(use chromium | sed -n 's/.*and: modutil /modutil -force /p')"
	text_of chromium | sed 's/\[\*\.\]example.com/localhost/' >"$scratch/chromium/attest-device.json"
	for version in 1.2 1.3; do
		case_equal "chromium: the page names the device, TLS $version" "$(chromium_says $version)" \
			"hello CN=laptop $(serial_of ecc-p256) by TLSv$version"
	done
	for renewal in second rsa-2048; do
		renew_to $renewal
		case_equal "chromium: after a renewal, $renewal" "$(chromium_says 1.3)" "hello CN=laptop $(serial_of $renewal) by TLSv1.3"
	done
	case_equal "chromium: rsa-2048, TLS 1.2" "$(chromium_says 1.2)" "hello CN=laptop $(serial_of rsa-2048) by TLSv1.2"
	sed -i 's/CN\\": \\"/&not /' "$scratch/chromium/attest-device.json"
	check "chromium: the policy names another issuer" 'grep -qF "not " "$scratch/chromium/attest-device.json"'
	check "… and then no certificate is chosen" '! grep -q laptop <<<"$(chromium_says 1.3)"'
else
	skip "chromium" "it is not installed"
fi

# ---- Firefox ----

firefox_visits() { # prints what the server logged of it
	rm -f "$scratch/firefox.png"
	: >"$scratch/seen"
	run under firefox timeout 60 firefox-esr --headless --no-remote --profile "$scratch/firefox-profile" \
		--screenshot "$scratch/firefox.png" "https://localhost:$admitting_port/"
	sort -u "$scratch/seen"
}
if has firefox-esr; then
	mkdir -p "$scratch/firefox" "$scratch/firefox-profile"
	certutil -N -d "sql:$scratch/firefox-profile" --empty-password
	certutil -A -d "sql:$scratch/firefox-profile" -t C,, -n server -i "$scratch/ca.pem"
	text_of firefox >"$scratch/firefox/policies.json"
	for directory in ecc-p256 rsa-2048; do
		renew_to $directory
		for version in 1.2 1.3; do
			echo "user_pref(\"security.tls.version.max\", $((3 + ${version#1.} - 2)));" >"$scratch/firefox-profile/user.js"
			case_matches "firefox: $directory by TLS $version" "$(firefox_visits)" \
				"^/ CN=laptop $(serial_of $directory) by TLSv$version\$" || note "$(tail -n 3 <<<"$err")"
		done
		check "firefox: … and the page was shown" '[ -s "$scratch/firefox.png" ]'
	done
else
	skip "firefox" "it is not installed"
fi

# ---- --check, in a profile that is thrown away ----

for browser in chromium firefox; do
	case $browser in firefox) binary=firefox-esr ;; *) binary=$browser ;; esac
	if ! has $binary; then
		skip "$browser --check" "it is not installed"
		continue
	fi
	for directory in ecc-p256 rsa-2048; do
		key=$directory
		key_use $key
		for version in 1.2 1.3; do
			option=
			[ $version = 1.3 ] || option=--tls12
			case_ok "$browser --check: $directory by TLS $version" use $browser --check $option
			case_matches "… and says so" "$out" "^$browser works: TLSv$version, [12] certificates? sent\$"
		done
	done
done

# ---- an ordinary user, with a key where it is by default ----

if [ "$(id -u)" -eq 0 ] && has setpriv; then
	chmod 711 "$scratch" "$scratch/tpm-one"
	chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"
	mkdir -p "$scratch/user/.local/state" "$scratch/bin" "$scratch/user/tmp"
	cp -r "$scratch/ecc-p256" "$scratch/user/.local/state/attest-device"
	cp "$attest_device_program" "$module" "$scratch/bin"
	chown -R 12345:12345 "$scratch/user"
	for browser in chromium firefox; do
		case $browser in firefox) binary=firefox-esr ;; *) binary=$browser ;; esac
		if ! has $binary; then
			skip "$browser --check: a user's own key" "it is not installed"
			continue
		fi
		case_ok "$browser --check: a user's own key" setpriv --reuid 12345 --regid 12345 --clear-groups \
			env -u ATTEST_PKCS11_STATE -u ATTEST_PKCS11_TPM HOME="$scratch/user" TMPDIR="$scratch/user/tmp" TPM2TOOLS_TCTI="${tcti[one]}" \
			"$scratch/bin/attest-device" use --module "$scratch/bin/attest-pkcs11.so" $browser --check
	done
else
	skip "--check: a user's own key" "not run by root, who alone can be another user"
fi

check "nothing stays behind" '[ -z "$(ls -d "${TMPDIR:-/tmp}"/attest-device.* 2>/dev/null)" ]'

check "nothing stays loaded" nothing_loaded
finish
