#!/bin/bash
# Holds the layers (README, "Where things are") over the #include lines of src/: a folder includes
# only what stands above it, and never what it must never know. Then shows, on a
# scratch tree, that each rule can say no.
set -u

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# folder: what it may include: folders, or single headers of one. The last rows are the programs.
project_rules='
util           util
tpm            util tpm
pki            util tpm pki
webauthn       util tpm pki webauthn
store          util store store/sqlite/engine.h store/inventory/audit.h
store/inventory  util pki/crl_reason.h store store/inventory
store/acme     util store store/acme
store/sqlite   util store store/inventory store/sqlite ca/files.h
ca             util tpm pki store store/inventory ca
daemon         util daemon
http           util daemon http
service        util daemon service
service/front  util daemon http service service/front
service/keeper util pki/key_needs.h daemon store service service/keeper
attestation    util daemon service attestation ca/files.h attestation/keeper/ek_policy.h attestation/keeper/enroll_rule.h
attestation/front   util tpm daemon http service service/front attestation attestation/front
attestation/keeper  util tpm pki store store/inventory ca daemon http/tls.h service service/keeper attestation attestation/keeper
acme           util daemon service acme ca/files.h acme/keeper/policy.h
acme/front     util tpm webauthn daemon http service service/front acme acme/front
acme/keeper    util tpm pki webauthn store store/acme ca daemon service service/keeper acme acme/keeper
device         util tpm pki webauthn command device device/tpm device/host device/use
device/tpm     util tpm pki device/tpm
device/use     util tpm pki device device/use
device/host    util tpm pki webauthn device device/tpm device/host
pkcs11         util tpm pki device/tpm pkcs11
attestd        util service attestation attestation/front attestation/keeper
command        util command
admin          util tpm pki store store/inventory ca command admin
admin/backup   util tpm pki store store/inventory ca command admin admin/backup
admin/check    util tpm pki store store/inventory ca command admin admin/backup/manifest.h admin/check
admin/fleet    util tpm pki store store/inventory ca command admin admin/fleet
admin/issuing  util tpm pki store store/inventory ca command admin admin/issuing
admin/trust    util tpm pki store store/inventory ca command admin admin/trust
acme_admin     util tpm pki store store/acme ca acme acme/keeper command admin acme_admin
attest-acmed   util service acme acme/front acme/keeper command acme_admin
attest-ca      util command admin
attest-device  util command device
settings-doc   util attestation acme device command
'

# library header, as a regular expression: the folders that may know it, with what is below them,
# or single modules.
library_rules='
openssl/.*              tpm pki webauthn store ca http attestation acme device pkcs11 command admin acme_admin attest-ca
tss2/tss2_(common|mu|tpm2_types)\.h  tpm device pkcs11
tss2/.*                 device/tpm
cbor(/.*)?\.h           util
archive(_entry)?\.h     admin/backup admin/trust
confuse\.h              util attestation acme
jansson\.h              util/json_members http attestation acme device command admin acme_admin attest-ca
jose/.*                 acme device
event2/(http|bufferevent|listener|dns|rpc).*  http
event2/.*               daemon http attestation acme
sqlite3\.h              store/sqlite
unicode/.*              store/inventory
libp11\.h               pki
seccomp\.h              daemon
p11-kit/.*              pkcs11
libpq-fe\.h             store/postgresql
curl/.*                 device/host
(netinet/in|arpa/inet)\.h  util pki daemon http attestation acme device
(sys/socket|sys/un|netdb|netinet/.*)\.h  daemon http attestation acme device
(fcntl|dirent|sys/stat|sys/file|sys/mman)\.h  util pki store ca daemon http attestation acme device pkcs11 command admin attestd attest-acmed attest-ca attest-device
'

# folder: the single headers that it must not include, though the folder of them it may.
header_rules='
store/acme     store/engine.h
store/inventory  store/engine.h
tpm            util/file.h util/log.h
attest-device  pki/ca.h
device         pki/ca.h
device/tpm     pki/ca.h
device/host    pki/ca.h
'

# What no file of some places reaches, not even through a header of another: who (after "!": all but
# these), and what they must not reach. The wall before the keeper, and the one around the TPM.
walls='
^(service|attestation|acme)/front/  ^(store/.*|ca/.*|pki/ca\.h|pki/key\.h|.*/keeper/.*)$
!^device/tpm/               ^tss2/tss2_(esys|sys|rc|tctildr|tcti.*)\.h$
'

# layers_check TREE: prints each include of TREE/src that breaks a rule.
layers_check() {
	(cd "$1/src" && find . -name '*.[ch]' | sed 's|^\./||' | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include' /dev/null) |
	    present=$(cd "$1/src" && find . -name '*.h' | sed 's|^\./||') \
	    project_rules=$project_rules library_rules=$library_rules header_rules=$header_rules \
	    walls=$walls awk '
	function rules_read(text, names, values,    lines, words, count, n, i, j) {
		count = split(text, lines, "\n")
		for (i = 1; i <= count; i++) {
			n = split(lines[i], words, /[ \t]+/)
			if (words[1] == "")
				continue
			names[++names[0]] = words[1]
			values[names[0]] = " "
			for (j = 2; j <= n; j++)
				values[names[0]] = values[names[0]] words[j] " "
		}
	}
	function list_of(folder, names, values,    i) {
		for (i = 1; i <= names[0]; i++)
			if (names[i] == folder)
				return values[i]
		return ""
	}
	# The folder of a file below src/; a program is one by itself.
	function folder_of(path) {
		if (!sub(/\/[^\/]*$/, "", path))
			sub(/\.[ch]$/, "", path)
		return path
	}
	# Whether a list names the folder, or one that it lies in.
	function is_in(folder, list) {
		do {
			if (index(list, " " folder " ") != 0)
				return 1
		} while (sub(/\/[^\/]*$/, "", folder))
		return 0
	}
	function no(why) {
		printf "src/%s:%s: %s: %s\n", file, line, header, why
	}
	# Looks for what matches `behind` among all that `from` includes; prints the first way there.
	function wall_check(file, from, way, behind,    headers, i, n) {
		n = split(includes[from], headers, " ")
		for (i = 1; i <= n; i++) {
			if (seen[headers[i]]++)
				continue
			if (headers[i] ~ behind) {
				printf "src/%s: %s: behind the wall, by way of%s\n", file, headers[i],
				    way " " headers[i]
				return 1
			}
			if (wall_check(file, headers[i], way " " headers[i], behind))
				return 1
		}
		return 0
	}
	BEGIN {
		rules_read(ENVIRON["project_rules"], project_names, project)
		rules_read(ENVIRON["library_rules"], library_names, library)
		rules_read(ENVIRON["header_rules"], header_names, headers)
		rules_read(ENVIRON["walls"], wall_names, behind_walls)
		n = split(ENVIRON["present"], paths, "\n")
		for (i = 1; i <= n; i++)
			present[paths[i]] = 1
	}
	{
		file = $0; sub(/:.*/, "", file)
		line = substr($0, length(file) + 2); sub(/:.*/, "", line)
		text = substr($0, length(file) + length(line) + 3)
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", text)
		header = text
		if (!match(text, /^("[^"]*"|<[^>]*>)/)) {
			no("cannot be read")
			next
		}
		quoted = substr(text, 1, 1) == "\""
		header = substr(text, 2, RLENGTH - 2)
		folder = folder_of(file)
		allowed = list_of(folder, project_names, project)
		if (allowed == "") {
			if (!(folder in unknown))
				no("its folder has no place among the layers; give it one in " \
				    "README.md and in this test")
			unknown[folder] = 1
			next
		}
		place = folder_of(header)
		if (quoted && header == "config.h")
			next
		# The compiler looks beside the file first: src/device/tpm/ak.h for "tpm/ak.h".
		directory = file
		if (quoted && sub(/\/[^\/]*$/, "", directory) && (directory "/" header) in present) {
			no("means src/" directory "/" header " in this folder")
			next
		}
		if (list_of(place, project_names, project) != "" && header ~ /\//) {
			if (index(allowed, " " place " ") == 0 && index(allowed, " " header " ") == 0)
				no(folder " may include" allowed "only")
			else if (index(list_of(folder, header_names, headers), " " header " "))
				no(folder " must never know it")
			else
				includes[file] = includes[file] " " header
		} else if (quoted)
			no("is no folder/file.h of ours")
		else for (i = 1; i <= library_names[0]; i++) {
			if (header !~ "^" library_names[i] "$")
				continue
			module = file
			sub(/\.[ch]$/, "", module)
			if (!is_in(module, library[i]))
				no(folder " must never know it")
			else
				includes[file] = includes[file] " " header
			break
		}
		files[file] = 1
	}
	END {
		for (i = 1; i <= wall_names[0]; i++) {
			who = wall_names[i]
			inside = sub(/^!/, "", who)
			behind = behind_walls[i]
			gsub(/ /, "", behind)
			for (file in files) {
				split("", seen)
				if ((file ~ who) != inside)
					wall_check(file, file, "", behind)
			}
		}
	}'
}

cases=0
failed=0

# ok WHAT STATUS [DETAIL]
ok() {
	cases=$((cases + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $cases - $1"
	else
		failed=1
		echo "not ok $cases - $1"
		printf '%s\n' "${3:-}" | sed 's/^/# /'
	fi
}

# refuses FILE INCLUDE… : a tree where only that file has these includes breaks one rule.
refuses() {
	local file=$1 found
	shift
	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/$(dirname "$file")"
	printf '%s\n' "$@" >"$scratch/src/$file"
	found=$(layers_check "$scratch")
	[ "$(printf '%s' "$found" | grep -c "^src/$file:")" -eq 1 ]
	ok "$file cannot include $(printf '%s' "${*: -1}" | tr -s '#\t' ' ')" $? "found: $found"
}

# reaches FILE HEADER INCLUDE: the wall is held when FILE includes HEADER, and only that has the
# include of something behind it.
reaches() {
	local found

	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/$(dirname "$1")" "$scratch/src/$(dirname "$2")"
	printf '#include "%s"\n' "$2" >"$scratch/src/$1"
	printf '%s\n' "$3" >"$scratch/src/$2"
	found=$(layers_check "$scratch")
	printf '%s' "$found" | grep -q "^src/$1: .*behind the wall"
	ok "$1 cannot reach by way of $2 what $(printf '%s' "$3" | tr -d '#') says" $? "found: $found"
}

# allows FILE INCLUDE…
allows() {
	local file=$1 found
	shift
	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/$(dirname "$file")"
	printf '%s\n' "$@" >"$scratch/src/$file"
	found=$(layers_check "$scratch")
	[ -z "$found" ]
	ok "$file can include $(printf '%s' "$*" | sed 's/#include //g')" $? "found: $found"
}

found=$(layers_check "$top_srcdir")
[ -z "$found" ]
ok "src/ keeps the layers" $? "$found"

# Something was read at all.
[ "$(find "$top_srcdir/src" -name '*.[ch]' | wc -l)" -gt 20 ]
ok "src/ was found" $? "no sources in $top_srcdir/src"

# Who stands below, in each folder.
refuses util/bytes.c '#include "tpm/name.h"'
refuses util/bytes.h '#include "daemon/channel.h"'
refuses tpm/name.c '#include "pki/key.h"'
refuses pki/key.c '#include "store/store.h"'
refuses webauthn/tpm.c '#include "http/json.h"'
refuses store/sqlite/open.c '#include "tpm/name.h"'
refuses daemon/channel.c '#include "attestation/message.h"'
refuses service/program.c '#include "attestation/settings.h"'
refuses service/settings.c '#include "store/store.h"'
refuses daemon/worker.c '#include "store/writer.h"'
refuses http/server.c '#include "attestation/front/front.h"'
refuses http/server.c '#include "pki/key.h"'
refuses service/fields.c '#include "http/json.h"'
refuses service/fields.c '#include "attestation/message.h"'
refuses service/front/fetch.c '#include "acme/message.h"'
refuses service/keeper/shelf.c '#include "store/inventory/device.h"'
refuses service/keeper/shelf.c '#include "http/server.h"'
refuses attestation/keeper/keeper.c '#include "acme/keeper/order.h"'
refuses acme/keeper/keeper.c '#include "attestation/keeper/pending.h"'
refuses acme/keeper/order.c '#include "store/inventory/waiting.h"'
refuses acme_admin/orders.c '#include "store/inventory/device.h"'
refuses store/acme/order.c '#include "store/inventory/device.h"'
refuses store/inventory/device.c '#include "store/acme/acme.h"'
refuses store/inventory/device.c '#include "store/sqlite/connection.h"'
refuses store/acme/order.c '#include "store/sqlite/engine.h"'
refuses store/acme/order.c '#include "store/engine.h"'
refuses store/inventory/device.c '#include "store/engine.h"'
refuses store/sql.c '#include "store/sqlite/connection.h"'
refuses store/sqlite/open.c '#include "store/acme/acme.h"'
refuses admin/list.c '#include "store/acme/acme.h"'
refuses device/http.c '#include "http/server.h"'
refuses device/key.c '#include "store/store.h"'
refuses device/key.c '#include "pki/ca.h"'
refuses attest-device.c '#include "store/store.h"'
refuses pkcs11/token.c '#include "device/state.h"'
refuses pkcs11/signer.c '#include <tss2/tss2_esys.h>'
refuses pkcs11/token.c '#include "store/store.h"'
refuses pkcs11/token.c '#include "command/table.h"'
refuses device/open.c '#include "pkcs11/token.h"'
refuses pki/pkcs11.c '#include <p11-kit/pkcs11.h>'
refuses device/tpm/device_ek.c '#include "device/host/http_client.h"'
refuses device/host/attestation.c '#include <tss2/tss2_esys.h>'
refuses device/device_csr.c '#include <tss2/tss2_esys.h>'
refuses device/command_status.c '#include <tss2/tss2_tctildr.h>'
refuses device/command.c '#include <tss2/tss2_rc.h>'
refuses attest-device.c '#include <tss2/tss2_esys.h>'
refuses tpm/ak.c '#include <tss2/tss2_sys.h>'
refuses device/tpm/device_ek.c '#include <curl/curl.h>'
refuses device/certification.c '#include <curl/curl.h>'
refuses attest-device.c '#include <curl/curl.h>'
refuses device/host/approval.c '#include "command/command.h"'
refuses device/tpm/ek.c '#include "command/option.h"'
refuses admin/trust/import.c '#include "admin/backup/archive.h"'
refuses attest-ca.c '#include "daemon/channel.h"'
refuses attestd.c '#include "device/tpm.h"'

# What must never be known.
refuses util/file.c '#include <openssl/evp.h>'
refuses util/file.c '#include <tss2/tss2_mu.h>'
refuses util/log.c '#include <event2/event.h>'
refuses util/log.c '#include <jansson.h>'
refuses util/log.c '#include <sys/socket.h>'
refuses tpm/name.c '#include <sys/socket.h>'
refuses tpm/name.c '#include <fcntl.h>'
refuses tpm/name.c '#include "util/file.h"'
refuses tpm/name.c '#include <jansson.h>'
refuses tpm/name.c '#include <tss2/tss2_esys.h>'
refuses service/program.c '#include <seccomp.h>'
refuses tpm/name.c '#include <cbor.h>'
refuses pki/key.c '#include <event2/http.h>'
refuses pki/key.c '#include <sqlite3.h>'
refuses webauthn/tpm.c '#include <cbor.h>'
refuses store/sqlite/open.c '#include <tss2/tss2_mu.h>'
refuses store/sql.c '#include <sqlite3.h>'
refuses store/inventory/device.c '#include <sqlite3.h>'
refuses store/acme/order.c '#include <sqlite3.h>'
refuses store/sqlite/open.c '#include <curl/curl.h>'
refuses daemon/channel.c '#include <event2/http.h>'
refuses daemon/channel.c '#include <jansson.h>'
refuses daemon/channel.c '#include <cbor.h>'
refuses daemon/channel.c '#include <openssl/evp.h>'
refuses http/server.c '#include <sqlite3.h>'
refuses http/server.c '#include <tss2/tss2_mu.h>'
refuses attestation/keeper/keeper.c '#include <sqlite3.h>'
refuses attestation/keeper/keeper.c '#include <libp11.h>'
refuses attestation/keeper/keeper.c '#include <tss2/tss2_mu.h>'
refuses attestation/front/front.c '#include <event2/http.h>'
refuses device/tpm.c '#include <event2/event.h>'
refuses device/tpm.c '#include <sqlite3.h>'
refuses attest-ca.c '#include <sqlite3.h>'

# The wall: a front knows neither store nor CA nor keeper, by its path.
for front in service/front attestation/front acme/front; do
	refuses $front/jwk.c '#include "store/store.h"'
	refuses $front/render.c '#include "ca/files.h"'
	refuses $front/route.c '#include "pki/ca.h"'
	refuses $front/state.h '#include "pki/key.h"'
	refuses $front/post.c "#include \"${front%/*}/keeper/keeper.h\""
done
refuses attestation/front/front.c '#include "acme/message.h"'
refuses acme/front/front.c '#include "attestation/message.h"'
refuses acme/keeper/order.c '#include "http/server.h"'
refuses attestation/keeper/certify.c '#include <jansson.h>'

# Not even by way of another header.
reaches acme/front/post.c acme/front/state.h '#include "acme/keeper/policy.h"'
reaches acme/front/post.c acme/settings.h '#include "acme/keeper/policy.h"'
reaches attestation/front/front.c attestation/settings.h '#include "attestation/keeper/ek_policy.h"'
reaches device/device_csr.c device/tpm/sign_key.h '#include <tss2/tss2_esys.h>'
reaches device/host/attestation.c device/tpm/device_ek.h '#include <tss2/tss2_esys.h>'
reaches attest-device.c device/tpm/ak_type.h '#include <tss2/tss2_rc.h>'

# A header beside the file takes the place of the one that is meant.
shadowed() { # FILE HEADER INCLUDE
	local found

	rm -rf "$scratch/src"
	mkdir -p "$scratch/src/$(dirname "$1")" "$scratch/src/$(dirname "$2")"
	printf '%s\n' "$3" >"$scratch/src/$1"
	: >"$scratch/src/$2"
	found=$(layers_check "$scratch")
	printf '%s' "$found" | grep -q "^src/$1:.*means src/$2 in this folder"
	ok "$1 cannot mean another header than $2" $? "found: $found"
}
shadowed device/chain.c device/tpm/ak.h '#include "tpm/ak.h"'
allows device/chain.c '#include "tpm/ak.h"'

# How it is written does not matter.
refuses util/hex.c '  #  include   "tpm/name.h"'
refuses util/hex.c '#include <tpm/name.h>'
refuses util/hex.c '#include "tpm/name.h" /* just this once */'
refuses util/hex.c '#include "../tpm/name.h"'
refuses util/hex.c '#include "hex.h"'
refuses util/hex.c '#include HEADER'
refuses misc/all.c '#include "util/hex.h"'
refuses attest-everything.c '#include "util/hex.h"'

# And what is in order passes.
allows util/hex.c '#include "config.h"' '#include "util/hex.h"' '#include <stdio.h>' '#include <cbor.h>'
allows tpm/name.c '#include "util/error.h"' '#include <openssl/evp.h>' '#include <tss2/tss2_mu.h>'
allows daemon/channel.c '#include <event2/event.h>' '#include <sys/socket.h>' '#include "util/error.h"'
allows http/server.c '#include <event2/http.h>' '#include <openssl/ssl.h>' '#include "daemon/worker.h"'
allows device/tpm/tpm.c '#include <tss2/tss2_esys.h>' '#include "tpm/ek.h"'
allows device/tpm/esys.h '#include <tss2/tss2_esys.h>' '#include <tss2/tss2_tctildr.h>'
allows device/host/attestation.c '#include <tss2/tss2_mu.h>' '#include "device/tpm/device_ek.h"'
allows pkcs11/signer.c '#include <p11-kit/pkcs11.h>' '#include "device/tpm/key_sign.h"' '#include "pkcs11/queue.h"'
allows device/host/http_client.c '#include <curl/curl.h>' '#include "webauthn/tpm.h"'

echo "1..$cases"
exit $failed
