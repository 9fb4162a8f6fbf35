# Fifty administrators at once beside attestations: everybody gets a turn, nothing is lost, of
# those who want the same name one gets it, and the record of it all is whole.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

crowd=50
rivals=10

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }

attest_ca init >/dev/null || exit 1
mkdir "$scratch/device" "$scratch/crowd"
soft make p256 p256
attest_ca enroll "$(soft hash)" --name laptop >/dev/null || exit 1
attestd_start || exit 1

# Those with even numbers go again.
member() { # NUMBER
	local hash

	hash=$(printf '%064x' $((0x1000 + $1)))
	attest_ca enroll "$hash" --name "member-$1" || return
	[ $(($1 % 2)) -eq 1 ] || attest_ca remove "member-$1"
}

rival() { # NUMBER
	attest_ca enroll "$(printf '%064x' $((0x2000 + $1)))" --name prize
}

processes=()
for ((i = 1; i <= crowd; i++)); do
	member "$i" >"$scratch/crowd/$i" 2>&1 &
	processes+=($!)
done
rivals_processes=()
for ((i = 1; i <= rivals; i++)); do
	rival "$i" >"$scratch/crowd/rival-$i" 2>&1 &
	rivals_processes+=($!)
done

attested=0 failed=0
crowd_is_there() {
	local process

	for process in "${processes[@]}"; do
		! kill -0 "$process" 2>/dev/null || return 0
	done
	return 1
}
while crowd_is_there || [ "$attested" -eq 0 ]; do
	soft request "$scratch/request.json"
	http POST /attest "@$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json"
	http POST /secret "@$scratch/secret.json"
	if [ "$http_status" -eq 200 ]; then
		attested=$((attested + 1))
	else
		note "$http_status $http_body"
		failed=$((failed + 1))
		[ "$failed" -lt 3 ] || break
	fi
done

lost=0
for process in "${processes[@]}"; do
	wait "$process" || lost=$((lost + 1))
done
won=0
for process in "${rivals_processes[@]}"; do
	! wait "$process" || won=$((won + 1))
done
note "$attested attestations beside $((crowd + crowd / 2 + rivals)) changes"

case_equal "everybody's turn came" "$lost" 0 || note "$(cat "$scratch"/crowd/*)"
case_equal "every attestation beside them succeeded" "$failed" 0
attest_ca list --json >"$scratch/list.json"
case_equal "who enrolled and stayed is there, who went is not" \
	"$(jq -r '.[].names[] | select(startswith("member-"))' "$scratch/list.json" | sort)" \
	"$(for ((i = 1; i <= crowd; i += 2)); do echo "member-$i"; done | sort)"
case_equal "one of the rivals has the name" \
	"$won $(jq '[.[].names[] | select(. == "prize")] | length' "$scratch/list.json")" "1 1"
case_equal "and the others were told whose it is" \
	"$(grep -l 'name "prize" belongs to device' "$scratch"/crowd/rival-* | wc -l)" $((rivals - 1))
case_equal "every certificate is on record" "$(attest_ca show laptop --json | jq '.certificates | length')" "$attested"
case_ok "the record of it all verifies" attest_ca audit --verify
case_equal "with every enrolment and removal" \
	"$(attest_ca audit --json | jq -c '[([.[] | select(.action == "enroll" and .outcome == "done")] | length),
		([.[] | select(.action == "remove")] | length)]')" "[$((crowd + 2)),$((crowd / 2))]"

finish
