# The command line: help of all three programs; attest-ca's version, and what means nothing.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

ca=$attest_ca_program

case_ok "--version works" "$ca" --version
case_equal "--version says program and version" "$out" "attest-ca $(sed -n 's/^PACKAGE_VERSION = //p' "$top_builddir/Makefile")"
case_equal "-V is the same" "$("$ca" -V)" "$out"
case_ok "--help works" "$ca" --help
help=$out
case_equal "-h is the same" "$("$ca" -h)" "$help"

# Each command of a program, by what its --help lists; the same for all of them.
options_of_all_commands() {
	local name=$1 program=$2 command line commands=0
	local -a words

	while read -r line; do
		read -ra words <<<"$line" # a command may have two
		command=${words[*]}
		commands=$((commands + 1))
		case_ok "$name $command --help works without any state" "$program" "${words[@]}" --help
		case_matches "$name $command --help shows its usage" "$out" "^usage: $name $command"
		case_equal "$name help $command is the same" "$("$program" help "${words[@]}")" "$out"
		case_ok "$name $command -h behind an operand works" "$program" "${words[@]}" x -h
		case_fails "$name $command refuses an option that is not there" 2 \
			"there is no option \"--nonsense\"; see \"$name $command --help\"" \
			"$program" "${words[@]}" --nonsense
		case_fails "$name $command, misspelt" 2 "there is no command \"${command}r\" \(did you mean \"$command\"\?\)" \
			"$program" "${words[@]:0:${#words[@]}-1}" "${words[-1]}r"
	done < <(command_list "$program")
	check "$name has commands" '[ "$commands" -ge 6 ]'
	case_ok "$name help works" "$program" help
	case_equal "$name help is --help" "$out" "$("$program" --help)"
	case_fails "$name help of what is no command" 2 "there is no command \"frobnicate\"" "$program" help frobnicate
}

options_of_all_commands attest-ca "$ca"
options_of_all_commands attest-acmed "$top_builddir/src/attest-acmed"
case_equal "attest-acmed help run is the server's help" \
	"$("$top_builddir/src/attest-acmed" help run)" "$("$top_builddir/src/attest-acmed" --help)"
options_of_all_commands attest-device "$attest_device_program"

for family in issuing trust; do
	case_ok "$family --help works" "$ca" "$family" --help
	case_matches "$family --help lists its commands" "$out" "  $family [a-z]"
	check "and no other" '! grep -q "^  enroll" <<<"$out"'
	case_equal "help $family is the same" "$("$ca" help "$family")" "$out"
done
case_fails "help of what is no command" 2 'there is no command "lst" \(did you mean "list"\?\)' "$ca" help lst
for page in "help" "help audit" "help trust" "help enroll" "help revoke"; do
	on_terminal "$ca" $page
	check "$page: on a terminal within 80 columns" '[ "$widest" -le 80 ]' || note "$out"
done
on_terminal "$top_builddir/src/attest-acmed" help revoke
check "attest-acmed help revoke: too" '[ "$widest" -le 80 ] && [[ $out == *"cessationOfOperation, …"* ]]' || note "$out"
on_terminal "$top_builddir/src/attest-device" help certificate
check "attest-device help certificate: too" '[ "$widest" -le 80 ]' || note "$out"
case_matches "enroll --help shows its options" "$("$ca" enroll --help)" "--ek FILE"

case_fails "no command is a usage error" 2 "usage: attest-ca" "$ca"
case_equal "and prints nothing on standard output" "$out" ""
case_fails "an unknown command is a usage error" 2 'there is no command "frobnicate"; see "attest-ca --help"' "$ca" frobnicate
case_fails "an unknown option is a usage error" 2 'there is no option "--nonsense"; see "attest-ca --help"' "$ca" --nonsense list
case_fails "an unknown letter is a usage error" 2 'there is no option "-x"' "$ca" list -xh
case_fails "an option without its argument is a usage error" 2 '--state-dir needs an argument' "$ca" list --state-dir
case_fails "a letter without its argument is a usage error" 2 '-s needs an argument' "$ca" -s
case_fails "a flag with an argument is a usage error" 2 '--json=1: this option takes no argument' "$ca" list --json=1
case_fails "an option given twice is a usage error" 2 '--state-dir is given twice' "$ca" --state-dir a list --state-dir b
case_fails "an empty state directory is a usage error" 2 '--state-dir cannot be empty' "$ca" --state-dir '' list

# ---- before anything is read ----

# A program that cannot hide its memory from others reads no key.
old_kernel=$top_builddir/tests/e2e/old_kernel
if "$old_kernel" dumpable /bin/true 2>/dev/null; then
	for program in attest-ca attest-device attestd attest-acmed; do
		case_fails "$program does not start where it cannot hide its memory" 1 \
			"$program: hiding this process from others: Invalid argument" \
			"$old_kernel" dumpable "$top_builddir/src/$program" --version
	done
else
	skip "each program where it cannot hide its memory" "the kernel, or the container, has no seccomp"
fi
for program in attestd attest-acmed; do
	case_fails "$program does not start as the child of nobody" 1 \
		"$program: ATTEST_SUPERVISED is set, but no supervisor started this process; unset it" \
		env ATTEST_SUPERVISED=front "$top_builddir/src/$program" --version
done

"$ca" -s "$state_dir" init >/dev/null
case_equal "-s may stand before the command" "$("$ca" -s "$state_dir" list --json)" "[]"
case_equal "--state-dir may stand behind it" "$("$ca" list --json --state-dir "$state_dir")" "[]"
case_equal "--state-dir=DIR works" "$("$ca" --state-dir="$state_dir" --json list)" "[]"

finish
