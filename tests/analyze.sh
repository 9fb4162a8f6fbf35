# What clang-tidy finds in the programs (.clang-tidy says which checks), and gcc's own analyzer where
# that is installed, one file at a time, and in which file; fails when either finds anything. Run by
# `make analyze` with the preprocessor's flags.
#   analyze.sh SOURCE-DIRECTORY FLAG…
set -u
command -v clang-tidy >/dev/null || { echo "clang-tidy is not installed; on Debian: apt-get install clang-tidy" >&2; exit 1; }
source=$1
shift

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 143' TERM
analyze() { # FILE FLAG…
	local file=$1 first=(-include "$source/tests/analyze.h")

	shift
	# It defines what the header changes.
	[[ $file != */util/error.c ]] || first=()
	clang-tidy --quiet "$file" -- "$@" "${first[@]}" 2>/dev/null
	! command -v gcc >/dev/null ||
		gcc -O2 -fanalyzer -fdiagnostics-path-format=none -c -o /dev/null "$file" "$@" "${first[@]}" 2>&1
}
export -f analyze
export source
find "$source/src" -name '*.c' | sort |
	xargs -P "$(nproc)" -I '{}' bash -c 'analyze "$@"' analyze '{}' "$@" >"$log"
if grep -q 'warning:\|error:' "$log"; then
	cat "$log"
	exit 1
fi
echo "$(find "$source/src" -name '*.c' | wc -l) files: nothing found"
