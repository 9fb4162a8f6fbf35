#!/usr/bin/env bash
# The PKCS #11 module: what the standard wants, and what programs met (a driver plays them); then
# the tools of others: OpenSC, p11-kit, GnuTLS, OpenSSH, and curl against nginx.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"

driver=$top_builddir/tests/e2e/module_driver
driver() {
	timeout 120 "$driver" "$module" "$@"
}

module_ready || exit 1
for type in ecc-p256 ecc-p384 rsa-2048; do
	key_make $type $type || exit 1
done
export TMPDIR="$scratch"

# ---- the calls ----

for type in ecc-p256 ecc-p384 rsa-2048; do
	key_use $type
	case_ok "$type: the rules of the calls" driver rules
	case_equal "$type: … and nothing is said on stderr" "$err" ""
	case_ok "$type: every mechanism, verified by OpenSSL" driver sign
	case_equal "$type: … and nothing is said on stderr" "$err" ""
done

# attest-device makes no such key: it comes from the provider, and its certificate from OpenSSL.
provider=(-provider tpm2 -provider default -propquery '?provider=tpm2')
mkdir "$scratch/p521"
if TPM2OPENSSL_TCTI=${tcti[one]} openssl genpkey "${provider[@]}" -algorithm EC -pkeyopt group:P-521 -out "$scratch/p521/device.key" 2>/dev/null &&
	TPM2OPENSSL_TCTI=${tcti[one]} openssl pkey "${provider[@]}" -in "$scratch/p521/device.key" -pubout -out "$scratch/p521.pub" 2>/dev/null; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -keyout "$scratch/p521.key" \
		-out "$scratch/p521.ca" 2>/dev/null
	openssl req -new -key "$scratch/p521.key" -subj /CN=laptop |
		openssl x509 -req -force_pubkey "$scratch/p521.pub" -CA "$scratch/p521.ca" -CAkey "$scratch/p521.key" \
			-out "$scratch/p521/device.pem" 2>/dev/null
	cat "$scratch/p521.ca" >>"$scratch/p521/device.pem"
	key_use p521
	case_ok "ecc-p521: every mechanism, verified by OpenSSL" driver sign
else
	skip "ecc-p521" "there is no provider tpm2, or the TPM has no P-521"
fi
check "nothing stays loaded" nothing_loaded

# ---- threads, forks, renewals ----

key_use ecc-p256
case_ok "16 threads" driver threads 16 50
note "$out"
case_ok "the TCTI cmd: forks inside a signature" env ATTEST_PKCS11_TPM="${tcti_cmd[one]}" \
	timeout 60 "$driver" "$module" threads 4 3
case_ok "forks: the child initializes again and signs by what the parent found" driver fork
if grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	skip "forks: amid threads" "AddressSanitizer keeps a lock of its own over a fork"
else
	case_ok "forks: amid threads" driver fork-threads
fi
if [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$scratch" "$scratch/tpm-one"
	chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"
	case_ok "forks: a child that may not read the key signs" driver fork 65534
else
	skip "forks: a child that may not read the key signs" "not root, who alone can become another user"
fi

# A directory that a command changes while the driver holds on to what it found there.
renewed() { # FROM
	rm -rf "$scratch/live"
	cp -r "$scratch/ecc-p256" "$scratch/live"
	key_use live
	printf 'cp %q %q\n' "$scratch/$1/device.key" "$scratch/live/" "$scratch/$1/device.pem" "$scratch/live/" \
		>"$scratch/renew"
}
key_make second ecc-p256
renewed second
case_ok "a new key: the old one is found by whoever knows it, and signs" driver renewal "sh $scratch/renew"
case_equal "… and it was a new key" "$out" "new key"
renewed rsa-2048
case_ok "a new key of another type" driver renewal "sh $scratch/renew"

# By attest-device itself.
cp -r "$scratch/ecc-p256" "$scratch/own"
key_use own
renew() { # OPTION
	printf '%q ' "$attest_device_program" --tcti "${tcti[one]}" --state-dir "$scratch/own" renew "$1"
	echo '>/dev/null'
}
case_ok "attest-device renew --force" driver renewal "$(renew --force)"
case_equal "… keeps the key" "$out" "same key"
case_ok "attest-device renew --force, and no session ends for Java" driver renewal-java "$(renew --force)"
case_ok "attest-device renew --new-key" driver renewal "$(renew --new-key)"
case_equal "… and this does not" "$out" "new key"

# What attest-device leaves of a key that was replaced, for a program that starts later.
renewed second
former=$scratch/live/former-0123456789abcdef
cp "$scratch/live/device.key" $former.key
cp "$scratch/live/device.pem" $former.pem
sh "$scratch/renew"
key_id() { # DIRECTORY
	openssl x509 -in "$scratch/$1/device.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
		sha256sum | cut -c 1-40
}

# Several keys.
mkdir -p "$scratch/live/keys"
cp -r "$scratch/rsa-2048" "$scratch/live/keys/mail"
mkdir "$scratch/live/keys/.hidden" "$scratch/live/keys/empty"

# ---- what is wrong, and said ----

said() { # NAME LABEL
	case_equal "$1: the token's label says it" "$(driver label | sed 's/ *$//')" "$2"
}
rm -rf "$scratch/odd"
key_use odd
said "no directory: no token" ""
mkdir "$scratch/odd"
said "no certificate: no token" ""
cp "$scratch/ecc-p256/device.pem" "$scratch/odd/"
said "no key" "attest-ca: files do not decode"
cp "$scratch/second/device.key" "$scratch/odd/"
said "another key" "attest-ca: key and cert differ"
cp "$scratch/second/device.pem" "$scratch/odd/device.pem.new"
said "a replacement that is half done is a key with its certificate" "attest-ca laptop"
rm "$scratch/odd/device.pem.new"
echo nonsense >"$scratch/odd/device.key"
said "a key that does not decode" "attest-ca: files do not decode"
key_use ecc-p256
case_equal "a TPM that is not there" "$(ATTEST_PKCS11_TPM=device:/nonexistent driver label | sed 's/ *$//')" \
	"attest-ca: the TPM is not there"
key_use odd
if [ "$(id -u)" -eq 0 ]; then
	cp -r "$scratch/ecc-p256" "$scratch/closed"
	cp "$module" "$scratch/module.so"
	as_nobody() {
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	}
	label_for_nobody() {
		as_nobody env ATTEST_PKCS11_STATE="$scratch/closed" "$scratch/driver" "$scratch/module.so" label | sed 's/ *$//'
	}
	cp "$driver" "$scratch/driver"
	chmod 755 "$scratch/driver" "$scratch/module.so"
	chmod 700 "$scratch/closed"
	case_equal "a directory that the user may not read" "$(label_for_nobody)" "attest-ca: no access to files"
	chmod 755 "$scratch/closed"
	case_equal "a key that the user may not read" "$(label_for_nobody)" "attest-ca: device.key unreadable"
	chmod 644 "$scratch/closed/device.key"
	case_equal "a key that the user may read" "$(label_for_nobody)" "attest-ca laptop"
	chmod 600 "${tpm_socket[one]}"
	case_equal "a TPM that the user may not open" "$(label_for_nobody)" "attest-ca: no access to the TPM"
	chmod 666 "${tpm_socket[one]}"
else
	skip "files that the user may not read" "not root, who alone can be another user"
fi

# ---- failures ----

key_use ecc-p256
run driver fails
swtpm_stop one
case_ok "no TPM: the signature fails, the environment stays" driver fails
case_equal "… and nothing is said on stderr" "$err" ""
case_ok "on request the reason is said" env ATTEST_PKCS11_DEBUG=1 timeout 60 "$driver" "$module" fails
case_matches "… with the process" "$err" 'attest-pkcs11\[[0-9]+\]: the TPM ".*" does not open'
case_ok "… or in a file" env ATTEST_PKCS11_DEBUG="$scratch/debug" timeout 60 "$driver" "$module" fails
case_matches "… or in a file: it is there" "$(<"$scratch/debug")" 'does not open'
case_equal "… or in a file: not on stderr" "$err" ""
swtpm_start one
case_ok "it signs again when the TPM is back" driver sign

# Killed programs leave objects in a TPM that has no resource manager: of two keys in turn.
killed=0
most=0
export ATTEST_PKCS11_TPM=${tcti_cmd[one]}
while [ $killed -lt 100 ]; do
	case $((killed % 2)) in 0) key_use ecc-p256 ;; *) key_use rsa-2048 ;; esac
	begin victim "$driver" "$module" forever
	wait_for '[ -s "$scratch/victim.out" ] || ! kill -0 "${pid[victim]}" 2>/dev/null'
	kill -KILL "${pid[victim]}" 2>/dev/null || break
	ended victim >/dev/null 2>&1
	killed=$((killed + 1))
	if [ $((killed % 10)) -eq 0 ]; then
		left=$(tpm2_getcap -T "${tcti[one]}" handles-transient | wc -l)
		most=$((left > most ? left : most))
	fi
done
note "at most $most objects were seen left"
case_equal "each signed until it was killed" "$killed" 100 || note "$(tail -n 5 "$scratch/victim.err")"
check "killed programs leave objects" '[ $most -gt 0 ]'
for type in ecc-p256 rsa-2048 ecc-p384; do
	key_use $type
	case_ok "killed $killed times amid a signature, it still signs, $type" driver sign
done
key_use ecc-p256

# Nothing left of two thirds of its room.
tpm2_createprimary -T "${tcti[one]}" -c "$scratch/primary" >/dev/null 2>&1
tpm2_flushcontext -T "${tcti[one]}" -t
for i in 1 2 3; do
	tpm2_createprimary -T "${tcti[one]}" -c "$scratch/primary$i" >/dev/null 2>&1
done
if [ "$(tpm2_getcap -T "${tcti[one]}" handles-transient | wc -l)" -lt 3 ]; then
	skip "a TPM without room: the remedy is said" "tpm2_createprimary leaves nothing loaded"
else
	case_ok "a TPM without room" env ATTEST_PKCS11_DEBUG=1 timeout 60 "$driver" "$module" fails
	case_matches "… the remedy is said" "$err" 'free them with "tpm2_flushcontext -t"'
fi
tpm2_flushcontext -T "${tcti[one]}" -t

# What attest-device makes is known by its attributes, and makes room when it was left.
own='fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda'
for left in "ecc256:ecdsa-sha256 $own|sign" "ecc256:ecdsa-sha256:null $own|sign|restricted" "ecc256 $own|restricted|decrypt"; do
	for i in 1 2 3; do
		tpm2_createprimary -T "${tcti[one]}" -C o -G "${left%% *}" -a "${left#* }" -c "$scratch/primary$i" >/dev/null 2>&1
	done
	case_equal "a TPM full of ours: $left" "$(tpm2_getcap -T "${tcti[one]}" handles-transient | wc -l)" 3
	case $left in *decrypt) export ATTEST_PKCS11_TPM=${tcti[one]} ;; esac # others may be connected, and are waited for
	case_ok "… makes room" driver sign
	check "… and nothing stays loaded" nothing_loaded
done
# Another process that makes room in place of this one's key.
begin robbed "$driver" "$module" forever
wait_for '[ -s "$scratch/robbed.out" ]'
for i in {1..40}; do
	tpm2_flushcontext -T "${tcti[one]}" -t 2>/dev/null
done
before=$(wc -l <"$scratch/robbed.out")
wait_for '[ "$(wc -l <"$scratch/robbed.out")" -gt $((before + 1)) ] || ! kill -0 "${pid[robbed]}" 2>/dev/null'
check "a key that another process flushed is loaded again" 'kill -0 "${pid[robbed]}" 2>/dev/null'
kill "${pid[robbed]}" 2>/dev/null
ended robbed >/dev/null 2>&1
tpm2_flushcontext -T "${tcti[one]}" -t

# The storage root key in its place: the parent of new keys, and nothing is made for a signature.
srk_persist
case_ok "a key below another parent than the persistent one still signs" driver sign
key_make srk ecc-p256
check "a new key is made below it" 'openssl asn1parse -in "$scratch/srk/device.key" | grep -q "INTEGER *:81000001"'
key_use srk
case_ok "… and signs" driver sign
case_ok "… in 16 threads" driver threads 16 20
note "$out"
check "nothing stays loaded after all that" nothing_loaded

# ---- others' programs ----

module_needs_plain_build_or_finish() {
	! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile" || finish
}
module_needs_plain_build_or_finish

has() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || return 1
	done
}

token='pkcs11:token=attest-ca%20laptop'
if has pkcs11-tool; then
	for type in ecc-p256 rsa-2048; do
		key_use $type
		case_ok "pkcs11-tool --test: $type" pkcs11-tool --module "$module" --test
		case_matches "… finds no error" "$out" 'No errors'
	done
	case_matches "pkcs11-tool --test: the RSA mechanisms" "$out" 'RSA-PKCS: OK.*SHA256-RSA-PKCS: OK'
	key_use live
	case_ok "pkcs11-tool -O: several keys" pkcs11-tool --module "$module" -O
	case_equal "… by their names" \
		"$(sed -n '/^Private Key/,/label/s/.*label: *//p' <<<"$out" | tr '\n' ' ')" "laptop mail "
	check "… and the key that was replaced is not shown" '[[ $out != *$(key_id ecc-p256)* ]]'
	key_use own
	echo 'text' >"$scratch/text"
	case_ok "pkcs11-tool: signs by the ID of a key that attest-device replaced" pkcs11-tool --module "$module" \
		--sign --mechanism ECDSA-SHA256 --id "$(key_id ecc-p256)" --input-file "$scratch/text" --output-file "$scratch/signature"
	key_use live
	for which in ecc-p256 second; do
		case_ok "pkcs11-tool: signs by the ID of $which" pkcs11-tool --module "$module" --sign --mechanism ECDSA-SHA256 \
			--id "$(key_id $which)" --input-file "$scratch/text" --output-file "$scratch/signature" \
			--signature-format openssl
		openssl x509 -in "$scratch/$which/device.pem" -noout -pubkey >"$scratch/public"
		case_ok "… and OpenSSL verifies" openssl dgst -sha256 -verify "$scratch/public" \
			-signature "$scratch/signature" "$scratch/text"
	done
else
	skip "pkcs11-tool" "there is no OpenSC"
fi

key_use ecc-p256
if has p11tool; then
	case_ok "p11tool: the objects" p11tool --provider "$module" --list-all "$token"
	case_equal "… two of the key, and two certificates" \
		"$(sed -n 's/.*;type=//p' <<<"$out" | sort | tr '\n' ' ')" "cert cert private public "
	case_ok "p11tool: a test signature" p11tool --provider "$module" --test-sign "$token;object=laptop;type=private"
else
	skip "p11tool" "there is no gnutls-bin"
fi

if ! has p11-kit; then
	skip "p11-kit" "there is no p11-kit"
elif [ "$(id -u)" -ne 0 ]; then
	skip "p11-kit server" "not root"
else
	# To another process, and to another user: the module's directory is not the client's.
	eval "$(p11-kit server --provider "$module" "$token" -n "$scratch/p11.socket" 2>/dev/null)"
	case_matches "p11-kit server: starts" "${P11_KIT_SERVER_ADDRESS:-}" 'unix:path='
	client=$(find /usr/lib -name p11-kit-client.so 2>/dev/null | head -n 1)
	if [ -n "$client" ]; then
		case_ok "p11-kit server: the objects by its client" env -u ATTEST_PKCS11_STATE pkcs11-tool --module "$client" -O
		case_matches "… are the token's" "$out" 'Private Key Object; EC'
		case_ok "p11-kit server: signs" env -u ATTEST_PKCS11_STATE timeout 60 "$driver" "$client" threads 4 3
	else
		skip "p11-kit server: its client" "p11-kit-client.so is in p11-kit-modules"
	fi
	[ -z "${P11_KIT_SERVER_PID:-}" ] || kill "$P11_KIT_SERVER_PID"
fi
if has ssh-keygen; then
	case_ok "ssh-keygen -D: the public key" ssh-keygen -D "$module"
	case_equal "… is that of the certificate" "$(head -n 1 <<<"$out" | cut -d ' ' -f 1,2)" \
		"$(openssl x509 -in "$scratch/ecc-p256/device.pem" -noout -pubkey >"$scratch/public" &&
			ssh-keygen -i -m PKCS8 -f "$scratch/public" | cut -d ' ' -f 1,2)"
else
	skip "ssh-keygen -D" "there is no OpenSSH"
fi

# ---- openssl, which makes the engine its default for all keys ----

engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
if [ -e "$engine" ]; then
	echo octets >"$scratch/octets"
	for directory in ecc-p256 rsa-2048; do
		key_use "$directory"
		openssl x509 -in "$scratch/$directory/device.pem" -noout -pubkey >"$scratch/public"
		case_ok "openssl dgst -engine, $directory" env PKCS11_MODULE_PATH="$module" openssl dgst -sha256 \
			-engine pkcs11 -keyform engine -sign "pkcs11:type=private" \
			-out "$scratch/signature" "$scratch/octets"
		case_ok "… verifies" openssl dgst -sha256 -verify "$scratch/public" \
			-signature "$scratch/signature" "$scratch/octets"
	done
	key_use ecc-p256
else
	skip "openssl dgst -engine" "there is no libengine-pkcs11-openssl"
fi

# ---- curl and nginx ----

if ! has nginx || [ ! -e "$engine" ]; then
	skip "curl" "there is no nginx, or no libengine-pkcs11-openssl"
	finish
fi
export PKCS11_MODULE_PATH=$module
nginx_start() {
	cat >"$scratch/nginx.conf" <<-END
	daemon off;
	pid $scratch/nginx.pid;
	error_log $scratch/nginx.error info;
	events {}
	http {
		access_log off;
		client_body_temp_path $scratch/t1; proxy_temp_path $scratch/t2;
		fastcgi_temp_path $scratch/t3; uwsgi_temp_path $scratch/t4; scgi_temp_path $scratch/t5;
		server {
			listen unix:$scratch/nginx.socket ssl;
			ssl_protocols TLSv1.2 TLSv1.3;
			ssl_certificate $scratch/server.pem;
			ssl_certificate_key $scratch/server.key;
			ssl_client_certificate $acme_dir/root.pem;
			ssl_verify_client on;
			ssl_verify_depth 2;
			location / { return 200 "hello \$ssl_client_s_dn by \$ssl_protocol\n"; }
		}
	}
	END
	rm -f "$scratch/nginx.pid" "$scratch/nginx.socket"
	daemon_start nginx nginx -p "$scratch" -c "$scratch/nginx.conf" -e "$scratch/nginx.error"
	wait_for '[ -s "$scratch/nginx.pid" ] || ! daemon_runs nginx' && daemon_runs nginx ||
		note "$(cat "${log[nginx]}" "$scratch/nginx.error")"
}
fetch() { # DIRECTORY OPTION…: the chain from the file, since the engine gives the leaf only
	curl --silent --show-error --unix-socket "$scratch/nginx.socket" --cacert "$scratch/server.pem" \
		--cert "$scratch/$1/device.pem" --key "$token;type=private" "${@:2}" https://localhost/
}
for server in rsa:2048 ec:"$scratch/p256" ed25519; do
	openssl genpkey -genparam -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/p256" 2>/dev/null
	server_certificate "$server"
	nginx_start
	for type in ecc-p256 ecc-p384 rsa-2048; do
		key_use $type
		for version in 1.2 1.3; do
			run fetch $type --tlsv$version --tls-max $version
			case_equal "curl: $type with an ${server%%:*} server by TLS $version" "$out$err" \
				"hello CN=laptop by TLSv$version"
		done
	done
	daemon_stop nginx
done
check "nothing stays loaded after curl" nothing_loaded

finish
