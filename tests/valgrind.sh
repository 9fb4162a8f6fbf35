# Attestation and issuance under valgrind: valgrind.sh SCRIPT… runs end-to-end tests on daemons that
# are one process each, since a sandbox stops valgrind, and fails when valgrind has anything to say of
# them: an octet that was never written, one that was freed, a leak. Run by `make valgrind`.
set -u
: "${top_srcdir:?}" "${top_builddir:?}"
command -v valgrind >/dev/null || { echo "valgrind is not installed; on Debian: apt-get install valgrind" >&2; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/src" "$scratch/logs"
for file in "$top_builddir"/* "$top_builddir"/src/*; do
	[ "$file" = "$top_builddir/src" ] || ln -s "$file" "$scratch/${file#"$top_builddir"/}"
done
for daemon in attestd attest-acmed; do
	rm "$scratch/src/$daemon"
	# A command, such as init, is not what is looked at.
	cat >"$scratch/src/$daemon" <<-SCRIPT
	#!/bin/sh
	case \$1 in
	-*) exec valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \\
		--log-file='$scratch/logs/$daemon.%p' '$top_builddir/src/$daemon' "\$@" --no-fork ;;
	*) exec '$top_builddir/src/$daemon' "\$@" ;;
	esac
	SCRIPT
	chmod +x "$scratch/src/$daemon"
done

failed=0
for script; do
	echo "# $script"
	top_builddir=$scratch bash "$top_srcdir/tests/e2e/$script" || failed=1
done
if [ -z "$(ls "$scratch/logs")" ]; then
	echo "nothing ran under valgrind"
	failed=1
fi
find "$scratch/logs" -type f -size +0 -exec cat {} + | grep . && failed=1
exit "$failed"
