# A minimal Debian 12 in a directory, and a command of the tree run in it: what a newcomer's
# machine has, and nothing of this one. Sourced by contrib/check and contrib/try.
# FRESH_MIRROR: where packages come from (http://deb.debian.org/debian).

# fresh_run COMMAND: makes the system, copies the tree into it, runs COMMAND there, removes the
# system, and ends the script as COMMAND ended.
fresh_run() {
	local root mount

	[ "$(id -u)" -eq 0 ] || die "--fresh makes a system and enters it; run it as root"
	command -v debootstrap >/dev/null || die "--fresh needs debootstrap; run: apt-get install debootstrap"
	scratch_make
	root=$scratch/root
	echo "Making a minimal Debian 12 in $root …"
	debootstrap --variant=minbase bookworm "$root" \
		"${FRESH_MIRROR:-http://deb.debian.org/debian}" >"$scratch/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$scratch/debootstrap.log"; die "debootstrap failed"; }
	# How this machine reaches the mirror, and whom it trusts on the way to other registries, is the
	# machine's affair, not Debian's.
	cp /etc/resolv.conf "$root/etc/" 2>/dev/null
	mkdir -p "$root/usr/local/share/ca-certificates"
	cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null
	cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null
	rm -f "$root"/etc/apt/apt.conf.d/{20packagekit,50appstream}
	tree_copy "$root/tree"
	[ ! -d "$top/../shared/corpus" ] || { mkdir "$root/shared" && cp -r "$top/../shared/corpus" "$root/shared/"; }
	# In a mount namespace of its own: nothing stays mounted, however this ends.
	# The root is a mount point of its own, so that tests can have mount namespaces there, too.
	job_start unshare --mount --pid --fork --kill-child bash -c '
		mount --bind "$1" "$1" || exit
		for mount in proc sys dev; do
			mkdir -p "$1/$mount" && mount --rbind "/$mount" "$1/$mount" || exit
		done
		mount -t proc proc "$1/proc" || exit
		exec chroot "$1" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" \
			${FUZZ_SECONDS:+FUZZ_SECONDS="$FUZZ_SECONDS"} ${CI:+CI="$CI"} bash "/tree/$2"' \
		fresh "$root" "$1"
	job_wait "$job"
	exit
}
