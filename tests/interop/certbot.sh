#!/usr/bin/env bash
# certbot's ACME library against attest-acmed: accounts, key change, revocation.
#
# Needs Python with venv, and once the network, to install requirements.txt into
# the user's cache. Without them the test is skipped, except where CI=true.

set -u
directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pins=$(sha256sum <"$directory/requirements.txt")
venv=${XDG_CACHE_HOME:-$HOME/.cache}/attest-ca-interop/python-${pins%% *}

venv_make() {
	[ ! -e "$venv/ready" ] || return 0
	mkdir -p "${venv%/*}" && python3 -m venv --clear "$venv" &&
		"$venv/bin/pip" --quiet install --requirement "$directory/requirements.txt" &&
		: >"$venv/ready"
}
why=$(venv_make 2>&1 >/dev/null)
made=$?

. "$directory/../e2e/lib.sh"
. "$directory/../e2e/acme.sh"

if [ "$made" -ne 0 ]; then
	[ "${CI:-}" = true ] || skip_all "certbot's library cannot be installed: ${why%%$'\n'*}"
	note "$why"
	check "certbot's library is installed" false
	finish
fi

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=roots \
	-addext keyUsage=critical,keyCertSign,cRLSign \
	-keyout "$scratch/roots.key" -out "$scratch/roots.pem" -days 1 2>/dev/null
acmed_init --attestation-roots "$scratch/roots.pem" >"$scratch/init.log" && acmed_start ||
	note "$(cat "$scratch/init.log")"
"$venv/bin/python" "$directory/certbot.py" "$acme_base/acme/directory" "$acme_dir/root.pem" \
	"$scratch/roots.pem"
status=$?
finished=yes
exit "$status"
