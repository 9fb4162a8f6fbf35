#!/usr/bin/env bash
# Builds the peers `step` and `step-ca`, in the versions that go.mod pins, and
# prints the directory that holds them. They are kept in the user's cache, under
# the hash of the pins, so that only the first run is long. Exit status 77: there
# is no Go that could build them; the reason is printed instead.
#
#   build.sh [--find]
#
# With --find nothing is built: 77 says that they are not there.

set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"

oldest=1.21 # the first Go that fetches by itself the newer one that go.mod asks for

cache=${XDG_CACHE_HOME:-$HOME/.cache}/attest-ca-interop
pins=$(cat go.mod go.sum | sha256sum)
directory=$cache/${pins%% *}

if [ "${1:-}" = --find ]; then
	if [ -x "$directory/step" ] && [ -x "$directory/step-ca" ]; then
		printf '%s\n' "$directory"
		exit
	fi
	echo "step and step-ca were not built: tests/interop/build.sh builds them"
	exit 77
fi

have=$(go env GOVERSION 2>/dev/null) || { echo "there is no Go"; exit 77; }
have=${have#go}
if [ "$(printf '%s\n' "$oldest" "${have%%[^0-9.]*}" | sort -V | head -n 1)" != "$oldest" ]; then
	echo "Go $have is older than $oldest"
	exit 77
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # one builds, and the others wait for that
if ! [ -x "$directory/step" ] || ! [ -x "$directory/step-ca" ]; then
	echo "building step and step-ca; this takes some minutes, once" >&2
	work=$(mktemp -d "$cache/new.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# Without cgo only their smart card support is left out, and with it its libraries.
	CGO_ENABLED=0 nice go build -mod=readonly -buildvcs=false -trimpath -ldflags '-s -w' \
		-o "$work/" tool >&2
	mv -T "$work" "$directory"
fi
printf '%s\n' "$directory"
