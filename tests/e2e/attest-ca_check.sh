# attest-ca check: says nothing of a CA that is in order, and of each fault alone what it is and
# what to do.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
needs pgrep

day() { # DAYS: as openssl wants it
	date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

attest_ca init >/dev/null || exit 1
attest_ca enroll 2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c --name laptop >/dev/null
case_ok "a CA that was just made is in order" attest_ca check
case_matches "but for the CRL, which only a daemon signs" "$(grep warning <<<"$out")" \
	"^warning +CRL +there is none yet; start attestd, or run \"attest-ca --state-dir [^ ]+ crl\"\$"
on_terminal "$attest_ca_program" --state-dir "$state_dir" check
check "on a terminal within 80 columns" '[ "$widest" -le 80 ]' || note "$out"
check "… a finding goes on in the next line" '[ "$(grep -c "^         [^ ]" <<<"$out")" -ge 1 ] &&
	[ "$(grep -c "^ok  " <<<"$out")" -ge 5 ]' || note "$out"
attest_ca crl >/dev/null
case_ok "and with it" attest_ca check
check "there is nothing to warn of" '! grep -q warning <<<"$out"'
case_equal "in JSON too" "$(attest_ca check --json | jq -c '[.ok, .errors, .warnings, all(.findings[]; .state == "ok")]')" \
	'[true,0,0,true]'
good=$scratch/good
cp -a "$state_dir" "$good"

# Runs check on a copy that a command has changed: exactly one thing is wrong, or more if told so.
fault() { # NAME STATE REGEX COMMAND [COUNT]
	local wanted=0

	rm -rf "$state_dir"
	cp -a "$good" "$state_dir"
	(cd "$state_dir" && eval "$4") >/dev/null 2>&1 || note "the fault \"$1\" could not be made"
	[ "$2" != error ] || wanted=1
	case_fails "$1: $2" "$wanted" "$2 +$3" attest_ca check
	case_equal "$1: that, and nothing else" "$(grep -c -v '^ok ' <<<"$out")" "${5:-1}"
}

# ---- files ----

fault "a key that others can read" error 'permissions +.*/issuing.key has mode 0640.*run: chmod 0600 ' 'chmod 640 issuing.key'
fault "the root's key that others can read" error 'permissions +.*/root.key has mode 0604' 'chmod 604 root.key'
# A name that a shell would read as more than a name is one word of the command.
awkward="x; id > pwned"
fault "a file whose name is a command" error "permissions +.*; run: chmod 0644 '.*/ca/x; id > pwned'" \
	': >"$awkward" && chmod 666 "$awkward"'
awkward="'; id; '"
fault "a file whose name ends the quotes" error \
	"permissions +.*; run: chmod 0644 '.*/ca/'\"'\"'; id; '\"'\"''" \
	': >"$awkward" && chmod 666 "$awkward"'
fault "a store that others can read" error 'permissions +.*/store.db has mode 0644' 'chmod 644 store.db'
fault "a file that others can write" error 'permissions +.*/root.pem has mode 0666' 'chmod 666 root.pem'
fault "a directory that others can enter" error 'permissions +.*/ca has mode 0755.*run: chmod 0700 ' 'chmod 755 .'
if [ "$(id -u)" -eq 0 ]; then
	fault "a file of somebody else's" error 'owner +.*/root.pem belongs to uid 12345.*run: chown 0 ' 'chown 12345 root.pem' 3
fi
fault "an init that was killed" warning 'leftovers +.*/.attest-ca-init.AbCdEf is of a command that was killed' \
	'mkdir -m 700 ../.attest-ca-init.AbCdEf; cp issuing.key ../.attest-ca-init.AbCdEf'
rm -r "$scratch/.attest-ca-init.AbCdEf"
fault "a restore that was killed" warning 'leftovers +.*/ca/.attest-ca-restore.AbCdEf is of a command' \
	'mkdir -m 700 .attest-ca-restore.AbCdEf'
rm -rf "$state_dir"
case_fails "no directory at all" 1 'error +state directory +.*No such file' attest_ca check

# ---- the store ----

fault "no store" error 'store +there is no store in' 'rm store.db'
fault "a store that is cut" error 'store +.*(is damaged|malformed|not a database)' 'truncate -s 20000 store.db'
fault "a store that is none" error 'store +.*(not a database)' 'echo no store >store.db'
fault "a guard that is gone" error 'store +.*"audit_is_kept" is missing' 'store_tamper "DROP TRIGGER audit_is_kept"'
fault "an index that is gone" error 'store +.*"tag_devices" is missing' 'store_tamper "DROP INDEX tag_devices"'
fault "a reference to nothing" error 'store +.*a row of the table tag refers to one that is not there' \
	'store_tamper "PRAGMA foreign_keys = OFF; INSERT INTO tag VALUES (99, '"'x'"')"'
trigger=$(store_tamper "SELECT sql FROM sqlite_schema WHERE name = 'audit_only_grows'" "$good/store.db")
fault "a record that was altered" error 'audit +.*audit entry 1 was altered' \
	'store_tamper "DROP TRIGGER audit_only_grows; UPDATE audit SET actor = 1 WHERE id = 1; $trigger"'
fault "an import that was killed" warning 'store +a killed import' \
	'store_tamper "INSERT INTO batch (first_device, started) VALUES (9, 1)"'

# ---- keys and certificates ----

fault "no issuing certificate" error 'issuing certificate +.*issuing.pem.*No such file.*restore it' 'rm issuing.pem' 2
fault "no issuing key" error 'issuing key +no private key at' 'rm issuing.key'
fault "another's issuing key" error 'issuing key +no private key in .* is that of its issuing certificate' 'cp root.key issuing.key'
fault "an issuing key that is none" error 'issuing key +' 'echo none >issuing.key'
fault "no root certificate" error 'root certificate +.*root.pem.*No such file' 'rm root.pem' 2
fault "another's root certificate" error 'issuing key +.*restore them from a backup' \
	'openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -subj /CN=Other -days 900 -out root.pem' 2
fault "another's root key" error 'root key +.*put the right one there, or none' 'cp issuing.key root.key'
rm -rf "$state_dir"
cp -a "$good" "$state_dir"
rm "$state_dir/root.key"
case_ok "a root key that is elsewhere is in order" attest_ca check
fault "an earlier issuer without its key" error 'earlier issuer +[0-9a-f]{40}: .*restore it from a backup' \
	'attest_ca issuing renew; attest_ca crl; rm issuers/*.key'
fault "a CRL of the issuer before" warning 'CRL +it is still the previous issuing CA' 'attest_ca issuing renew' 2
fault "no CRL of the issuer before" warning 'earlier CRL +[0-9a-f]{40}: there is none yet; start attestd' \
	'attest_ca issuing renew; attest_ca crl; rm issuers/*.crl'
fault "a CRL of the issuer before that is somebody else's" error 'earlier CRL +' \
	'attest_ca issuing renew; attest_ca crl; cp crl.der issuers/$(cd issuers; echo *.crl)'

# Certificates of the same keys with other times.
resign() { # NOT_BEFORE NOT_AFTER: of the issuing certificate
	: >"$scratch/index.txt"
	echo 01 >"$scratch/serial"
	cat >"$scratch/ca.cnf" <<-END
	[ca]
	default_ca = d
	[d]
	database = $scratch/index.txt
	serial = $scratch/serial
	new_certs_dir = $scratch
	default_md = sha256
	policy = p
	x509_extensions = e
	unique_subject = no
	[p]
	commonName = supplied
	[e]
	basicConstraints = critical,CA:TRUE,pathlen:0
	keyUsage = critical,keyCertSign,cRLSign
	subjectKeyIdentifier = hash
	authorityKeyIdentifier = keyid
	[req]
	distinguished_name = n
	[n]
	END
	openssl req -new -key issuing.key -subj '/CN=Attestation CA Issuing' -config "$scratch/ca.cnf" -out "$scratch/csr" &&
		openssl ca -batch -notext -config "$scratch/ca.cnf" -cert root.pem -keyfile root.key -startdate "$1" \
			-enddate "$2" -in "$scratch/csr" -out issuing.pem -utf8 -preserveDN && attest_ca crl
}
fault "an issuing certificate that expires soon" warning 'issuing certificate +expires soon, at .*run "attest-ca --state-dir [^ ]+ issuing renew"' \
	'resign "$(day -9)" "$(day +29)"'
fault "one that has expired" error 'issuing certificate +expired at .*run "attest-ca --state-dir [^ ]+ issuing renew"' \
	'resign "$(day -9)" "$(day -1)"'
fault "one that is yet to begin" error 'clock +the issuing certificate begins at .*set it right' \
	'resign "$(day +1)" "$(day +99)"'

# ---- CRLs ----

# A CRL of a CA's key with these times.
crl() { # NAME LAST NEXT OUT
	: >"$scratch/index.txt"
	echo 99 >"$scratch/number"
	printf '[ca]\ndefault_ca = d\n[d]\ndatabase = %s/index.txt\ncrlnumber = %s/number\ndefault_md = sha256\ncrl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid\n' \
		"$scratch" "$scratch" >"$scratch/crl.cnf"
	openssl ca -gencrl -config "$scratch/crl.cnf" -cert "$1.pem" -keyfile "$1.key" -crl_lastupdate "$2" \
		-crl_nextupdate "$3" | openssl crl -outform DER -out "$4"
}
fault "a CRL with one of seven days left" warning \
	'CRL +expires at .*attestd, which signs it again at half its time, does not run; start attestd' \
	'crl issuing "$(day -6)" "$(day +1)" crl.der'
fault "a CRL of which half is over since an hour" warning 'CRL +expires at .*does not run' \
	'crl issuing "$(date -u -d "-49 hours" +%y%m%d%H%M%SZ)" "$(day +2)" crl.der'
fault "a root's CRL that expires soon" warning 'root CRL +expires at .*have the root sign another' \
	'crl root "$(day -900)" "$(day +20)" root.crl'

# ---- the vendors' certificates ----

# vendor CN NOT_BEFORE NOT_AFTER: a root that is imported.
vendor() {
	local file=$scratch/vendor-$1

	printf '[req]\ndistinguished_name = n\n[n]\n[e]\nbasicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign\n' >"$file.cnf"
	: >"$scratch/index.txt"
	echo 01 >"$scratch/serial"
	printf '[ca]\ndefault_ca = d\n[d]\ndatabase = %s/index.txt\nserial = %s/serial\nnew_certs_dir = %s\ndefault_md = sha256\npolicy = p\nx509_extensions = e\n[p]\ncommonName = supplied\n' \
		"$scratch" "$scratch" "$scratch" >>"$file.cnf"
	openssl ecparam -name prime256v1 -genkey -noout -out "$file.key" &&
		openssl req -new -key "$file.key" -subj "/CN=$1" -config "$file.cnf" -out "$file.csr" &&
		openssl ca -batch -notext -selfsign -config "$file.cnf" -keyfile "$file.key" -startdate "$2" -enddate "$3" \
			-in "$file.csr" -out "$file.pem" && attest_ca trust import "$file.pem"
}
fault "vendors' roots that have all expired" warning 'trust +every root of the 1 imported certificates has expired.*trust import' \
	'vendor old "$(day -99)" "$(day -9)"'
fault "one of two vendors' roots that has expired, which still vouches for old TPMs" ok 'trust +2 imported certificates, 1 of them expired' \
	'vendor old "$(day -99)" "$(day -9)"; vendor new "$(day -9)" "$(day +99)"' 0
fault "a CRL that has expired" error 'CRL +expired at .*start attestd, or run "attest-ca --state-dir [^ ]+ crl"' \
	'crl issuing "$(day -9)" "$(day -1)" crl.der'
fault "a CRL that is yet to begin" error 'clock +the CRL begins at ' 'crl issuing "$(day +1)" "$(day +9)" crl.der'
fault "a CRL by somebody else" error 'CRL +' 'crl root "$(day -1)" "$(day +9)" crl.der'
fault "a CRL that is none" error 'CRL +' 'echo none >crl.der'
fault "a CRL that is no file" error 'CRL +.*crl.der is no regular file' 'rm crl.der; mkdir -m 700 crl.der'
fault "a root's CRL that has expired" error 'root CRL +expired at .*have the root sign another' \
	'crl root "$(day -9)" "$(day -1)" root.crl'

# ---- the daemon ----

rm -rf "$state_dir"
cp -a "$good" "$state_dir"
case_ok "no daemon has run" attest_ca check
case_matches "which is no fault" "$out" "ok +attestd +has not run on this directory yet"
vendor old "$(day -99)" "$(day -9)" >/dev/null 2>&1
attestd_start || exit 1
case_ok "attestd runs" attest_ca check
case_matches "which is seen" "$out" "ok +attestd +runs on this directory"

check "attestd says itself, in one line, that every vendor's root has expired" \
	'[ "$(grep -c "error .*event=expiry what=\"vendors. roots\" .*of 1 imported roots 1 has expired and 0 will soon: .*CN = old.*; .*trust import" "${log[attestd]}")" = 1 ]'
processes="${pid[attestd]} $(pgrep -P "${pid[attestd]}")"
kill -STOP $processes
(cd "$state_dir" && crl issuing "$(date -u -d "-4 days -1 hour" +%y%m%d%H%M%SZ)" "$(day +2)" crl.der) >/dev/null 2>&1
case_ok "a CRL that a running attestd does not renew" attest_ca check
case_matches "is said to be that" "$out" \
	'warning +CRL +expires at .*, and attestd runs, but cannot sign it again; see attestd.s log, or run "attest-ca'
kill -KILL $processes
wait_for '! kill -0 "${pid[attestd]}" 2>/dev/null'
wait_for 'attest_ca check | grep -q "attestd  *does not run"'
case_ok "after its death" attest_ca check
case_matches "it is missed at once, with the remedy" "$out" \
	'warning +attestd +does not run on this directory: .*"systemctl status attestd" .*"systemctl start attestd" starts it'

finish
