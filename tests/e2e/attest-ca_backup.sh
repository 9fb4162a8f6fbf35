# attest-ca backup and restore: everything of a CA while it works, and nothing of what is no backup.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1
attestd_start || exit 1
swtpm_start one || exit 1
hash=$(attest_device --tcti "${tcti[one]}" ek --hash) || exit 1
attest_ca enroll "$hash" --name laptop --tag office --note "third floor" >/dev/null

attest() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/device" \
		attest --attestation-url "$attestd_url"
}

restored=$scratch/restored
restore() {
	"$attest_ca_program" --state-dir "$restored" restore "$@"
}

# What a failed command may have left beside its place.
leftovers() {
	find "$scratch" -maxdepth 2 -name '.attest-ca-*'
}

# ---- while attestations run ----

case_ok "the device attests" attest
while [ ! -e "$scratch/enough" ]; do
	attest >/dev/null 2>&1 || : >"$scratch/refused"
done &
attesting=$!
for i in 1 2 3; do
	attest_ca backup "$scratch/backup.$i.tar" >"$scratch/backup.$i.out" 2>&1 || : >"$scratch/failed"
done
: >"$scratch/enough"
wait "$attesting"
check "backups succeed while attestations run" '[ ! -e "$scratch/failed" ]'
check "attestations succeed while backups are made" '[ ! -e "$scratch/refused" ]'
backup=$scratch/backup.3.tar
case_matches "it says what it made" "$(cat "$scratch/backup.3.out")" \
	"wrote $backup: [0-9]+ files, [0-9]+ octets, with the private keys: keep it as safe as them"
case_equal "nobody else may read it" "$(stat -c %a "$backup")" 600
case_equal "it has the files of the CA, the store last" "$(tar tf "$backup" | xargs)" \
	"manifest.json crl.der crl.pem issuing.key issuing.pem root.crl root.key root.pem store.db"
case_equal "nothing is left beside it" "$(leftovers)" ""
case_matches "it is on record" "$(attest_ca audit --json | jq -r '.[] | select(.action == "backup") | .detail' | tail -n 1)" \
	"^with the private keys, to $backup\$"

# ---- what it takes and what not ----

case_fails "an archive that is there is not overwritten" 1 'is there already; give another name, or --force' \
	attest_ca backup "$backup"
case_ok "--force replaces it" attest_ca backup "$backup" --force --json
case_equal "and the answer can be JSON" "$(jq -c '[.keys, (.files | length), .left_out]' <<<"$out")" '[true,8,null]'
mkfifo "$scratch/fifo"
case_fails "but not what is no file" 1 'is not a regular file; give "-" and redirect it there' \
	attest_ca backup "$scratch/fifo" --force
case_fails "nor is it put where it would be lost with the rest" 1 'would be in the state directory' \
	attest_ca backup "$state_dir/backup.tar"
case_ok "--without-keys leaves them out" attest_ca backup "$scratch/public.tar" --without-keys
case_equal "whatever they are called" "$(tar tf "$scratch/public.tar" | grep -c key)" 0
check "and none is in the store" '! grep -q "PRIVATE KEY" "$scratch/public.tar"'
ln -s /etc/hostname "$state_dir/link"
case_matches "what is no file is named" "$(attest_ca backup "$scratch/link.tar")" 'does not have link, which is no regular file'
rm "$state_dir/link"
: >"$state_dir/what is this"
case_equal "and what has no plain name" "$(attest_ca backup "$scratch/odd.tar" --json | jq -r .left_out)" "what is this"
rm "$state_dir/what is this"
case_fails "a directory that is not there is named" 1 "nowhere" attest_ca backup "$scratch/nowhere/b.tar"
check "standard output is a file too" 'attest_ca backup - 2>/dev/null | tar tf - >/dev/null'
case_fails "but not for JSON at once" 2 'would both write to standard output' attest_ca backup - --json

# ---- elsewhere ----

number() {
	openssl crl -inform DER -in "$1/crl.der" -noout -crlnumber | sed 's/.*=0x//; s/.*=//'
}
crl_before=$((16#$(number "$state_dir")))
before=$(attest_ca show laptop --json | jq -c '[.names, .tags, .note, .enabled, (.certificates | length)]')
case_ok "a last backup is made" attest_ca backup "$backup" --force
case_ok "a device leaves after it" attest_ca remove laptop
attestd_stop
case_ok "it is restored elsewhere" restore "$backup"
case_matches "and says what is not in it" "$out" 'certificates that were issued since cannot be revoked one by one'
case_equal "… in JSON, too" "$("$attest_ca_program" --state-dir "$scratch/json" restore --json "$backup" |
	jq -c '[.keys, .crl_number > 0]')" '[true,true]'
before_restore=$state_dir
state_dir=$restored
case_equal "the inventory is as it was" \
	"$(attest_ca show laptop --json | jq -c '[.names, .tags, .note, .enabled, (.certificates | length)]')" "$before"
case_equal "only the owner gets at it" "$(stat -c %a "$restored" "$restored/issuing.key" "$restored/store.db" | xargs)" \
	"700 600 600"
check "the root's CRL, beside its key, too" 'cmp -s "$before_restore/root.crl" "$restored/root.crl"'
case_ok "its record holds" attest_ca audit --verify
case_equal "and ends with backup and restore" \
	"$(attest_ca audit --json | jq -r '.[-2:][].action' | xargs)" "backup restore"
check "attestd starts from it" attestd_start
case_ok "and attests" attest
check "its CRL goes on above the old one" '[ "$((16#$(number "$restored")))" -gt "$crl_before" ]'
case_ok "nothing is wrong with it" attest_ca check
attestd_stop

# ---- what is not restored ----

case_fails "a CA that is there is not overwritten" 1 'is there already, and nothing was changed' restore "$backup"
mkdir "$scratch/full" && : >"$scratch/full/file"
case_fails "nor is anything else" 1 'is not empty' \
	"$attest_ca_program" --state-dir "$scratch/full" restore "$backup"
mkdir "$scratch/empty"
case_ok "an empty directory is used" "$attest_ca_program" --state-dir "$scratch/empty" restore "$backup"
if [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$scratch" # root works there as the service's user, who must get there
	mkdir "$scratch/service" && chown 12345:12345 "$scratch/service"
	attest_ca issuing renew >/dev/null
	attest_ca backup "$scratch/issuers.tar" >/dev/null
	case_ok "root restores into a service's directory" \
		"$attest_ca_program" --state-dir "$scratch/service" restore "$scratch/issuers.tar"
	check "with the files of earlier issuers" 'ls "$scratch/service/issuers/"*.key >/dev/null'
	case_equal "and all is the service's" "$(find "$scratch/service" ! -user 12345)" ""
	case_ok "and in order" "$attest_ca_program" --state-dir "$scratch/service" check
fi
case_ok "one without keys is restored, too" \
	"$attest_ca_program" --state-dir "$scratch/public" restore "$scratch/public.tar"
case_matches "and says that they are missing" "$out" 'private keys were not in the backup'
case_fails "as does check" 1 'issuing key +no private key at' "$attest_ca_program" --state-dir "$scratch/public" check
restored=$scratch/refused-ca

good=$scratch/good
mkdir "$good" && tar xf "$backup" -C "$good"
names=$(tar tf "$backup" | xargs)

# An archive of a copy of the good one's files that a command has changed.
forge() { # COMMAND [MEMBERS]
	rm -rf "$scratch/forged" "$scratch/forged.tar"
	cp -a "$good" "$scratch/forged"
	(cd "$scratch/forged" && eval "$1" && tar cf ../forged.tar -P ${2:-$names})
}

# The manifest of what the files are now, as whoever forges one would write it.
remanifest() {
	local name

	for name in $(jq -r '.files[].name' manifest.json); do
		jq --arg n "$name" --arg h "$(sha256sum "$name" | cut -d' ' -f1)" --argjson s "$(stat -c %s "$name")" \
			'(.files[] | select(.name == $n)) |= (.sha256 = $h | .size = $s)' manifest.json >m && mv m manifest.json
	done
}

refuse() { # NAME REGEX
	case_fails "$1 is refused" 1 "$2" restore "$scratch/forged.tar"
	check "and leaves nothing" '[ ! -e "$restored" ] && [ -z "$(leftovers)" ]'
}

forge : && check "a forged archive that is none is taken" 'restore "$scratch/forged.tar" >/dev/null && rm -r "$restored"'
forge 'echo >>root.pem'
refuse "a file that is too long" 'root.pem has more than'
forge 'tr A-M N-Z <issuing.pem >x; mv x issuing.pem'
refuse "a file that was changed" 'issuing.pem is not as the manifest says'
forge 'printf x | dd of=store.db bs=1 seek=9000 conv=notrunc 2>/dev/null'
refuse "a store that was changed" 'store.db is not as the manifest says'
forge : "${names% store.db}"
refuse "one without the store" 'it ends before store.db'
forge : "${names/root.pem /}"
refuse "one without a file" 'where root.pem should be'
forge ': >more' "$names more"
refuse "one with something behind" 'there is more after the store'
forge 'rm root.pem; ln -s /etc/passwd root.pem'
refuse "a link" 'root.pem is not a regular file in it'
forge 'rm root.pem; ln root.key root.pem'
refuse "a hard link" 'root.pem is not a regular file in it'
TAR_OPTIONS=-S forge 'truncate -s +8G store.db; jq ".files[-1].size = $(stat -c %s store.db)" manifest.json >m; mv m manifest.json'
refuse "a sparse file" 'store.db is not a regular file in it'
forge ': >../evil; jq "(.files[] | select(.name == \"root.pem\")).name = \"../evil\"" manifest.json >m; mv m manifest.json' \
	"${names/root.pem/..\/evil}"
refuse "a name that leads outside" '"../evil", which does not belong to a CA'
forge 'jq "(.files[] | select(.name == \"root.pem\")).name = \"/etc/evil\"" manifest.json >m; mv m manifest.json'
refuse "an absolute name" '"/etc/evil", which does not belong to a CA'
forge 'jq "(.files[] | select(.name == \"root.pem\")).name = \"store.db-wal\"" manifest.json >m; mv m manifest.json'
refuse "a companion of the store" '"store.db-wal", which does not belong to a CA'
forge 'jq "(.files[] | select(.name == \"root.pem\")).name = \"root.crl\"" manifest.json >m; mv m manifest.json'
refuse "a name twice" 'has two files root.crl'
forge 'jq "(.files[] | select(.name == \"root.pem\")).size = 99999999999" manifest.json >m; mv m manifest.json'
refuse "a size beyond bounds" 'has more than 67108864 octets'
forge 'jq ".version = 2" manifest.json >m; mv m manifest.json'
refuse "a backup of a version to come" 'version 2, and this program reads 1'
forge 'echo "{}" >manifest.json'
refuse "a manifest of something else" 'manifest is damaged, or from another program'
forge 'store_tamper "DROP TRIGGER audit_only_grows; UPDATE audit SET actor = 1 WHERE id = 2" store.db && remanifest'
refuse "a store without its guards" '"audit_only_grows" is missing'
forge 'store_tamper "CREATE TRIGGER x AFTER INSERT ON device BEGIN SELECT 1; END" store.db && remanifest'
refuse "a store with more than its own" '"x" is not of this program'"'"'s making'
trigger=$(store_tamper "SELECT sql FROM sqlite_schema WHERE name = 'audit_only_grows'" "$good/store.db")
forge 'store_tamper "DROP TRIGGER audit_only_grows; UPDATE audit SET actor = 1 WHERE id = 2; $trigger" store.db && remanifest'
refuse "a store whose record was altered" 'audit entry 2 was altered'
forge 'echo no store >store.db; remanifest'
refuse "a store that is none" 'nothing was restored'
for size in 0 1 511 1024 20000 $(($(stat -c %s "$backup") / 2)); do
	head -c "$size" "$backup" >"$scratch/forged.tar"
	refuse "a backup cut to $size octets" 'is damaged|is no backup|nothing was restored'
done
gzip -c "$backup" >"$scratch/forged.tar"
refuse "one that is compressed" 'is no backup'
case_fails "no file is named" 1 'opening .*nothing.tar: No such file' restore "$scratch/nothing.tar"

# ---- killed ----

halves=0
for delay in 0.01 0.02 0.03 0.05 0.08 0.12 0.2; do
	rm -rf "$scratch/killed" "$scratch/killed.tar"
	timeout -s KILL "$delay" "$attest_ca_program" --state-dir "$scratch/empty" backup "$scratch/killed.tar" >/dev/null 2>&1
	[ ! -e "$scratch/killed.tar" ] || tar tf "$scratch/killed.tar" | tail -n 1 | grep -q '^store.db$' || halves=$((halves + 1))
	timeout -s KILL "$delay" "$attest_ca_program" --state-dir "$scratch/killed" restore "$backup" >/dev/null 2>&1
	[ ! -e "$scratch/killed" ] || "$attest_ca_program" --state-dir "$scratch/killed" check >/dev/null || halves=$((halves + 1))
done 2>/dev/null
case_equal "who is killed has written all or nothing" "$halves" 0

"$attest_ca_program" --state-dir "$scratch/empty" backup - 2>/dev/null | head -c 100 >/dev/null
case_equal "a reader that goes leaves nothing behind" "$(find "${TMPDIR:-/var/tmp}" -maxdepth 1 -name '.attest-ca-backup.*' -newer "$scratch/empty")" ""

finish
