# What the tests of attestd's protocol share: a device in software; sourced after lib.sh.
#
#   soft COMMAND…                        software_device, whose keys lie in $scratch/device
#   post PATH FILE                       posts the file
#   problem                              prints type, status and detail of the last answer
#   refused NAME STATUS KIND REGEX       a case: the last answer is this problem document

mkdir "$scratch/device"
soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
post() { http POST "$1" "@$2"; }
problem() { jq -r '"\(.type) \(.status) \(.detail)"' <<<"$http_body" 2>/dev/null; }

refused() {
	local got

	got="$http_status $(sed -n 's/^[Cc]ontent-[Tt]ype: //p' <<<"$http_headers") $(problem)"
	case_matches "$1" "$got" "^$2 application/problem\+json urn:attest-ca:error:$3 $2 .*$4"
}
