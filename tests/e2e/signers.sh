# Daemon and command that sign the CRL of one directory at the same time; sourced after lib.sh.
#
#   signers_run DIRECTORY DATABASE PID URL CURL-OPTION…
#       revokes and signs until the daemon with this process id and the command have signed
#       SIGNERS_WANTED times each (40; contrib/check wants more), while others read the files and
#       what is served; then says what was seen
#   signers_revoke N    revokes the N-th certificate                     } these two are
#   signers_sign FILE   signs; the file gets what that says, in JSON      } the caller's
#
# Certificate N has the serial number "s" and N in six digits.

signers_wanted=${SIGNERS_WANTED:-40}

# A second name. Of a file that is replaced between its lookup and the link, link(2) says that it is not there.
signers_link() { # FILE LINK
	for _ in {1..100}; do
		ln -f "$1" "$2" 2>/dev/null && return
		[ -e "$1" ] || return
	done
	return 1
}

# Copies a file whenever it is another than before, in the order in which that was seen.
signers_watch() { # FILE NAME
	local n=0 to

	while [ ! -e "$scratch/signers.end" ]; do
		# The same file, and not written to since it was read.
		if [ ! "$1" -ef "$scratch/$2.link" ] || [ "$1" -nt "$scratch/$2.last" ]; then
			signers_link "$1" "$scratch/$2.link" && cp -p "$scratch/$2.link" "$scratch/$2.now" ||
				echo "$2: missing" >>"$scratch/signers.faults"
			printf -v to '%s/seen/%s-%05d' "$scratch" "$2" $((n += 1))
			cmp -s "$scratch/$2.now" "$scratch/$2.last" || cp "$scratch/$2.now" "$to"
			mv "$scratch/$2.now" "$scratch/$2.last"
		fi
		pause 0.01 # leaves the processors to those that sign
	done
}

signers_fetch() { # URL CURL-OPTION…
	local n=0 to

	while [ ! -e "$scratch/signers.end" ]; do
		printf -v to '%s/seen/served-%05d' "$scratch" $((n += 1))
		curl --silent --fail --max-time 30 --output "$to" "${@:2}" "$1" ||
			echo "$1: not served" >>"$scratch/signers.faults"
		pause 0.05
	done
}

# The command, again and again; a line for each.
signers_command() {
	local n=0

	while [ ! -e "$scratch/signers.end" ]; do
		if [ -e "$scratch/signers.ahead" ]; then
			pause 0.02
			continue
		fi
		signers_sign "$scratch/signed/$(printf %05d $((n += 1))).json" 2>>"$scratch/signers.faults" ||
			echo "the command failed" >>"$scratch/signers.faults"
		echo "$n" >>"$scratch/signers.commands"
	done
}

# "NUMBER HASH" of CRLs, DER, in the order of their names; "none" for one that the issuer did not sign.
signers_read() { # FILE…
	local -A numbers=()
	local hash file text

	while read -r hash file; do
		if [ -z "${numbers[$hash]:-}" ]; then
			text=$(openssl crl -inform DER -in "$file" -CAfile "$signers_directory/issuing.pem" -noout \
				-crlnumber 2>&1)
			numbers[$hash]=none
			[[ $text != *"verify OK"* || ! $text =~ crlNumber=0x([0-9A-F]+) ]] ||
				numbers[$hash]=${BASH_REMATCH[1]}
		fi
		echo "${numbers[$hash]} $hash"
	done < <(sha256sum "$@")
}

signers_run() {
	local id=$3 url=$4 first number now=0 commands=0 daemons=0 deadline
	local -a jobs=()

	signers_directory=$1
	signers_database=$2
	shift 4
	mkdir "$scratch/seen" "$scratch/signed"
	: >"$scratch/signers.commands"
	: >"$scratch/signers.faults"
	first=$(store_tamper 'SELECT crl_number FROM counter' "$signers_database")
	signers_watch "$signers_directory/crl.der" der & jobs+=($!)
	signers_watch "$signers_directory/crl.pem" pem & jobs+=($!)
	signers_fetch "$url" "$@" & jobs+=($!)
	signers_command & jobs+=($!)
	deadline=$((SECONDS + 300)) # on a machine that has much else to do
	while [ "$commands" -lt "$signers_wanted" ] || [ "$daemons" -le "$signers_wanted" ]; do
		[ "$SECONDS" -lt "$deadline" ] || break
		if [ "$daemons" -le $((commands + 5)) ]; then # neither is much ahead of the other
			signers_revoke $((now += 1)) >/dev/null 2>>"$scratch/signers.faults" ||
				echo "the revocation of $now failed" >>"$scratch/signers.faults"
			kill -HUP "$id"
		fi
		commands=$(wc -l <"$scratch/signers.commands")
		number=$(store_tamper 'SELECT crl_number FROM counter' "$signers_database")
		daemons=$((number - first - commands))
		# The daemon does not sign what the command was quicker to sign.
		if [ "$commands" -gt $((daemons + 5)) ]; then
			: >"$scratch/signers.ahead"
		else
			rm -f "$scratch/signers.ahead"
		fi
	done
	: >"$scratch/signers.end"
	wait "${jobs[@]}"
	signers_say "$first"
}

signers_say() { # the number before the first
	local number commands

	# The daemon may still have the last revocation before it.
	wait_for '[ "$(signers_serials)" = "$(signers_revoked)" ]'
	cmp -s "$signers_directory/crl.der" "$scratch/der.last" ||
		cp "$signers_directory/crl.der" "$scratch/seen/der-99999"
	commands=$(wc -l <"$scratch/signers.commands")
	number=$(store_tamper 'SELECT crl_number FROM counter' "$signers_database")
	note "$commands CRLs of the command, $((number - $1 - commands)) of the daemon," \
		"$(ls "$scratch"/seen/der-* | wc -l) seen"
	check "both signed $signers_wanted times" \
		'[ '"$commands"' -ge $signers_wanted ] && [ '$((number - $1 - commands))' -ge $signers_wanted ]'
	check "and nothing failed" '[ ! -s "$scratch/signers.faults" ] || { note "$(cat "$scratch/signers.faults")"; false; }'
	signers_read "$scratch"/seen/der-* >"$scratch/der.read"
	signers_read "$scratch"/seen/served-* >"$scratch/served.read"
	signers_published >"$scratch/command.read"
	jq .number "$scratch"/signed/*.json >"$scratch/signers.numbers"
	check "every file that was seen is whole, and the issuer's" '! grep -h "^none" "$scratch"/*.read'
	check "every crl.pem that was seen is whole" signers_pem_whole
	check "the numbers of the file only grow" 'signers_grow "$scratch/der.read" 1'
	check "those of what is served never fall" 'signers_grow "$scratch/served.read" 0'
	check "no number was given to two CRLs" '
		[ -z "$(sort -u "$scratch"/*.read | cut -d" " -f1 | uniq -d)" ]'
	check "nor by two commands" '[ -z "$(sort "$scratch/signers.numbers" | uniq -d)" ]'
	case_equal "the last names all that is revoked" "$(signers_revoked | md5sum)" "$(signers_serials | md5sum)"
}

# The same as signers_read of the CRLs that the command printed, where it does.
signers_published() {
	local file crl

	for file in "$scratch"/signed/*.json; do
		crl=$(jq -r '.crl // empty' "$file")
		[ -z "$crl" ] || openssl crl -outform DER -out "${file%.json}.der" <<<"$crl"
	done
	! compgen -G "$scratch/signed/*.der" >/dev/null || signers_read "$scratch"/signed/*.der
}

signers_pem_whole() {
	local odd count said

	odd=$(grep -c '^-----\(BEGIN\|END\) X509 CRL-----$' "$scratch"/seen/pem-* | grep -v ':4$')
	[ -z "$odd" ] || { note "$odd"; return 1; }
	count=$(ls "$scratch"/seen/pem-* | wc -l)
	cat "$scratch"/seen/pem-* >"$scratch/pem.all"
	said=$(openssl storeutl -noout -crls "$scratch/pem.all" 2>&1 | tail -n 1)
	[ "$said" = "Total found: $((2 * count))" ] || { note "of $count files: $said"; return 1; }
}

# The numbers, in hexadecimal, each more than the one before by LEAST or more.
signers_grow() { # FILE LEAST
	local last=-1 number _

	while read -r number _; do
		[ $((16#$number)) -ge $((last + $2)) ] || { note "$number after $last"; return 1; }
		last=$((16#$number))
	done <"$1"
}

signers_serials() {
	openssl crl -inform DER -in "$signers_directory/crl.der" -noout -text |
		sed -n 's/^ *Serial Number: *//p' | sort
}

signers_revoked() {
	store_tamper 'SELECT hex(serial) FROM certificate WHERE revoked <> 0' "$signers_database" | sort
}
