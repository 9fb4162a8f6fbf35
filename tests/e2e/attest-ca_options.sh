# attest-ca's command line: help, version, and what means nothing.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

ca=$attest_ca_program

case_ok "--version works" "$ca" --version
case_equal "--version says program and version" "$out" "attest-ca $(sed -n 's/^PACKAGE_VERSION = //p' "$top_builddir/Makefile")"
case_equal "-V is the same" "$("$ca" -V)" "$out"
case_ok "--help works" "$ca" --help
help=$out
case_equal "-h is the same" "$("$ca" -h)" "$help"
for command in init enroll list show remove set disable enable replace revoke crl; do
	case_matches "--help names $command" "$help" "  $command "
	case_ok "$command --help works without a CA" "$ca" "$command" --help
	case_matches "$command --help shows its usage" "$out" "^usage: attest-ca $command"
	case_ok "$command -h behind an operand works" "$ca" "$command" x -h
	case_fails "$command refuses an option that is not there" 2 \
		"there is no option \"--nonsense\"; see \"attest-ca $command --help\"" "$ca" "$command" --nonsense
done
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

"$ca" -s "$state_dir" init >/dev/null
case_equal "-s may stand before the command" "$("$ca" -s "$state_dir" list --json)" "[]"
case_equal "--state-dir may stand behind it" "$("$ca" list --json --state-dir "$state_dir")" "[]"
case_equal "--state-dir=DIR works" "$("$ca" --state-dir="$state_dir" --json list)" "[]"

finish
