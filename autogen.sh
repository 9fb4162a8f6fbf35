#!/bin/sh
# Makes ./configure from configure.ac; run once after a clone.
set -e
cd "$(dirname "$0")"
for tool in autoreconf automake pkg-config; do
	command -v "$tool" >/dev/null && continue
	echo "$tool was not found; on Debian: apt-get install autoconf automake pkg-config" >&2
	exit 1
done
exec autoreconf --install --force --warnings=all,no-portability
