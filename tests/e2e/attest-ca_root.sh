# Root in the directory of a service's user, who attacks it: nothing of root's is read or written.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

[ "$(id -u)" -eq 0 ] || skip_all "only root has something to lose: not root"
needs setpriv sqlite3 openssl jq

racer=$top_builddir/tests/e2e/racer
acmed=$top_builddir/src/attest-acmed
as_service=(setpriv --reuid 12345 --regid 12346 --clear-groups --inh-caps=-all)
secret=root-alone-knows-this

chmod 711 "$scratch"
cp "$racer" "$scratch/racer" && chmod 755 "$scratch/racer"
mkdir -m 755 "$scratch/home" 2>/dev/null
state_dir=$scratch/ca
mkdir -m 700 "$scratch/private" "$state_dir"
mkdir -m 755 "$scratch/public" "$scratch/arena"
chown 12345:12346 "$state_dir" "$scratch/arena"
cd "$scratch" || exit 99

# What root has lost, if anything: a file that is not the service's where it attacks, what came
# into root's directories, or what changed in them.
roots_things() { (cd "$scratch" && find private public -printf '%p %U:%G %m %s\n' | sort; sha256sum private/* 2>/dev/null); }

# ---- as whom ----

case_ok "root makes the service's CA" attest_ca init
case_equal "all in it is the service's" "$(find "$state_dir" -printf '%U:%G\n' | sort -u)" 12345:12346
mkfifo "$scratch/passphrase"
daemon_start waiting bash -c "exec '$attest_ca_program' --state-dir '$state_dir' crl --passphrase-fd 3 3<>'$scratch/passphrase'"
check "it works as the service's user" \
	'wait_for "grep -q \"^Uid:[[:space:]]*12345[[:space:]]*12345[[:space:]]*12345[[:space:]]*12345\" /proc/${pid[waiting]}/status"'
case_equal "and group, in no other, without capabilities or a way to any" \
	"$(sed -n 's/^\(Gid\|Groups\|CapEff\|CapPrm\|CapAmb\|NoNewPrivs\):[[:space:]]*//p' "/proc/${pid[waiting]}/status" | tr -s ' \t' ' ' | sed 's/ $//' | xargs)" \
	"12346 12346 12346 12346 0000000000000000 0000000000000000 0000000000000000 1"
daemon_stop waiting KILL
case_equal "the record says who it was" "$(attest_ca enroll "$(printf 'a%.0s' {1..64})" --name a >/dev/null; attest_ca audit --json | jq -r '.[-1].actor')" \
	"uid 0 (root)${SUDO_UID:+, sudo by uid $SUDO_UID}"
mkdir -m 777 "$scratch/open" && mkdir "$scratch/open/ca"
case_fails "where anybody can put another directory root does not work" 1 'root does not work in' \
	"$attest_ca_program" --state-dir "$scratch/open/ca" init
mkdir "$scratch/arena/roots"
case_fails "nor where the service can" 1 'uid 12345, whose it is not, may put another in its place' \
	"$attest_ca_program" --state-dir "$scratch/arena/roots" init
rmdir "$scratch/arena/roots"
case_fails "nor with the store of another" 1 'root does not work for two at once' \
	attest_ca --store "sqlite:$scratch/private" list
case_ok "attest-acmed: the same" "$acmed" --state-dir "$scratch/arena/acme" init \
	--attestation-roots "$state_dir/root.pem" --dns-name localhost
case_equal "attest-acmed: all is the service's" "$(find "$scratch/arena/acme" -printf '%U\n' | sort -u)" 12345

# ---- what root alone may read or write, named by the administrator ----

private=$scratch/private
cp "$state_dir/root.pem" "$private/roots.pem"
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>/dev/null | openssl pkey -pubout >"$private/ek.pem"
case_ok "a public key to enrol" attest_ca enroll --ek "$private/ek.pem" --name key
case_ok "a backup" attest_ca backup "$private/backup.tar"
case_equal "it is root's" "$(stat -c '%U %a' "$private/backup.tar")" "root 600"
case_fails "another over it is refused" 1 'give another name, or --force' attest_ca backup "$private/backup.tar"
case_ok "unless forced" attest_ca backup --force "$private/backup.tar"
check "a backup to standard output" 'attest_ca backup - 2>/dev/null | tar t | grep -q store.db'
case_ok "an export" attest_ca export --output "$private/export.csv"
sed -i '1!d' "$private/export.csv" && printf 'b%.0s' {1..64} >>"$private/export.csv" && echo ,,,, >>"$private/export.csv"
case_ok "an import" attest_ca import "$private/export.csv"
case_ok "a CSR" attest_ca issuing csr --output "$private/issuing.csr"
rm -f "$state_dir"/issuing.next.*
mv "$state_dir/root.key" "$private/root.key" && chown root: "$private/root.key"
case_ok "the root's key, on a stick" attest_ca issuing renew --root-key "$private/root.key"
case_ok "by its URI" attest_ca issuing renew --root-key "file:$private/root.key"
attest_ca issuing csr --output "$private/issuing.csr" >/dev/null
openssl x509 -req -in "$private/issuing.csr" -CA "$state_dir/root.pem" -CAkey "$private/root.key" -days 30 \
	-extfile <(printf '%s\n' basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign \
		subjectKeyIdentifier=hash authorityKeyIdentifier=keyid) -out "$private/issuing.pem" 2>/dev/null
case_ok "a certificate for it" attest_ca issuing install "$private/issuing.pem"
mkdir -p "$private/vendors/deep"
cp "$private/roots.pem" "$private/vendors/deep/root.pem"
chmod -R go= "$private"
case_ok "a directory of certificates" attest_ca trust import "$private/vendors"
case_matches "is read to its depth" "$out" 'imported 1 root'
run attest_ca trust verify "$private/ek.pem"
check "a file to verify is read" '[[ $out$err != *denied* ]]'
case_ok "a backup to restore" "$attest_ca_program" --state-dir "$scratch/arena/restored" restore "$private/backup.tar"
rm -rf "$scratch/arena/restored"
case_ok "a credential of the service manager" env CREDENTIALS_DIRECTORY="$private" \
	bash -c "echo word >'$private/issuing-passphrase' && '$attest_ca_program' --state-dir '$state_dir' crl"
mkdir "$scratch/many" && (cd "$scratch/many" && printf '%s\n' {1..1025} | xargs touch)
case_fails "but not one among a thousand others" 1 'more files than are looked at' \
	env CREDENTIALS_DIRECTORY="$scratch/many" "$attest_ca_program" --state-dir "$state_dir" crl
case_fails "files beyond what a process may open" 1 'nothing was imported: opening ' \
	bash -c "ulimit -n 24 && exec '$attest_ca_program' --state-dir '$state_dir' trust import '$scratch/many'"
case_fails "a store that is not there" 1 '/none' attest_ca list --store "$scratch/none"
case_equal "nothing was left beside them" "$(find "$private" "$state_dir" -name '*.??????' -o -name '.attest*' | grep -v "$state_dir/issuers/" | grep -E '\.[a-z0-5]{6}$|/\.attest')" ""

# ---- who may check ----

case_ok "root checks the service's CA" attest_ca check
case_ok "a copy of the program" cp "$attest_ca_program" "$scratch/attest-ca"
check_as() { # UID
	run setpriv --reuid "$1" --regid "$1" --clear-groups "$scratch/attest-ca" --state-dir "$state_dir" check
}
check_as 12347
case_matches "another user is told who may" "$out" \
	"^error +user +this is uid 12347, and $state_dir is uid 12345's: .*run \"check\" as uid 12345, or as root"
case_equal "and told nothing else" "$(grep -c . <<<"$out") $status" "1 1"
check_as 12345
case_equal "the owner may" "$status" 0
chown root: "$state_dir/issuing.pem" && chmod 600 "$state_dir/issuing.pem"
run attest_ca check
case_matches "a file that is root's is to be given to the owner" "$out" \
	'issuing certificate +.*issuing.pem: Permission denied; give it to the owner of the directory'
check "and no backup is asked for" '! grep -q "issuing certificate.*backup" <<<"$out"'
chown 12345:12346 "$state_dir/issuing.pem" && chmod 644 "$state_dir/issuing.pem"

# ---- the device's side: it cannot take on another identity ----

mkdir "$scratch/arena/device" && chown 12345:12346 "$scratch/arena/device"
case_fails "attest-device: root keeps no state in another user's directory" 1 "which is uid 12345's; run this as that user" \
	"$top_builddir/src/attest-device" attest --attestation-url http://localhost:1 --state-dir "$scratch/arena/device"
case_fails "attest-device: nor makes one there" 1 'uid 12345' \
	"$top_builddir/src/attest-device" attest --attestation-url http://localhost:1 --state-dir "$scratch/arena/device/new/state"
case_equal "attest-device: nothing was made" "$(ls -A "$scratch/arena/device")" ""
rmdir "$scratch/arena/device"
mkdir -m 777 "$scratch/device"
case_fails "attest-device: nor in a directory where others may write" 1 'where others may write; run "chmod go-w ' \
	"$top_builddir/src/attest-device" attest --attestation-url http://localhost:1 --state-dir "$scratch/device"
case_equal "attest-device: nor is anything left there" "$(ls -A "$scratch/device")" ""
rmdir "$scratch/device"

# ---- the service's code, in the place of a token's module ----

# It would run with the terminal of root, and with what that process holds by then.
mkdir "$scratch/whole" && cp -a "$state_dir/." "$scratch/whole"
"${as_service[@]}" bash -c "cp '$top_builddir/tests/e2e/bad_host.so' '$state_dir/evil.so' 2>/dev/null || : >'$state_dir/evil.so'
	rm '$state_dir/issuing.key'
	echo 'pkcs11:token=ca;object=issuing?module-path=$state_dir/evil.so' >'$state_dir/issuing.uri'"
says="root does not load the PKCS #11 module $state_dir/evil.so, which others can replace"
grep -q '^#define HAVE_LIBP11' "$top_builddir/config.h" || says="built without PKCS #11"
case_fails "root does not run it in the service's place" 1 "$says" attest_ca crl
run attest_ca check
case_matches "nor to check it" "$out" "$says"

# p11-kit is root's, and loads what the configuration of its user names: the home of a service is its state
# directory, where a keeper that was taken over writes. Our own module tells when it is loaded.
proxy=$(find /usr/lib /usr/lib64 -name p11-kit-proxy.so 2>/dev/null | head -n 1)
if [ -z "$proxy" ] || [[ $says == built* ]] || [ ! -e "$top_builddir/src/attest-pkcs11.so" ] ||
	grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	skip "the keeper loads no module that its home names" "no p11-kit-proxy.so, or not in this build"
else
	mkdir -p "$state_dir/.config/pkcs11/modules"
	cp "$top_builddir/src/attest-pkcs11.so" "$state_dir/evil.so" && chmod 755 "$state_dir/evil.so"
	echo "module: $state_dir/evil.so" >"$state_dir/.config/pkcs11/modules/evil.module"
	echo "pkcs11:token=ca;object=issuing?module-path=$proxy" >"$state_dir/issuing.uri"
	chown -R 12345:12346 "$state_dir"
	cp "$attestd" "$scratch/attestd"
	start_as_service() { # ENV-OPTION-OR-ASSIGNMENT…
		rm -f "$scratch/arena/told"
		"${as_service[@]}" env "$@" HOME="$state_dir" ATTEST_PKCS11_DEBUG="$scratch/arena/told" \
			timeout 20 "$scratch/attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 >"$scratch/started" 2>&1
	}
	start_as_service -u XDG_CONFIG_HOME
	check "a keeper looks for its key in p11-kit's tokens" 'grep -q "issuing.uri" "$scratch/started"'
	check "the keeper loads no module that its home names" '[ ! -e "$scratch/arena/told" ]'
	start_as_service XDG_CONFIG_HOME="$state_dir/.config"
	check "but one where the administrator says so" '[ -s "$scratch/arena/told" ]'
	rm -f "$scratch/arena/told"
fi
rm -rf "$state_dir" && mv "$scratch/whole" "$state_dir"

# ---- attacks ----

printf '%s\n' "$secret" >"$private/secret"
sqlite3 "$private/secret.db" "CREATE TABLE device (note TEXT); INSERT INTO device VALUES ('$secret')"
before=$(roots_things)

attack() { # NAME: starts the racer as the service
	shift 0
	daemon_start "$1" "${as_service[@]}" "$scratch/racer" "${@:2}"
}

# race NAME COMMAND: a thousand times, or as often as RACE_SECONDS allow (contrib/check gives some),
# but ten times; then for as long as it takes until the attacker has moved a thousand times.
: "${RACE_SECONDS:=0}"
races=0
race() {
	local deadline=$((SECONDS + RACE_SECONDS)) last=$((SECONDS + RACE_SECONDS + 60))

	: >"$scratch/race.out"
	for ((races = 0; races < 1000 && SECONDS < last; races++)); do
		[ "$SECONDS" -lt "$deadline" ] || [ "$races" -lt 10 ] || [ "$(moves "$1")" -lt 1000 ] || break
		eval "$2" >>"$scratch/race.out" 2>&1 </dev/null
	done
	moved=$(moves "$1")
	daemon_stop "$1"
	note "$1: $races races against $moved moves"
}

# How often the attacker has moved so far.
moves() { # NAME
	local before

	before=$(grep -c . "${log[$1]}")
	kill -USR1 "${pid[$1]}"
	wait_for '[ "$(grep -c . "${log['"$1"']}")" -gt '"$before"' ]' && tail -n 1 "${log[$1]}"
}

lost_nothing() { # NAME
	case_equal "$1: nothing of root's was written" "$(roots_things)" "$before"
	check "$1: nor read" '! grep -qa "$secret" "$scratch/race.out"'
	check "$1: the attacker moved a thousand times" '[ "$moved" -ge 1000 ]'
	case_equal "$1: no file of root's is among the service's" "$(find "$state_dir" "$scratch/arena" -user root)" ""
}

attack restore capture "$scratch/arena" .attest-ca "$scratch/public"
race restore 'rm -rf "$scratch/arena/new" "$scratch/arena/"{away,.attest}*
	"$attest_ca_program" --state-dir "$scratch/arena/new" restore "$private/backup.tar"'
lost_nothing restore
rm -rf "$scratch/arena/"{new,away*,.attest*}

mkdir "$scratch/arena/inside" && chown 12345:12346 "$scratch/arena/inside"
attack inside capture "$scratch/arena/inside" .attest-ca "$scratch/public"
race inside 'find "$scratch/arena/inside" -mindepth 1 -delete
	"$attest_ca_program" --state-dir "$scratch/arena/inside" restore "$private/backup.tar"'
lost_nothing inside
rm -rf "$scratch/arena/inside"

# A CA of root's own, and a backup into the service's directory.
mkdir -m 700 "$scratch/own"
"$attest_ca_program" --state-dir "$scratch/own/ca" init >/dev/null
attack backup capture "$scratch/arena" .attest-ca-backup "$scratch/public"
race backup '"$attest_ca_program" --state-dir "$scratch/own/ca" backup --force "$scratch/arena/backup.tar"'
rm -rf "$scratch/arena/"{backup.tar*,away*,.attest*}
lost_nothing backup
case_ok "backup: and one is made all the same" "$attest_ca_program" --state-dir "$scratch/own/ca" backup "$scratch/arena/backup.tar"
rm -rf "$scratch/arena/backup.tar" "$scratch/own"

"${as_service[@]}" cp "$state_dir/root.pem" "$state_dir/other.pem"
"${as_service[@]}" ln -s "$private/secret" "$state_dir/link.pem"
attack link exchange "$state_dir/other.pem" "$state_dir/link.pem"
race link 'attest_ca backup - | tr -d "\0"'
lost_nothing link
rm -f "$state_dir/other.pem" "$state_dir/link.pem"

"${as_service[@]}" ln -s "$scratch/public" "$state_dir/elsewhere"
attack issuers exchange "$state_dir/issuers" "$state_dir/elsewhere"
race issuers 'attest_ca backup - | tr -d "\0"; attest_ca issuing renew --root-key "$private/root.key"; attest_ca crl'
lost_nothing issuers
[ -d "$state_dir/issuers" ] && [ ! -L "$state_dir/issuers" ] || { rm "$state_dir/issuers"; mv "$state_dir/elsewhere" "$state_dir/issuers"; }
rm -f "$state_dir/elsewhere"

"${as_service[@]}" ln -s "$private/secret" "$state_dir/crl.link"
attack crl exchange "$state_dir/crl.pem" "$state_dir/crl.link"
race crl 'attest_ca crl; attest_ca check'
lost_nothing crl
rm -f "$state_dir/crl.link" "$state_dir/crl.pem"
attest_ca crl >/dev/null

acme=$scratch/arena/acme
"${as_service[@]}" mkfifo "$acme/fifo"
attack acme exchange "$acme/root.crl" "$acme/fifo"
race acme 'timeout 10 "$acmed" --state-dir "$acme" crl; [ $? -ne 124 ] || echo "$secret"'
lost_nothing acme
rm -rf "$acme"

mv "$state_dir/issuers" "$scratch/arena/issuers" && ln -s "$scratch/arena/issuers" "$state_dir/issuers"
case_fails "issuers/ as a link is refused by backup" 1 'issuers is no directory, or a link' attest_ca backup "$scratch/refused.tar"
case_fails "and by issuing renew" 1 'issuers is no directory, or a link' \
	attest_ca issuing renew --root-key "$private/root.key"
rm "$state_dir/issuers" && mv "$scratch/arena/issuers" "$state_dir/issuers"

# The store of somebody else, and its journals, in the place of ours.
cp -a "$state_dir" "$scratch/arena/linked"
: >"$scratch/race.out"
for name in store.db store.db-wal store.db-shm store.db-journal store.lock; do
	for target in secret secret.db none; do
		rm -f "$scratch/arena/linked/"store.*
		cp -a "$state_dir/"store.* "$scratch/arena/linked/"
		"${as_service[@]}" ln -sf "$private/$target" "$scratch/arena/linked/$name"
		for command in list check crl "enroll $(printf 'c%.0s' {1..64})"; do
			"$attest_ca_program" --state-dir "$scratch/arena/linked" $command >>"$scratch/race.out" 2>&1
		done
	done
done
case_equal "the store as a link: nothing of root's was written" "$(roots_things)" "$before"
check "the store as a link: nor read" '! grep -qa "$secret" "$scratch/race.out"'
rm -rf "$scratch/arena/linked"

# ---- FIFOs: whoever opens one without care waits for ever ----

attest_ca issuing renew --root-key "$private/root.key" >/dev/null
attest_ca crl >/dev/null
cp -a "$state_dir" "$scratch/whole"
hung=
count=0
while read -r name; do
	rm -f "$state_dir/$name"
	"${as_service[@]}" mkfifo "$state_dir/$name"
	for command in check crl list "backup -" "issuing csr"; do
		timeout 10 "$attest_ca_program" --state-dir "$state_dir" $command >/dev/null 2>&1
		[ $? -ne 124 ] || hung+=" $command:$name"
		count=$((count + 1))
	done
	rm -rf "$state_dir"
	cp -a "$scratch/whole" "$state_dir"
done < <(cd "$scratch/whole" && find . -type f | sort)
case_equal "no FIFO in the place of a file keeps check, crl, list, backup or csr ($count times)" "$hung" ""

finish
