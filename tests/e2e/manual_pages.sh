#!/usr/bin/env bash
# Each program has a manual page that mandoc has nothing to say of, and that
# tells of the same commands and options as --help, no fewer and no more.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs mandoc

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
	done < <(command_list "$1")
}

# In mdoc a long option is Fl -name, within a line of macros too.
manual_options() {
	grep -E '^\.(It|Op|Nm|Fl|Ar|Xo)' "$1" | grep -oE 'Fl -[a-z][a-z-]+' | sed 's/Fl /-/' | sort -u
}

# Each command that --help lists, with each of its own options.
help_commands() {
	local line command
	local -a words

	while read -r line; do
		read -ra words <<<"$line"
		command=${words[*]}
		echo "$command"
		"$1" "${words[@]}" --help | sed -n '/^options:/,/^$/p' | long_options | sed "s/^/$command /"
	done < <(command_list "$1") | sort -u
}

# The same, from the SYNOPSIS of a page.
manual_commands() {
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$1" | awk '
	/^\.Nm/ { count = 0 }
	/^\.Cm / { count = split(substr($0, 5), commands, / \| /) }
	{
		for (i = 1; i <= count; i++) {
			print commands[i]
			for (text = $0; match(text, /Fl -[a-z][a-z-]*/); text = substr(text, RSTART + RLENGTH))
				print commands[i] " -" substr(text, RSTART + 3, RLENGTH - 3)
		}
	}' | sort -u
}

# A command of a page has an item of its own, not only a line in the synopsis.
manual_items() {
	sed -n -e 's/^\.It Cm \([a-z ]*[a-z]\).*/\1/p' -e 's/^\.Ss attest-device \([a-z]*\)$/\1/p' "$1" | sort -u
}

# The pages of ours that a page refers to and that do not exist: a page is in the
# source tree or, where the build makes it, in the build tree.
dangling() {
	sed -nE 's/^\.Xr (attest[a-z-]*) ([0-9]).*/\1.\2/p' "$1" | sort -u | while read -r other; do
		[ -f "$top_builddir/data/$other" ] || [ -f "$top_srcdir/data/$other" ] || echo "$other"
	done
}

for program in "$attestd" "$attest_ca_program" "$attest_device_program" \
	"$top_builddir/src/attest-acmed"; do
	name=${program##*/}
	page=$(find "$top_builddir/data" "$top_srcdir/data" -name "$name.[18]" | head -1)

	if ! check "$name has a manual page" '[ -n "$page" ]'; then
		continue
	fi
	case_ok "mandoc finds nothing wrong with ${page##*/}" mandoc -T lint -W warning "$page"
	case_equal "${page##*/} refers to pages that there are" "$(dangling "$page")" ""
	case_equal "${page##*/} has the options of --help" \
		"$(manual_options "$page")" "$(help_text "$program" | long_options)"
	commands=$(help_commands "$program")
	[ "$name" != attestd ] || continue
	check "$name has commands" '[ -n "$commands" ]'
	case_equal "the synopsis of ${page##*/} has each command with its options" \
		"$(manual_commands "$page")" "$commands"
	case_equal "${page##*/} describes each command" \
		"$(manual_items "$page" | grep -Fxf <(command_list "$program" | sed 's/ *$//'))" \
		"$(command_list "$program" | sed 's/ *$//' | sort)"
done

finish
