#!/bin/bash
# Holds who works on files by their path: in the folders that know a state directory nobody does,
# but for the few below. What is in the state directory is opened in it, by its descriptor
# (util/folder.h). Then shows, on a scratch file, that the rule can say no.
set -u

top_srcdir=${top_srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

folders='ca admin acme_admin attestation/keeper acme/keeper service/keeper device store'

# Functions that take a path: the C library's, and ours.
functions='open|open64|creat|fopen|freopen|stat|lstat|statvfs|access|eaccess|euidaccess|chmod|chown|lchown'
functions+='|link|symlink|readlink|unlink|rename|remove|mkdir|mkdtemp|mkstemp|mkostemp|rmdir|opendir'
functions+='|scandir|nftw|truncate|mkfifo|mknod|utimes|utime|realpath|BIO_new_file'
functions+='|file_read|file_replace|file_create|file_mark_take|file_sync_directory'
functions+='|certificate_load|trust_add_file|revocation_add_file|key_load|key_open|folder_open'

# file: function, and which path that is.
allowed='
admin/backup/backup.c folder_open      where the private copy of the store is made
admin/backup/backup.c lstat            the archive that the administrator names
admin/check/check.c stat               who may check the state directory
admin/check/check.c folder_open        the state directory, once
admin/check/files.c folder_open        the directory that it is in, for leftovers of init
admin/ek_file.c file_read              a file that the administrator names
admin/fleet/export.c realpath          the same
admin/fleet/export.c stat              the same
admin/fleet/export.c open              the same
admin/fleet/import.c open              the same
admin/init.c key_open                  a key that the administrator names
admin/issuing/csr.c key_open           the same
admin/issuing/install.c trust_add_file certificates that the administrator names
admin/issuing/issuing.c key_open       the key that the URI in the state directory names
admin/issuing/renew.c key_open         a key that the administrator names
admin/seen.c open                      a file that the administrator names
admin/trust/scan.c file_read           the same
admin/trust/scan.c stat                the same
admin/trust/verify.c file_read         the same
acme_admin/init.c access               the CRL beside the roots that the administrator names
acme_admin/init.c certificate_load     certificates and a key that the administrator names
acme_admin/init.c key_open             the same
acme_admin/init.c trust_add_file       the same
attestation/keeper/auto_enroll.c file_mark_take  a list that the configuration names
attestation/keeper/auto_enroll.c file_read       the same
attestation/keeper/copies.c access               the directory to publish in, of the configuration
attestation/keeper/copies.c file_replace         the same
attestation/keeper/copies.c stat                 the same
attestation/keeper/keeper.c folder_open          the state directory, once
attestation/keeper/revision.c file_read          TLS files of the configuration
acme/keeper/keeper.c folder_open       the state directory, once
acme/keeper/roots.c file_mark_take     files of the configuration
acme/keeper/roots.c revocation_add_file          the same
acme/keeper/roots.c trust_add_file     the same
service/keeper/confine.c access        whether a file of the configuration is there
service/keeper/confine.c realpath      places of the configuration, which the sandbox leaves
ca/directory.c folder_open             the state directory to make, and the one that it is in
ca/directory.c realpath                whether an output would be in the state directory
ca/directory.c stat                    the same
ca/issuer.c access                     the PKCS #11 module of the configuration
ca/issuer.c key_open                   the key that the URI in the state directory names
device/certificate_files.c folder_open the directory for the certificate, of --out
device/certificate_files.c mkdir       the same
device/device_settings.c access        the configuration
device/device_settings.c realpath      files that the options name
device/host/http_client.c access       TLS roots that the options name
device/identity.c trust_add_file       the attestation root that the options name
device/use/access.c access             whether a program of this user may open key and TPM
device/use/access.c stat               whose they are
device/use/check.c file_read           the certificate, by whoever may read it
device/use/check.c folder_open         a temporary directory
device/use/check.c mkdtemp             the same
device/use/check.c nftw                the same, with all that programs left in it
device/use/check.c remove              the same
device/use/facts.c access              which of two directories has a certificate
device/use/facts.c realpath            the directory, as programs are told it
device/use/path.c open                 where the way to what a program reads begins
device/use/program.c access            whether a program is installed
device/state.c eaccess                 whether the state directory is closed to this user
device/state.c folder_open             the state directory, once
device/state.c mkdir                   the state directory to make
device/state.c stat                    whose the state directory is
device/tpm/auth.c file_read            a file with a password that the options name
device/tpm/tpm.c access                the TPM
store/sqlite/check.c open              a copy, where the caller wants it
store/sqlite/check.c unlink            the same
store/sqlite/open.c folder_open        the directory of the store
store/sqlite/open.c stat               why it cannot be opened
store/sqlite/open.c access             the same
'

# paths_check TREE : prints "FILE FUNCTION LINE" of each call. Comments and strings are left out, and
# calls through a pointer, which are another function's.
paths_check() {
	(cd "$1/src" && for folder in $folders; do find "$folder" -name '*.c'; done | sort -u |
	    functions=$functions xargs awk '
	BEGIN {
		call = "(^|[^a-zA-Z0-9_>.])((" ENVIRON["functions"] ")[ \t]*[(]|AT_FDCWD[ \t]*,)"
	}
	/^[ \t]*(\/\*|\*)/ { next }
	{
		gsub(/"([^"\\]|\\.)*"/, "")
		gsub(/\/\*.*\*\//, "")
		rest = $0
		while (match(rest, call)) {
			name = substr(rest, RSTART, RLENGTH)
			gsub(/[^a-zA-Z0-9_]/, "", name)
			rest = substr(rest, RSTART + RLENGTH - 1)
			print FILENAME, name, FNR
		}
	}')
}

# paths_refused TREE : the calls that are not allowed.
paths_refused() {
	paths_check "$1" | allowed=$allowed awk '
	BEGIN {
		count = split(ENVIRON["allowed"], lines, "\n")
		for (i = 1; i <= count; i++) {
			split(lines[i], words, /[ \t]+/)
			may[words[1] " " words[2]] = 1
		}
	}
	!(($1 " " $2) in may) { printf "src/%s:%s: %s takes a path\n", $1, $3, $2 }'
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

found=$(paths_refused "$top_srcdir")
[ -z "$found" ]
ok "nobody works in the state directory by path" $? "$found"

used=$(paths_check "$top_srcdir" | cut -d' ' -f1,2 | sort -u)
stale=$(printf '%s\n' "$allowed" | awk 'NF { print $1 " " $2 }' | sort -u | comm -23 - <(printf '%s\n' "$used"))
[ -z "$stale" ]
ok "every exception is one" $? "not needed: $stale"

# refuses TEXT : so does a file with this line.
for folder in $folders; do
	mkdir -p "$scratch/src/$folder"
done
refuses() {
	printf 'static int\nwork(const char *path)\n{\n\t%s\n}\n' "$1" >"$scratch/src/ca/one.c"
	[ "$(paths_refused "$scratch" | grep -c .)" -eq 1 ]
	ok "nobody may say: $1" $? "$(paths_refused "$scratch")"
}

allows() {
	printf 'static int\nwork(const char *path)\n{\n\t%s\n}\n' "$1" >"$scratch/src/ca/one.c"
	[ -z "$(paths_refused "$scratch")" ]
	ok "it may be said: $1" $? "$(paths_refused "$scratch")"
}

refuses 'return open(path, O_RDONLY);'
refuses 'if (stat(path, &st) != 0)'
refuses '(void)unlink(path);'
refuses 'rc = rename (from, to);'
refuses 'DIR *directory = opendir(path);'
refuses 'FILE *file = fopen(path, "re");'
refuses 'fd = openat(AT_FDCWD, path, O_RDONLY);'
refuses 'return file_read(path, 64, &content, err);'
refuses 'return folder_open(path, &folder, err);'
refuses 'return key_open(path, access, key, err);'
refuses 'if (!mkdtemp(place))'
allows 'return openat(folder->fd, name, O_RDONLY | O_NOFOLLOW);'
allows 'return folder_open_in(folder, name, &inside, err);'
allows 'return key_open_in(folder, name, access, key, err);'
allows 'return engine->open(database, rest, out, err);'
allows '/* open(2) would follow a link. */'
allows 'error_set(err, ERROR_INTERNAL, "open(%s)", path);'
allows 'const struct key_access *access, struct error *err);'

echo "1..$cases"
exit $failed
