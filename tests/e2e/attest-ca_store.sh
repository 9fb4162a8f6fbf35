# A store that is not in the state directory: attestd's setting `store` and attest-ca's --store.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

place=$scratch/place
hash=$(printf '%064x' 7)
mkdir -m 0700 "$place"
attest_ca init >/dev/null || exit 1
mv "$state_dir/store.db" "$place/"

case_fails "it is not in the state directory" 1 "there is no store in $state_dir" attest_ca list
case_ok "a command works on it" attest_ca --store "$place" enroll "$hash" --name one
case_equal "with the scheme it is the same" \
	"$(attest_ca list --json --store "sqlite:$place" | jq -r '.[].names[]')" one
case_ok "it is checked" attest_ca check --store "$place"
case_ok "it is backed up" attest_ca backup "$scratch/backup.tar" --store "$place"
case_equal "nothing was made in the state directory" "$(cd "$state_dir" && echo store.db*)" 'store.db*'

case_fails "another scheme is refused" 1 'a store cannot be kept at "postgresql:"' \
	attest_ca list --store postgresql://user:secret@db.example/attest
case_equal "and no more of it is shown" "$(grep -c secret <<<"$out$err")" 0
case_fails "an empty place is a usage error" 2 '--store cannot be empty' attest_ca list --store ''
case_fails "init makes it in the state directory" 2 'leave --store out' \
	"$attest_ca_program" --state-dir "$scratch/new" init --store "$place"
case_fails "and restore" 2 'leave --store out' \
	"$attest_ca_program" --state-dir "$scratch/new" restore "$scratch/backup.tar" --store "$place"
check "neither made anything" '[ ! -e "$scratch/new" ]'
case_ok "what was backed up is restored into one" \
	"$attest_ca_program" --state-dir "$scratch/new" restore "$scratch/backup.tar"
case_equal "with the inventory" \
	"$("$attest_ca_program" --state-dir "$scratch/new" list --json | jq -r '.[].names[]')" one

# ---- attestd ----

echo "store = \"sqlite:$place\"" >"$scratch/attestd.conf"
check "attestd serves from it" 'attestd_start --config "$scratch/attestd.conf"'
check "and has it open" 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q "$place/store.db"'
attestd_stop
echo 'store = "postgresql://user:secret@db.example/attest"' >"$scratch/attestd.conf"
run "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --config "$scratch/attestd.conf"
case_equal "attestd does not start with another scheme" "$status" 1
case_matches "and says why" "$err" 'a store cannot be kept at .*postgresql:'
case_equal "and no more of it" "$(grep -c secret <<<"$out$err")" 0

finish
