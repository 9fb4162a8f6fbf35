# A small disk that can be full; sourced after lib.sh, once.
#
#   disk_make        a tmpfs of 8 MiB, in a mount namespace of the script's own; $state_dir and
#                    $acme_dir lie on it from now on
#   disk_fill        takes all the room that is left on it
#   disk_make_room   gives it back
#   disk_read_only   mounts it read-only, which nobody may hinder by files that are open to write
#   disk_writable    and again

disk=$scratch/disk

# The script begins again in the namespace, so that nothing stays mounted however it ends.
if [ -z "${FULL_NAMESPACE:-}" ]; then
	namespace=(unshare --mount)
	[ "$(id -u)" -eq 0 ] || namespace=(unshare --user --map-current-user --keep-caps --mount)
	"${namespace[@]}" mount -t tmpfs none /mnt 2>"$scratch/mount.err" ||
		skip_all "nothing can be mounted here: $(head -n 1 "$scratch/mount.err")"
	rm -rf "$scratch"
	FULL_NAMESPACE=yes exec "${namespace[@]}" bash "$0"
fi

disk_make() {
	mkdir "$disk" && mount -t tmpfs -o size=8m,mode=755 none "$disk" || exit 99
	trap 'disk_remove "$?"; lib_cleanup' EXIT
	state_dir=$disk/ca
	acme_dir=$disk/acme
}

disk_remove() { # EXIT-STATUS, which it keeps
	umount --lazy "$disk"
	return "$1"
}

disk_fill() {
	head -c 16m /dev/zero >"$disk/fill" 2>/dev/null
	[ "$(df --output=avail "$disk" | tail -n 1)" -eq 0 ] || { note "$(df "$disk")"; exit 1; }
}

disk_make_room() {
	rm "$disk/fill"
}

disk_read_only() {
	mount -o remount,ro "$disk"
}

disk_writable() {
	mount -o remount,rw "$disk"
}
