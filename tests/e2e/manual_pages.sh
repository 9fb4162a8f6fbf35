#!/usr/bin/env bash
# Each program has a manual page that mandoc has nothing to say of, and that
# tells of the same options as --help, no fewer and no more.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

# The long options of a text, one to a line.
long_options() {
	grep -oE -e '--[a-z][a-z-]+' | sort -u
}

# What --help says, that of each command included where commands have one.
help_text() {
	local line
	local -a words

	"$1" --help
	while read -r line; do
		read -ra words <<<"$line" # a command may have two
		"$1" "${words[@]}" --help
	done < <("$1" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z ]\{17\}\).*/\1/p')
}

# In mdoc a long option is Fl -name, within a line of macros too.
manual_options() {
	grep -E '^\.(It|Op|Nm|Fl|Ar|Xo)' "$1" | grep -oE 'Fl -[a-z][a-z-]+' | sed 's/Fl /-/' | sort -u
}

for program in "$attestd" "$attest_ca_program" "$attest_device_program" \
	"$top_builddir/src/attest-acmed"; do
	name=${program##*/}
	page=$(find "$top_srcdir/data" -name "$name.[18]")

	if ! check "$name has a manual page" '[ -n "$page" ]'; then
		continue
	fi
	if command -v mandoc >/dev/null; then
		case_ok "mandoc finds nothing wrong with ${page##*/}" mandoc -T lint -W warning "$page"
	else
		skip "mandoc finds nothing wrong with ${page##*/}" "there is no mandoc"
	fi
	case_equal "${page##*/} has the options of --help" \
		"$(manual_options "$page")" "$(help_text "$program" | long_options)"
done

finish
