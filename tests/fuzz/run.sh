# run.sh SRCDIR FUZZER SECONDS: one fuzzer, from the build directory; 0 seconds: the committed inputs alone.
set -u
srcdir=$1 fuzzer=$2 seconds=$3
export TSS2_LOG=all+NONE # what hostile octets make it say
name=$(basename "$fuzzer" _fuzz)
committed=$srcdir/tests/fuzz/corpus/$name
found=tests/fuzz/found/$name

if [ "$seconds" -eq 0 ]; then
	[ -d "$committed" ] || exit 0
	set -- -runs=0 "$committed"
else
	mkdir -p "$found"
	set -- -max_total_time="$seconds" -print_final_stats=1 "$found"
	[ ! -d "$committed" ] || set -- "$@" "$committed"
	[ ! -e "$srcdir/tests/fuzz/$name.dict" ] || set -- -dict="$srcdir/tests/fuzz/$name.dict" "$@"
fi
"./$fuzzer" -artifact_prefix="$fuzzer-" "$@" >"$fuzzer.log" 2>&1
status=$?
cat "$fuzzer.log"
exit "$status"
