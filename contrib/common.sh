# Shared by contrib/check and contrib/try: the Debian packages, a scratch
# directory, and an end that leaves nothing behind. Sourced, not run.

LC_ALL=C.UTF-8
export LC_ALL
contrib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$contrib/.." && pwd)
scratch=
jobs_running=()

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# ---- packages ----

packages_missing() {
	local package

	sed 's/#.*//' "$contrib/packages" | while read -r package; do
		[ -n "$package" ] || continue
		[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done
}

# Asks before it installs, unless nobody is there to ask and root runs it.
packages_install() {
	local answer missing
	local -a root=() apt=(env DEBIAN_FRONTEND=noninteractive apt-get --quiet --quiet)

	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "This is not Debian: what contrib/packages lists must be there already."
		return
	fi
	missing=$(packages_missing)
	[ -n "$missing" ] || return 0
	echo "These Debian packages are missing:" $missing
	[ "$(id -u)" -eq 0 ] || root=(sudo)
	apt=("${root[@]}" "${apt[@]}")
	if [ -t 0 ]; then
		read -r -p "Install them with $([ "$(id -u)" -eq 0 ] || echo sudo\ )apt-get? [Y/n] " answer || answer=n
		case $answer in
		'' | [Yy]*) ;;
		*) die "nothing was installed" ;;
		esac
	elif [ "$(id -u)" -ne 0 ]; then
		die "not root, and nobody to ask; run: sudo apt-get install" $missing
	fi
	# shellcheck disable=SC2086 # a list of words
	"${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends $missing >/dev/null ||
		die "apt-get failed"
	# Debian starts a web server that was just installed: nobody asked for that one.
	if [[ " "$missing" " =~ [[:space:]]nginx-light[[:space:]] ]] && [ -d /run/systemd/system ]; then
		"${root[@]}" systemctl --quiet disable --now nginx
	fi
}

# ---- scratch directory, jobs, end ----

scratch_make() {
	trap scratch_remove EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Short, because tests put UNIX sockets below it (at most 107 octets).
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/attest.XXXXXX") || die "no scratch directory"
	# Some tests run a program as another user.
	chmod 711 "$scratch" && mkdir -m 711 "$scratch/tmp"
	TMPDIR=$scratch/tmp
	export TMPDIR
}

scratch_remove() {
	local code=$? job

	trap - EXIT
	trap '' HUP INT TERM
	for job in "${jobs_running[@]}"; do
		kill -TERM -- "-$job" 2>/dev/null
	done
	for job in "${jobs_running[@]}"; do
		timeout 10 tail --pid="$job" -f /dev/null || kill -KILL -- "-$job" 2>/dev/null
	done
	if [ -n "$scratch" ]; then
		chmod -R u+w "$scratch"
		rm -rf "$scratch"
	fi
	exit "$code"
}

# job_start COMMAND…: in the background, leading a process group of its own; sets $job.
job_start() {
	set -m
	"$@" </dev/null &
	job=$!
	set +m
	jobs_running+=("$job")
}

# job_wait JOB: its exit status.
job_wait() {
	local code running
	local -a left=()

	wait "$1" 2>/dev/null
	code=$?
	for running in "${jobs_running[@]}"; do
		[ "$running" = "$1" ] || left+=("$running")
	done
	jobs_running=("${left[@]}")
	return "$code"
}

# tree_copy DIRECTORY: the sources, without what is ignored or was built.
tree_copy() {
	mkdir -p "$1"
	if git -c safe.directory='*' -C "$top" rev-parse --git-dir >/dev/null 2>&1; then
		git -c safe.directory='*' -C "$top" ls-files -z --cached --others --exclude-standard |
			tar -C "$top" --null --files-from=- --ignore-failed-read -cf - 2>/dev/null |
			tar -C "$1" -xf -
	else
		tar -C "$top" -cf - . | tar -C "$1" -xf -
	fi
	[ -f "$1/configure.ac" ] || die "copying $top failed"
}
