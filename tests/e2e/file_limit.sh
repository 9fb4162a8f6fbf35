# A limit of the size of files (ulimit -f, LimitFSIZE=) is a write that fails, to commands and daemons: they
# say so, leave nothing half done behind, and no process ends by SIGXFSZ.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
needs pgrep

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
limited() { # KIB COMMAND…
	(ulimit -f "$1" && shift && "$@")
}
found() { (cd "$scratch" && find ca* backup* 2>/dev/null | grep -v 'store.db-' | sort); }

# ---- commands ----

case_fails "init: it is told" 1 'the disk fails' limited 1 attest_ca init
case_equal "init: and nothing is there" "$(found)" ""
attest_ca init >/dev/null || exit 1
before=$(found)
case_fails "backup: it is told" 1 'the disk fails' limited 1 attest_ca backup "$scratch/backup.tar"
case_equal "backup: and nothing is left" "$(found)" "$before"
case_fails "enroll: it is told" 1 'the disk fails' limited 8 attest_ca enroll "$(printf '%064x' 1)"
case_equal "enroll: and nobody is enrolled" "$(attest_ca list --json | jq length)" 0
case_ok "without the limit it works" attest_ca enroll "$(printf '%064x' 1)"

# ---- the daemon ----

mkdir "$scratch/device"
soft make p256 p256 || exit 1
attest_ca enroll "$(soft hash)" --name laptop >/dev/null
keeper() { pgrep -P "${pid[attestd]}" -f "attestd: keeper"; }
attest() {
	soft request "$scratch/request.json"
	http POST /attest "@$scratch/request.json"
	[ "$http_status" = 200 ] || return
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json"
	http POST /secret "@$scratch/secret.json"
	[ "$http_status" = 200 ]
}
printf '%s\n' '#!/bin/sh' 'ulimit -f 160' "exec $(printf %q "$attestd") \"\$@\"" >"$scratch/limited"
chmod +x "$scratch/limited"
attestd=$scratch/limited attestd_start || exit 1
check "a device is certified" 'attest'
before=$(keeper)
check "the limit is reached: it is refused" 'wait_for "! attest"'
case_matches "by a failure of ours" "$http_status" '^50[03]$'
case_equal "by the same keeper" "$(keeper)" "$before"
check "and the log says why" 'grep -q "error .*event=commit .*the disk fails" "${log[attestd]}"'
attestd_stop
case_ok "without the limit it starts" attestd_start
check "and certifies" 'attest'
case_equal "the store is sound" "$(store_tamper 'PRAGMA integrity_check')" ok
case_ok "and so is the record" attest_ca audit --verify
finish
