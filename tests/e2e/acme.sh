# What the tests of attest-acmed share; sourced after lib.sh.
#
#   acmed_init [OPTION…]          the server's state in $acme_dir, for localhost and 127.0.0.1
#   acmed_start [OPTION…]         on a port of the kernel's choice; sets $acme_base, ${pid[acmed]}, ${log[acmed]}
#   acmed_stop [SIGNAL]
#   acmed COMMAND…                the program, on $acme_dir
#
#   key_new ALG                   prints a private JWK
#   acme_get PATH [CURL OPTION…]  sets $http_status, $http_headers, $http_body
#   acme_send URL BODY [CURL OPTION…]  posts the body as application/jose+json; keeps the nonce of the answer
#   acme_nonce                    prints a fresh nonce
#   jws KEY HEADER PAYLOAD|@FILE  prints a flattened JWS
#   acme_header ALG URL WHO       prints a protected header: WHO is a kid, or a private JWK
#   acme_post ALG KEY WHO URL PAYLOAD  all of it
#   header NAME                   prints the value of that header of the last answer
#   refused STATUS TYPE REGEX     the last answer is that problem; for check

acmed_program=$top_builddir/src/attest-acmed
sign_jws=$top_builddir/tests/e2e/sign_jws
acme_dir=$scratch/acme
acme_base= acme_port= nonce=

acmed() {
	local command=$1

	shift
	"$acmed_program" "$command" --state-dir "$acme_dir" "$@"
}

acmed_init() {
	acmed init --dns-name localhost --dns-name 127.0.0.1 "$@"
}

acmed_start() {
	local before=0

	acme_base=
	[ ! -f "$scratch/acmed.log" ] || before=$(wc -l <"$scratch/acmed.log")
	daemon_start acmed "$acmed_program" --state-dir "$acme_dir" \
		--listen "127.0.0.1:${acme_port:-0}" "$@"
	wait_for "acmed_base_read $before || ! daemon_runs acmed"
	if [ -z "$acme_base" ]; then
		note "attest-acmed did not start:"
		note "$(tail -n "+$((before + 1))" "${log[acmed]}")"
		return 1
	fi
	acme_port=${acme_base##*:}
}

# The start line says how clients reach it.
acmed_base_read() { # LINES BEFORE
	local line lines

	mapfile -t -s "$1" lines <"${log[acmed]}"
	for line in "${lines[@]}"; do
		[[ $line =~ event=start\ .*url=\"?(https:[^\"\ ]*) ]] || continue
		acme_base=${BASH_REMATCH[1]}
		return 0
	done
	return 1
}

acmed_stop() {
	daemon_stop acmed "$@"
}

key_new() {
	"$sign_jws" new "$1"
}

jws() {
	"$sign_jws" sign "$@"
}

header() {
	local line value

	while IFS= read -r line; do
		[[ ${line,,} != "${1,,}: "* ]] || value=${line#*: }
	done <<<"$http_headers"
	[ -z "${value+is}" ] || printf '%s\n' "$value"
}

acme_get() {
	local path=$1

	shift
	http GET "$acme_base$path" "" --cacert "$acme_dir/root.pem" "$@"
}

acme_nonce() {
	(http HEAD "$acme_base/acme/new-nonce" "" --cacert "$acme_dir/root.pem" && header Replay-Nonce)
}

acme_send() {
	local url=$1 body=$2

	shift 2
	printf '%s' "$body" >"$scratch/jws"
	http POST "$url" "" --cacert "$acme_dir/root.pem" --header 'Expect:' \
		--header 'Content-Type: application/jose+json' --data-binary "@$scratch/jws" "$@"
	nonce=$(header Replay-Nonce)
}

acme_header() {
	[ -n "$nonce" ] || nonce=$(acme_nonce)
	if [[ $3 == {* ]]; then
		printf '{"alg":"%s","nonce":"%s","url":"%s","jwk":%s}' "$1" "$nonce" "$2" \
			"$("$sign_jws" public "$3")"
	else
		printf '{"alg":"%s","nonce":"%s","url":"%s","kid":"%s"}' "$1" "$nonce" "$2" "$3"
	fi
}

acme_post() {
	[ -n "$nonce" ] || nonce=$(acme_nonce)
	acme_send "$4" "$(jws "$2" "$(acme_header "$1" "$4" "$3")" "$5")"
}

json() {
	jq -r "$1" <<<"$http_body"
}

refused() {
	[ "$http_status" = "$1" ] &&
		[ "$(json .type)" = "urn:ietf:params:acme:error:$2" ] &&
		[ "$(header Content-Type)" = application/problem+json ] &&
		[[ $(json .detail) =~ $3 ]] && return
	note "the answer was $http_status $http_body"
	return 1
}
