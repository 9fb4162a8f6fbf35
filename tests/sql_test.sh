#!/bin/bash
# Holds the SQL of rows to what every engine takes: SQLite 3.37 and PostgreSQL 15. Looks at
# the strings of src/store/inventory/ and src/store/acme/, and shows of each rule, on a
# scratch file, that it can say no.
set -u

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What only one of them knows, as an extended regular expression, and what to write instead.
# In strings only: what stands in comments and in C does not matter.
rules='
\b(INSERT|UPDATE) OR\b|\bREPLACE INTO\b	ON CONFLICT
\bifnull *\(|\biif *\(	coalesce, CASE
\b(max|min) *\([^()]*,	CASE
\blast_insert_rowid\b|\b(total_)?changes *\(|\browid\b	RETURNING
\bx'"'"'	a parameter
\bCROSS JOIN\b|\bINDEXED BY\b|\bNOT INDEXED\b	JOIN
\bGLOB\b|\bREGEXP\b	sql_glob
\bPRAGMA\b|\bATTACH\b|\bVACUUM\b|\bsqlite_[a-z]+	a function of the engine
\bIS (NOT )?(\(|\?)|\bIS (NOT )?[a-z]+\.	= and <>
==|&&|\|\||`|\bISNULL\b|\bNOTNULL\b	SQL of the standard
\?([^0-9]|$)|\?[0-9]+(::)|[ (,=]([:@$])[a-z0-9]+	?1
\b(strftime|datetime|julianday|unixepoch|now|printf|typeof|instr|group_concat|randomblob) *\(	a parameter
\b(FROM|JOIN|INTO|UPDATE) (authorization|order|user|group|table|column|all|check|default|end)\b	quotes around a word that is reserved
\bLIMIT \??[0-9]+ *,	LIMIT … OFFSET …
\bFOR UPDATE\b|\bDISTINCT ON\b|\bILIKE\b|\bSIMILAR TO\b|::|\bUSING *\(	SQL of the standard
'

# The strings of a C file, one a line; those that the compiler joins are joined.
strings_of() {
	tr '\n\t' '  ' <"$1" | sed -E 's:/\*([^*]|\*+[^*/])*\*+/::g; s/#include +"[^"]*"//g; s/"[ \\]*"//g' |
	    grep -oE '"([^"\\]|\\.)*"' | sed -E 's/^"//; s/"$//'
}

# Those that are SQL or a piece of it: a word of it in capitals, or a parameter.
sql_of() {
	strings_of "$1" | grep -E '(^| )(SELECT|INSERT|REPLACE|UPDATE|DELETE|FROM|WHERE|AND|JOIN|ORDER BY|PRAGMA|ATTACH|VACUUM|VALUES|SET|RETURNING)( |$)|\?[0-9]'
}

# sql_check FILE… : prints what breaks a rule.
sql_check() {
	local file texts expression instead

	texts=$(for file; do sql_of "$file" | sed "s|^|${file#"$top_srcdir"/}: |"; done)
	while IFS=$'\t' read -r expression instead; do
		[ -z "$expression" ] ||
		    printf '%s\n' "$texts" | grep -E "$expression" | sed "s|\$|: write $instead|"
	done <<<"$rules"
}

cases=0
failed=0

# ok WHAT STATUS [DETAIL]
ok() {
	cases=$((cases + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $cases - $1"
	else
		failed=1
		echo "not ok $cases - $1"
		printf '%s\n' "${3:-}" | sed 's/^/# /'
	fi
}

# refuses TEXT : a file whose one statement is this breaks one rule.
refuses() {
	local found

	printf 'static const char text[] =\n    "%s";\n' "$1" >"$scratch/rows.c"
	found=$(sql_check "$scratch/rows.c")
	[ "$(printf '%s' "$found" | grep -c .)" -eq 1 ]
	ok "rows cannot say: $1" $? "found: $found"
}

# allows TEXT
allows() {
	local found

	printf 'static const char text[] =\n    "%s";\n' "$1" >"$scratch/rows.c"
	found=$(sql_check "$scratch/rows.c")
	[ -z "$found" ]
	ok "rows can say: $1" $? "found: $found"
}

files=("$top_srcdir"/src/store/inventory/*.[ch] "$top_srcdir"/src/store/acme/*.[ch])
found=$(sql_check "${files[@]}")
[ -z "$found" ]
ok "rows are in SQL that every engine takes" $? "$found"

# Something was read at all.
count=$(for file in "${files[@]}"; do sql_of "$file"; done | wc -l)
[ "$count" -gt 60 ]
ok "statements were found" $? "only $count in $top_srcdir/src/store"

refuses "INSERT OR IGNORE INTO tag (device, tag) VALUES (?1, ?2)"
refuses "UPDATE OR REPLACE name SET device = ?1"
refuses "REPLACE INTO tag (device, tag) VALUES (?1, ?2)"
refuses "SELECT ifnull(seen, 0) FROM device"
refuses "SELECT iif(seen > 0, 1, 0) FROM device"
refuses "UPDATE counter SET crl_number = max(crl_number + 1, ?1)"
refuses "SELECT last_insert_rowid() FROM device"
refuses "SELECT changes() FROM device"
refuses "SELECT rowid FROM device"
refuses "UPDATE device SET note = x''"
refuses "SELECT device FROM tag CROSS JOIN device ON device.id = tag.device"
refuses "SELECT name FROM name INDEXED BY name_device WHERE name = ?1"
refuses "SELECT device FROM name WHERE name GLOB ?1"
refuses "PRAGMA data_version"
refuses "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
refuses "SELECT id FROM device WHERE (note, seen) IS NOT (?1, ?2)"
refuses "SELECT id FROM device WHERE note IS ?1"
refuses "SELECT id FROM device WHERE note == 'y'"
refuses "SELECT id FROM device WHERE note NOTNULL"
refuses "SELECT id FROM device WHERE id = ?"
refuses "SELECT id FROM device WHERE id = :id"
refuses "SELECT id FROM device WHERE id = \$1"
refuses "SELECT id FROM device WHERE seen < strftime('%s')"
refuses "SELECT id FROM authorization WHERE id = ?1"
refuses "SELECT id FROM device WHERE enabled = 1 LIMIT 1, 2"
refuses "SELECT id FROM device WHERE note ILIKE ?1"
refuses "SELECT id FROM device FOR UPDATE"
refuses "SELECT id::text FROM device"

# Pieces that the compiler joins are looked at as one.
refuses 'SELECT max(id,"
    " ?1) FROM device'

# And what is in order passes.
allows "SELECT coalesce(max(id), 0) + 1 FROM device WHERE id = ?1"
allows "SELECT CASE WHEN audit_cut > ?1 THEN audit_cut ELSE ?1 END FROM counter"
allows "INSERT INTO trust (fingerprint) VALUES (?1) ON CONFLICT DO NOTHING"
allows "SELECT id FROM device WHERE note IS NOT NULL AND ek_hash BETWEEN ?1 AND ?2 LIMIT ?3"
allows 'SELECT id FROM \"authorization\" WHERE id = ?1'
allows "there is no such order or user; run GLOB"

echo "1..$cases"
exit $failed
