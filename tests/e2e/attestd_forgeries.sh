# Every forgery of a device is refused with a sentence of its own (WIRE.md §1, §2).
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/protocol.sh"

attest_ca init >/dev/null && attestd_start || exit 1

soft make rsa2048 rsa2048
attest_ca enroll "$(soft hash)" --name forger >/dev/null
soft forgeries >"$scratch/forgeries"
check "there are forgeries" '[ "$(wc -l <"$scratch/forgeries")" -ge 40 ]'
while read -r forgery kind detail; do
	soft request "$scratch/request.json" "$forgery"
	post /attest "$scratch/request.json"
	case_equal "forgery $forgery" "$http_status $(problem)" "400 urn:attest-ca:error:$kind 400 $detail"
	check "forgery $forgery: no credential" '[ "$(jq -r .credential <<<"$http_body")" = null ]'
done <"$scratch/forgeries"
soft request "$scratch/request.json"
post /attest "$scratch/request.json"
case_equal "the same device, honest, is served" "$http_status" 200

finish
