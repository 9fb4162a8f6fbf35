#!/usr/bin/env bash
# The programs are hardened in fact, and not only on the compiler's command line.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

makefile=$top_builddir/Makefile
needs readelf objdump nm
if grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$makefile"; then
	skip_all "a build with sanitizers is not a hardened one"
fi

imports() { # PROGRAM REGEX
	readelf --dyn-syms --wide "$1" | grep -qE " UND $2(@|\$)"
}

for program in "$top_builddir"/src/attest*; do
	[ -f "$program" ] && [ -x "$program" ] || continue
	name=${program##*/}
	header=$(readelf --file-header --wide "$program")
	segments=$(readelf --segments --wide "$program")
	dynamic=$(readelf --dynamic --wide "$program")

	case_matches "$name is position-independent" "$header" 'Type: +DYN'
	case $name in
	*.so)
		function=C_GetFunctionList object=$top_builddir/src/pkcs11/libpkcs11_a-entry_list.o
		case_equal "$name shows one symbol" \
			"$(nm --dynamic --defined-only "$program" | cut -d ' ' -f 3)" C_GetFunctionList
		;;
	*)
		function=main object=$top_builddir/src/$name.o
		case_matches "$name says so to the loader" "$dynamic" 'FLAGS_1\).*PIE'
		;;
	esac
	case_matches "$name has its relocations read-only" "$segments" 'GNU_RELRO'
	case_matches "$name is bound at start, so that all of them are" "$dynamic" 'FLAGS\) +BIND_NOW'
	case_matches "$name has a stack that is not executable" "$segments" 'GNU_STACK( +[0-9a-fx]+){5} RW '
	check "$name has no segment both writable and executable" '! grep -qE " RWE " <<<"$segments"'
	check "$name has stack protectors" 'imports "$program" __stack_chk_fail'
	if grep -q '^CFLAGS = .*-O0' "$makefile"; then
		skip "$name has fortified library calls" "they need optimization"
	else
		check "$name has fortified library calls" \
			'imports "$program" "__(mem|str|v?s?n?printf|v?f?printf|read|recv|fdelt)[a-z]*_chk"'
	fi
	if [ "$(uname -m)" != x86_64 ]; then
		skip "$name marks where indirect branches may land" "not x86-64"
	else
		check "$name marks where indirect branches may land" \
			'objdump --disassemble=$function "$program" | grep -A1 "<$function[@>]" | grep -q endbr64'
	fi
	# Only gcc writes its options into what it compiles, and only with -g.
	if ! readelf --string-dump=.debug_str --string-dump=.debug_line_str "$object" 2>/dev/null |
		grep -q 'GNU C'; then
		skip "$name was compiled with stack clash protection" "the compiler does not say"
	else
		check "$name was compiled with stack clash protection" \
			'readelf --string-dump=.debug_str --string-dump=.debug_line_str "$object" 2>/dev/null |
				grep -q -e -fstack-clash-protection'
	fi
done

finish
