# A host whose disk fails and whose clock steps (bad_host.c); sourced after lib.sh.
#
#   host SECONDS SYNCS     the clock is so much ahead; so many syncs fail from now on, -1: all
#   on_bad_host COMMAND…   runs it there

host() {
	python3 -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("=qii", int(sys.argv[2]), int(sys.argv[3]), 0))' \
		"$scratch/host" "$1" "$2"
}
head -c 16 /dev/zero >"$scratch/host"

on_bad_host() {
	# A sanitizer wants to be the first library.
	LD_PRELOAD=$top_builddir/tests/e2e/bad_host.so BAD_HOST=$scratch/host \
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 "$@"
}
