#!/usr/bin/env bash
# Certificates of attest-acmed in use by software that is not ours: OpenSSL's
# client signs with the TPM through tpm2-openssl, and nginx admits the device by
# name, until its certificate is revoked. The CRL file is attest-acmed's own.

set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || lacks "there is no nginx"
modules=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')
[ -e "$modules/tpm2.so" ] || lacks "there is no tpm2-openssl"

web=$scratch/nginx

# The server's certificate has an Ed25519 key: with others, verifying it takes the
# provider more TPM objects than a TPM without a resource manager has. And TLS 1.3:
# in 1.2 the client does not offer P-256 with this provider, and the server then
# refuses the device's key.
nginx_configure() {
	mkdir "$web"
	openssl req -x509 -newkey ed25519 -nodes -subj /CN=localhost -days 1 \
		-addext subjectAltName=DNS:localhost -keyout "$web/server.key" \
		-out "$web/server.pem" 2>/dev/null
	cat >"$web/nginx.conf" <<-END
	daemon off;
	pid $web/pid;
	worker_processes 1;
	error_log $web/error.log info;
	events {}
	http {
		access_log off;
		client_body_temp_path $web/body;
		proxy_temp_path $web/proxy;
		fastcgi_temp_path $web/fastcgi;
		uwsgi_temp_path $web/uwsgi;
		scgi_temp_path $web/scgi;
		server {
			listen unix:$web/socket ssl;
			ssl_certificate $web/server.pem;
			ssl_certificate_key $web/server.key;
			ssl_client_certificate $acme_dir/root.pem;
			ssl_crl $acme_dir/crl.pem;
			ssl_protocols TLSv1.3;
			ssl_verify_client on;
			ssl_verify_depth 2;
			error_page 495 496 =403 @refused;
			location / { return 200 "\$ssl_client_s_dn\n"; }
			location @refused { return 403 "\$ssl_client_verify\n"; }
		}
	}
	END
}

nginx_start() {
	daemon_start nginx "$nginx" -e "$web/error.log" -p "$web" -c "$web/nginx.conf"
	wait_for '[ -S "$web/socket" ] || ! daemon_runs nginx' && daemon_runs nginx
}

nginx_workers_ended() {
	grep -c 'worker process .* exited with code 0' "$web/error.log"
}

# The new workers answer when the old ones have gone.
nginx_reload() {
	local before

	before=$(nginx_workers_ended)
	kill -HUP "${pid[nginx]}"
	wait_for '[ "$(nginx_workers_ended)" -gt "$before" ]' || note "nginx did not reload"
}

# https [OPTION…]: what nginx answers to a client with these options.
https() {
	printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -quiet -unix "$web/socket" \
		-CAfile "$web/server.pem" -verify_return_error "$@" 2>"$scratch/s_client.err"
}

# https_tpm TPM DIRECTORY: with the key and the chain of a device.
https_tpm() {
	answer=$(TPM2OPENSSL_TCTI=${tcti[$1]} https -provider default -provider tpm2 \
		-propquery '?provider=tpm2,tpm2.digest!=yes' \
		-cert "$2/device.pem" -cert_chain "$2/device.pem" -key "$2/device.key")
	status=$?
}

certificate() { # TPM NAME
	attest_device --tcti "${tcti[$1]}" --state-dir "$scratch/$1" certificate \
		--attestation-url "$attestd_url" --attestation-root "$state_dir/root.pem" \
		--acme "$acme_base/acme/directory" --acme-root "$acme_dir/root.pem" --name "$2"
}

attest_ca init >"$scratch/init.log" 2>&1
attestd_start
acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1
acmed_start
swtpm_start one
swtpm_start two
attest_ca enroll "$(attest_device --tcti "${tcti[one]}" ek --hash)" --name laptop >/dev/null
nginx_configure

case_ok "the device obtains a certificate" certificate one laptop
check "nginx starts with the CRLs of both CAs" nginx_start
https_tpm one "$scratch/one"
case_matches "nginx admits the device, and knows its name" "$answer" '200 OK.*CN=laptop'

case_fails "a machine that is not enrolled obtains none" 1 "is not enrolled" certificate two laptop
case_matches "who has no certificate is refused" "$(https)" '403 Forbidden.*NONE'
https_tpm two "$scratch/one"
check "with another TPM the device's files are of no use" '
	[ "$status" -ne 0 ] && [[ $answer != *200\ OK* ]]'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=laptop \
	-keyout "$scratch/own.key" -out "$scratch/own.pem" 2>/dev/null
case_matches "a certificate that somebody made himself is refused" \
	"$(https -cert "$scratch/own.pem" -key "$scratch/own.key")" '403 Forbidden.*FAILED:'
answer=$(https -cert "$scratch/one/device.pem" -key "$scratch/own.key")
check "the device's certificate is of no use with another key" '
	[ -z "$answer" ] && grep -q "key values mismatch" "$scratch/s_client.err"' ||
	note "$(cat "$scratch/s_client.err")"

attest_ca enroll "$(attest_device --tcti "${tcti[two]}" ek --hash)" --name desktop >/dev/null
case_fails "a device obtains none in the name of another" 1 \
	"does not give this machine the name .laptop., but .desktop." certificate two laptop
case_ok "but in its own" certificate two desktop
nginx_reload
https_tpm two "$scratch/two"
case_matches "which nginx admits as well" "$answer" '200 OK.*CN=desktop'

acmed revoke laptop >/dev/null
wait_for 'openssl crl -in "$acme_dir/crl.pem" -noout -text | grep -q "Serial Number:"'
nginx_reload
https_tpm one "$scratch/one"
case_matches "a revoked certificate is refused" "$answer" '403 Forbidden.*FAILED:certificate revoked'
https_tpm two "$scratch/two"
case_matches "and no other" "$answer" '200 OK.*CN=desktop'

case_ok "the device obtains another" certificate one laptop
https_tpm one "$scratch/one"
case_matches "and is admitted again" "$answer" '200 OK.*CN=laptop'
check "nothing stays loaded in the TPM" '[ -z "$(tpm2_getcap -T "${tcti[one]}" handles-transient)" ]'

finish
