#!/usr/bin/env bash
# configure names the Debian package of each library that is not there, and that
# package is among those which contrib/check and contrib/try install.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs pkg-config
if grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	skip_all "it is the same configure in every build"
fi

# All that pkg-config knows, so that one can be taken away at a time.
known=$scratch/pkgconfig
mkdir "$known" "$scratch/build"
for directory in $(pkg-config --variable pc_path pkg-config | tr : ' '); do
	cp "$directory"/*.pc "$known" 2>/dev/null
done

# Of the sources configure wants no more; and they may be configured themselves.
mkdir -p "$scratch/source/src"
cp -r "$top_srcdir/configure" "$top_srcdir/build-aux" "$scratch/source"
touch "$scratch/source/src/attestd.c"

# It finds out everything once more, except what a library cannot change.
configure() {
	[ ! -e "$scratch/cache" ] || sed -i '/PKG_CONFIG\|pkg_cv_/d' "$scratch/cache"
	(cd "$scratch/build" && env -u MAKEFLAGS PKG_CONFIG_LIBDIR="$known" \
		../source/configure --quiet --no-create --cache-file="$scratch/cache" "$@")
}

case_ok "with all libraries configure succeeds" configure

libraries=$(echo 'libseccomp|libseccomp-dev'; tr '\n' ' ' <"$top_srcdir/configure.ac" | grep -o 'LIBRARY(\[[A-Z0-9_]*\], *\[[^]]*\], *\[[^]]*\]' |
	sed 's/.*, *\[\([^]]*\)\], *\[\([^]]*\)\]/\1|\2/')

# Each is asked for by the same macro, whichever others are there; libseccomp by lines of its own.
for module in check libseccomp; do
	mv "$known/$module.pc" "$scratch/"
	case_fails "without $module alone configure fails" 1 "error: libraries are missing:"$'\n'"  $module >= [^"$'\n'"]*\$" configure
	mv "$scratch/$module.pc" "$known/"
done

mkdir "$scratch/away"
while IFS='|' read -r modules package; do
	mv "$known/${modules%% *}.pc" "$scratch/away/"
done <<<"$libraries"
run configure
told=$err
case_equal "without all of them it fails" "$status" 1
while IFS='|' read -r modules package; do
	module=${modules%% *}
	case_matches "without $module configure asks for $package" "$told"$'\n' $'\n'"  $module >= [^"$'\n'"]*apt-get install $package[ "$'\n'"]"
	check "$package is in contrib/packages" 'grep -q "^$package\b" "$top_srcdir/contrib/packages"'
done <<<"$libraries"
mv "$scratch"/away/*.pc "$known/"

mv "$known/libseccomp.pc" "$scratch/"
case_ok "without libseccomp configure succeeds when it is told to do without" configure --without-seccomp

finish
