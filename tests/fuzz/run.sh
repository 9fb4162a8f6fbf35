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
rm -f "$fuzzer"-*-*
"./$fuzzer" -artifact_prefix="$fuzzer-" "$@" >"$fuzzer.log" 2>&1
status=$?
if [ "$status" -eq 0 ]; then
	echo "$name: $(grep '^Done' "$fuzzer.log")"
	exit 0
fi
# The input, too: the tree that it lies in may not outlive the run.
grep -vE '^#[0-9]+[[:space:]]' "$fuzzer.log" | tail -n 60
for input in "$fuzzer"-*-*; do
	[ ! -s "$input" ] || { echo "$input, in base64:" && base64 "$input"; }
done
echo "$name: failed with status $status"
exit "$status"
