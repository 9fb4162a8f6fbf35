# Open challenges: several of one device, how many there may be in all, and that they expire.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/protocol.sh"

attest_ca init >/dev/null || exit 1

# ---- several at once, and bounds ----

# Long, so that none expires meanwhile.
cat >"$scratch/attestd.conf" <<-END
challenge_lifetime = 1h
device_challenges = 3
challenges = 6
END
soft make p256 rsa2048
for i in 1 2 3; do
	mkdir "$scratch/other$i"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/other$i" make p256 rsa2048
	attest_ca enroll "$("$top_builddir/tests/e2e/software_device" --directory "$scratch/other$i" hash)"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/other$i" request "$scratch/other$i.json"
done
case_ok "attestd with small bounds" attestd_start --config "$scratch/attestd.conf"
attest_ca enroll "$(soft hash)" --name late
for i in 1 2 3; do
	soft request "$scratch/request.json"
	post /attest "$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential$i.json"
	soft activate "$scratch/credential$i.json" "$scratch/secret$i.json"
done
post /secret "$scratch/secret2.json"
case_equal "several of one device are open at once" "$http_status" 200
# It has answered from here: from now on three of its challenges never give way.
for i in 1 2 3; do
	post /attest "$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential$i.json"
	soft activate "$scratch/credential$i.json" "$scratch/secret$i.json"
done
# Ten of others, while there is room for three.
for _ in 1 2 3 4 5; do for i in 2 3; do post /attest "$scratch/other$i.json"; done; done
post /attest "$scratch/other1.json"
case_equal "a newcomer gets in when the table is full" "$http_status" 200
printf %s "$http_body" >"$scratch/credential.json"
"$top_builddir/tests/e2e/software_device" --directory "$scratch/other1" \
	activate "$scratch/credential.json" "$scratch/secret.json"
post /secret "$scratch/secret.json"
case_equal "and is not displaced before it answers" "$http_status" 200
post /secret "$scratch/secret2.json"
case_equal "a machine that has answered is not displaced" "$http_status" 200
post /attest "$scratch/request.json"
for i in 1 2; do post /attest "$scratch/other1.json"; done
post /attest "$scratch/other2.json"
case_equal "those that have answered leave half of the table to others" "$http_status" 200
bound() { sed -i "s/^challenges = .*/challenges = $1/" "$scratch/attestd.conf" && daemon_reload attestd; }
case_ok "a lower bound is taken on" bound 2
post /attest "$scratch/other2.json"
refused "the table is full of those that have answered" 503 overloaded "challenges are open; try again later"
check "with Retry-After" 'grep -qi "^retry-after: [0-9]" <<<"$http_headers"'

# ---- expiry ----

attestd_stop
cat >"$scratch/attestd.conf" <<-END
challenge_lifetime = 4s
device_challenges = 1
challenges = 2
END
case_ok "attestd with room for two challenges, one of them held" attestd_start --config "$scratch/attestd.conf"
# Both begin again when a challenge expires meanwhile.
answer() {
	post /attest "$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json" 2>/dev/null
	post /secret "$scratch/secret.json"
	[ "$http_status" = 200 ]
}
fill() {
	bound 2 || return 1
	post /attest "$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential.json"
	bound 1 || return 1
	post /attest "$scratch/other2.json"
	[ "$http_status" = 503 ]
}
check "a machine answers in time" 'wait_for answer 60'
check "its challenge takes the room" 'wait_for fill 60'
soft activate "$scratch/credential.json" "$scratch/secret.json"
wait_for 'post /attest "$scratch/other2.json"; [ "$http_status" = 200 ]'
case_equal "expired challenges make room" "$http_status" 200
post /secret "$scratch/secret.json"
refused "an expired secret" 403 unknownSecret "start again with /attest"

finish
