# attest-acmed on a disk whose fsync fails, with a clock that steps a day, with processes that are
# killed while clients order, and stopped in the midst of that: accounts, orders, certificates and
# revocations that were acknowledged are there, what was refused is not, and the log says what
# happened. KILLS=1000 kills that often.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/bad_host.sh"
needs pgrep python3
: "${KILLS:=8}"

# The device's clock steps with the server's; its CA is a week old. Its ends are for the loads too,
# which a coproc's are not.
host -604800 0
coproc device { on_bad_host "$top_builddir/tests/e2e/software_acme_device" "$scratch/roots.pem"; }
exec 7<&"${device[0]}" 8>&"${device[1]}"
read -r ready <&7
host 0 0
device() {
	local answer

	printf '%s\n' "$*" >&8
	read -r answer <&7
	printf '%s\n' "$answer"
}
acmed_init --attestation-roots "$scratch/roots.pem" >/dev/null || exit 1
printf '%s\n' 'orders_per_hour = 1000000000' 'accounts_per_hour = 1000000000' >"$scratch/acmed.conf"

# What was acknowledged: ids of accounts and orders, serial numbers, those of them that were revoked.
acknowledged() { # KIND TEXT
	printf '%s\n' "$2" >>"$given/$1"
}
begin_list() { # DIRECTORY: where it is noted from now on
	given=$1
	mkdir "$given"
	: >"$given/account" >"$given/order" >"$given/serial" >"$given/revoked"
}
begin_list "$scratch/given"

account() {
	key=$(key_new ES256)
	acme_post ES256 "$key" "$key" "$acme_base/acme/new-account" '{"termsOfServiceAgreed":true}'
	[ "$http_status" = 201 ] || return
	kid=$(header Location)
	thumbprint=$("$sign_jws" thumbprint "$key")
	acknowledged account "${kid##*/}"
}
as() { # URL PAYLOAD
	acme_post ES256 "$key" "$kid" "$1" "$2"
}
order() {
	as "$acme_base/acme/new-order" '{"identifiers":[{"type":"permanent-identifier","value":"laptop"}]}'
	[ "$http_status" = 201 ] || return
	order=$(header Location)
	finalize=$(json .finalize)
	authorization=$(json '.authorizations[0]')
	acknowledged order "${order##*/}"
}
# An order up to its certificate.
issue() {
	order || return
	as "$authorization" ''
	[ "$http_status" = 200 ] || return
	as "$(json '.challenges[0].url')" \
		"{\"attObj\":\"$(device attest laptop "$(json '.challenges[0].token').$thumbprint")\"}"
	[ "$http_status $(json .status)" = "200 valid" ] || return
	as "$finalize" "{\"csr\":\"$(device csr laptop)\"}"
	[ "$http_status $(json .status)" = "200 valid" ] || return
	as "$(json .certificate)" ''
	[ "$http_status" = 200 ] || return
	cp "$scratch/http.body" "$scratch/chain.pem"
	serial=$(openssl x509 -in "$scratch/chain.pem" -noout -serial | cut -d= -f2)
	acknowledged serial "$serial"
}
revoke() {
	as "$acme_base/acme/revoke-cert" \
		"{\"certificate\":\"$(openssl x509 -in "$scratch/chain.pem" -outform DER | basenc --base64url -w0 | tr -d =)\"}"
	[ "$http_status" = 200 ] || return
	acknowledged revoked "$serial"
}

stored() { store_tamper "$1" "$acme_dir/acme.db"; }
count() { stored 'SELECT (SELECT count(*) FROM account) || " " || (SELECT count(*) FROM orders) || " " ||
	(SELECT count(*) FROM certificate)'; }
# missing KIND SQL: what was acknowledged of that, and the store does not know.
missing() {
	stored "$2" | sort >"$scratch/known"
	sort -u "$scratch"/given*/"$1" | comm -23 - "$scratch/known" | sed "s/^/$1 /"
}
lost() {
	missing account 'SELECT name FROM account'
	missing order 'SELECT name FROM orders'
	missing serial 'SELECT hex(serial) FROM certificate'
	missing revoked 'SELECT hex(serial) FROM certificate WHERE revoked != 0'
	stored 'SELECT "twice " || hex(serial) FROM certificate GROUP BY serial HAVING count(*) > 1'
}
sound() {
	case_equal "$1: nothing acknowledged is lost" "$(lost)" ""
	case_equal "$1: the store is sound" "$(stored 'PRAGMA integrity_check')" ok
}
start() { # with its clock and its disk
	on_bad_host acmed_start --config "$scratch/acmed.conf"
}

# ---- a disk that fails ----

listed() {
	acme_get /crl
	openssl crl -inform DER -in "$scratch/http.body" -noout -text | grep -q "Serial Number: $serial"
}
start || exit 1
check "a client orders" 'account && issue && revoke'
# Its CRL is made later: the sync that fails would be that of its number.
check "its certificate is revoked, and the CRL says so" 'wait_for listed'
before=$(count)
host 0 1
check "a sync fails: it is refused" '! order'
case_matches "a sync fails: by a failure of ours" "$http_status" '^50[03]$'
check "a sync fails: the log says what and why" \
	'grep -q "error .*event=commit .*the disk fails: see the kernel.s log" "${log[acmed]}"'
case_equal "a sync fails: nothing refused is kept" "$(count)" "$before"
check "it was one: the next is served" 'issue'
before=$(count)
acmed_stop KILL
start || exit 1
nonce=
case_equal "killed afterwards: what was refused has not come back" "$(count)" "$before"
sound "a sync has failed"

host 0 -1
check "all syncs fail: no order is made" '! order'
check "all syncs fail: attest-acmed ends" 'wait_for "! daemon_runs acmed"'
acmed_stop
case_equal "all syncs fail: with status 1" "$status" 1
check "all syncs fail: and the remedy" \
	'grep -q "whether the last change was kept is not known; see the kernel.s log" "${log[acmed]}"'
host 0 0
case_ok "with another disk it starts" start
nonce=
check "and serves" 'issue'
sound "all syncs have failed"

# ---- a clock that steps ----

check "an order waits while the clock steps" 'account && issue && order'
host 86400 0
as "$order" ''
case_equal "a day ahead it has expired" "$http_status $(json .status)" "200 invalid"
as "$finalize" '{"csr":"AA"}'
check "and is not completed" 'refused 403 orderNotReady "expired|invalid"'
host 0 0
as "$order" ''
case_equal "it waits as before when the clock is right again" "$http_status $(json .status)" "200 pending"

# Started a day ahead, it has made a certificate for itself that begins then, and swept.
old=${order##*/}
check "another order is made" 'order'
other=${order##*/}
acmed_stop
expire() { stored "UPDATE orders SET expires = 1 WHERE name = '$1'"; }
swept() { [ -z "$(stored "SELECT 1 FROM orders WHERE name = '$1'")" ]; }
expire "$old"
host 86400 0
start || exit 1
nonce=
reached() { acme_get /acme/directory && [ "$http_status" = 200 ]; }
check "started a day ahead: it has swept" 'wait_for "swept \"\$old\""'
check "started a day ahead: its certificate is not valid yet" '! reached'
expire "$other"
host 0 0
check "the clock is set right: it gets another certificate" 'wait_for reached'
check "and sweeps again" 'wait_for "swept \"\$other\""'
sed -i -e "/^$old\$/d" -e "/^$other\$/d" "$given/order"

number() {
	acme_get /crl
	openssl crl -inform DER -in "$scratch/http.body" -noout -crlnumber | sed 's/.*=0x//'
}
last=$((16#$(number)))
lines=$(wc -l <"${log[acmed]}")
for step in 86400 -86400 0; do
	host "$step" 0
	nonce=
	check "the clock is $step seconds ahead: a client orders" 'account && issue'
	check "the clock is $step seconds ahead: and revokes" 'revoke'
	check "the clock is $step seconds ahead: the next CRL has a greater number" \
		'wait_for "now=\$(number) && [ \$((16#\$now)) -gt $last ]"'
	last=$((16#$(number)))
done
case_equal "and nothing has failed meanwhile" "$(tail -n +"$((lines + 1))" "${log[acmed]}" | grep " error ")" ""
sound "the clock has stepped"
acmed_stop
case_equal "attest-acmed ends as ever" "$status" 0

# ---- killed ----

acmed_start --config "$scratch/acmed.conf" || exit 1

# Loads, each in a directory of its own, until there is a file "stop": certificates, of which some are
# revoked; and accounts with an order.
load_on() { # NAME
	local all=$scratch i

	scratch=$all/$1
	mkdir "$scratch"
	begin_list "$all/given-$1"
	for ((i = 0; ; i++)); do
		[ ! -e "$all/stop" ] || return
		nonce=
		if [ "$1" = orders ] || [ $((i % 8)) -eq 0 ]; then
			account || continue
		fi
		if [ "$1" = orders ]; then
			order
		else
			issue && { [ $((i % 2)) -ne 0 ] || revoke; }
		fi
	done 2>/dev/null
}
loads=()
for name in orders certificates; do
	(trap - EXIT; load_on "$name") &
	loads+=($!)
done

child() { pgrep -P "${pid[acmed]}" -f "attest-acmed: $1"; }
given_count() { cat "$scratch"/given-*/"$1" 2>/dev/null | wc -l; }
# What one needs to know when nobody is served any more.
unserved() {
	local name

	note "round $i: nobody is served; the store has $(count)"
	daemon_explain acmed ":$acme_port"
	for name in orders certificates; do
		note "the last answer that the load $name has seen:" "$(tail -n 20 "$scratch/$name"/http.{err,headers,body} 2>&1)"
	done
	note "the loads: $(pgrep -P $$ -a)"
}
for ((i = 0; i < KILLS; i++)); do
	kind=order
	[ $((i % 4)) -ne 0 ] || kind=serial
	before=$(given_count "$kind")
	wait_for "[ \"\$(given_count $kind)\" -gt $before ]" || { unserved; break; }
	# At any moment of what they do.
	read -r -t "0.$(printf '%02d' $((RANDOM % 50)))" _ <> <(:)
	case $((i % 4)) in
	0) kill -KILL $(child front) ;;
	1) kill -KILL $(child keeper) ;;
	2) kill -KILL $(child keeper) $(child front) ;;
	3) kill -KILL "${pid[acmed]}" ;;
	esac 2>/dev/null
	if [ $((i % 4)) -ne 0 ]; then
		wait_for '! daemon_runs acmed'
		acmed_stop
		acmed_start --config "$scratch/acmed.conf" || break
	fi
done
case_equal "killed $KILLS times, and served again each time" "$i" "$KILLS"

# ---- stopped in the midst of it ----

before=$(given_count revoked)
check "certificates are made and revoked meanwhile" 'wait_for "[ \"\$(given_count revoked)\" -gt $before ]"'
acmed_stop
case_equal "SIGTERM under load: it ends with status 0" "$status" 0
: >"$scratch/stop"
wait "${loads[@]}" 2>/dev/null
for kind in account order serial revoked; do
	note "$(given_count "$kind") of $kind acknowledged"
done
sound "killed and stopped"
finish
