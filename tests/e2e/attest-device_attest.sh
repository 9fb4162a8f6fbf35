# attest-device attest: an AK certified by a real attestd, with a real (software) TPM.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-transient)" ] &&
		[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-loaded-session)" ]
}

# attest TPM DIRECTORY [OPTION…]
attest() {
	local tpm=$1 directory=$2

	shift 2
	attest_device --tcti "${tcti[$tpm]}" --state-dir "$scratch/$directory" attest \
		--attestation-url "$attestd_url" "$@"
}

swtpm_start one rsa2048 || exit 1
attest_ca init >/dev/null || exit 1
attestd_start || exit 1
root=$state_dir/root.pem
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)

# ---- not enrolled ----

case_fails "not enrolled: exit 1, the hash and the command to run" 1 \
	"EK $hash is not enrolled; on the attestation host run: attest-ca --state-dir $state_dir approve $hash" attest one state
command=${err##*run: attest-ca }
run attest one state --json
case_equal "not enrolled: --json has the kind" "$(jq -r .error <<<"$out")" notEnrolled
case_equal "not enrolled: --json has the hash" "$(jq -r .ek <<<"$out")" "$hash"
case_equal "not enrolled: --json has the command" "$(jq -r .enroll <<<"$out")" "attest-ca $command"
check "not enrolled: no chain is kept" '[ ! -e "$scratch/state/ak-chain.pem" ]'
check "not enrolled: nothing stays loaded" 'nothing_loaded one'
case_ok "the command that it names enrols the device" "$attest_ca_program" $command

# ---- enrolled ----

case_ok "enrolled: works" attest one state --attestation-root "$root" --json
case_equal "enrolled: says for whom" "$(jq -r '.names[0]' <<<"$out")" "${command##*--name }"
case_equal "enrolled: the AK of the first try is used" "$(jq -r .akReused <<<"$out")" true
case_matches "enrolled: says until when" "$(jq -r .notAfter <<<"$out")" '^20[0-9-]+T[0-9:]+Z$'
chain=$scratch/state/ak-chain.pem
case_equal "enrolled: says where" "$(jq -r .chain <<<"$out")" "$chain"
case_equal "the chain is leaf and issuing CA" "$(grep -c 'BEGIN CERTIFICATE' "$chain")" 2
case_ok "the chain verifies with openssl" openssl verify -x509_strict -CAfile "$root" \
	-untrusted "$chain" "$chain"
run openssl x509 -in "$chain" -noout -ext subjectAltName
urn=urn:ek:sha256:$(printf "$(sed 's/../\\x&/g' <<<"$hash")" | base64)
check "the leaf names the EK" '[[ $out == *"URI:$urn,"* ]]'
case_equal "the state directory is its owner's alone" "$(stat -c %a "$scratch/state")" 700
case_equal "the AK is its owner's alone" "$(stat -c %a "$scratch/state/ak.pem")" 600
check "nothing temporary is left" '[ "$(ls -A "$scratch/state" | tr "\n" " ")" = "ak-chain.pem ak-creation.json ak.pem " ]'
key=$(openssl x509 -in "$chain" -noout -pubkey)
TPM2OPENSSL_TCTI="${tcti[one]}" openssl list -providers -provider tpm2 >/dev/null 2>&1 ||
	lacks "there is no tpm2-openssl"
case_equal "tpm2-openssl reads the AK, and it is the certified key" "$key" \
	"$(TPM2OPENSSL_TCTI="${tcti[one]}" openssl pkey -provider tpm2 -provider default \
		-in "$scratch/state/ak.pem" -pubout 2>/dev/null)"

case_ok "for people: works" attest one state
case_matches "for people: what, for whom, until when" "$out" \
	"certified +the kept AK \\(rsa2048\\) of the RSA-2048 EK $hash.*for +${command##*--name }.*until +20"
case_matches "for people: without a root, a note that nothing vouches for it" "$err" \
	'name the attestation root'
case_equal "the AK stays the same" "$(openssl x509 -in "$chain" -noout -pubkey)" "$key"

case_ok "--new-ak makes a new AK" attest one state --attestation-root "$root" --new-ak
check "… which is another key" '[ "$(openssl x509 -in "$chain" -noout -pubkey)" != "$key" ]'
case_equal "… quietly" "$err" ""

# ---- keys of all kinds ----

run attest_device --tcti "${tcti[one]}" --json ek
for row in $(jq -r '.eks[] | "\(.kind):\(.hash)"' <<<"$out"); do
	IFS=: read -r kind hash_of_kind <<<"$row"
	[ "$hash_of_kind" = "$hash" ] || attest_ca enroll "$hash_of_kind" --name "one-$kind" >/dev/null
	for type in rsa2048 rsa2048-pss rsa3072 rsa3072-pss p256 p384 p521; do
		case_ok "EK $kind certifies an AK $type" attest one "$kind" --attestation-root "$root" \
			--ek "$kind" --ak-type "$type" --json
		[ "$(jq -r '"\(.ekKind) \(.akType) \(.names[0])"' <<<"$out")" = "$kind $type one-$kind" ] ||
			[ "$hash_of_kind" = "$hash" ] || case_equal "… and no other" "$out" "$kind $type"
	done
done
case_ok "without --ak-type the kept AK stays, of whatever type" attest one P-256 --ek P-256 --json
case_equal "… and is the P-521 one" "$(jq -r '"\(.akType) \(.akReused)"' <<<"$out")" "p521 true"
check "nothing stays loaded" 'nothing_loaded one'

if [[ $(swtpm_setup --print-capabilities) == *tpm2-rsa-keysize-3072* ]]; then
	swtpm_start large rsa3072 || exit 1
	attest_ca enroll "$(attest_device --tcti "${tcti[large]}" ek --hash --ek RSA-3072)" \
		--name large >/dev/null
	case_ok "EK RSA-3072 certifies an AK" attest large large --attestation-root "$root" \
		--ek RSA-3072
else
	skip "EK RSA-3072 certifies an AK" "this swtpm_setup makes none"
fi

# ---- parents ----

swtpm_start parents || exit 1
attest_ca enroll "$(attest_device --tcti "${tcti[parents]}" ek --hash)" --name parents >/dev/null
parent_of() {
	openssl asn1parse -in "$scratch/$1/ak.pem" | sed -n 's/.*INTEGER *:-*//p'
}
case_ok "no storage root key: works" attest parents transient
case_equal "no storage root key: the AK is the owner hierarchy's" "$(parent_of transient)" 40000001

tpm2_createprimary -T "${tcti[parents]}" -Q -C o -G rsa2048:null:aes128cfb \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' \
	-c "$scratch/srk.ctx"
tpm2_flushcontext -T "${tcti[parents]}" -t
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c "$scratch/srk.ctx" 0x81000001
tpm2_flushcontext -T "${tcti[parents]}" -t
case_ok "a storage root key by TCG's template: works" attest parents srk
case_equal "… and is the AK's parent" "$(parent_of srk)" 81000001
case_ok "… and is so when the AK is used again" attest parents srk
case_ok "an AK under the hierarchy works beside it" attest parents transient --json
case_equal "… and is the same" "$(jq -r .akReused <<<"$out")" true
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c 0x81000001
case_ok "the storage root key gone: works" attest parents srk
case_matches "… with a new AK, and says why" "$err" \
	'making a new AK: the TPM has no key 0x81000001 any more'

tpm2_createprimary -T "${tcti[parents]}" -Q -C o -G ecc384 -c "$scratch/odd.ctx" 2>/dev/null
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c "$scratch/odd.ctx" 0x81000001
tpm2_flushcontext -T "${tcti[parents]}" -t
case_ok "another key at 0x81000001: works" attest parents odd
case_equal "… and it is left alone" "$(parent_of odd)" 40000001

# ---- state that is no use ----

swtpm_start two || exit 1
attest_ca enroll "$(attest_device --tcti "${tcti[two]}" ek --hash)" --name two >/dev/null
cp -r "$scratch/state" "$scratch/copied"
case_ok "an AK of another TPM: works" attest two copied --json
case_matches "… with a new one, and says why" "$err" "making a new AK: .*is not this TPM's"
case_equal "… which is certified for this device" "$(jq -r '.names[0]' <<<"$out")" two

printf 'garbage' >"$scratch/copied/ak.pem"
case_ok "garbage in ak.pem: works" attest two copied
case_matches "… with a new AK, and says why" "$err" 'making a new AK: ak.pem: no TSS2 PRIVATE KEY'
cp "$scratch/state/ak-creation.json" "$scratch/copied/ak-creation.json"
case_ok "the proof of another AK: works" attest two copied
case_matches "… with a new AK, and says why" "$err" 'making a new AK: ak-creation.json: '
rm "$scratch/copied/ak-creation.json"
case_ok "the proof is missing: works" attest two copied --json
case_equal "… with a new AK" "$(jq -r .akReused <<<"$out")" false
case_fails "a state directory that is a file" 1 'Not a directory' attest two state/ak.pem

# ---- a power cut ----

swtpm_stop two KILL
swtpm_start two || exit 1
case_ok "after a power cut: works" attest two copied --json
case_equal "… with the same AK" "$(jq -r .akReused <<<"$out")" true

# ---- what goes wrong ----

other=$scratch/other.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=x \
	-out "$other" 2>/dev/null
before=$(cat "$scratch/copied/ak-chain.pem")
case_fails "another root: refused" 1 "the issued certificate: " \
	attest two copied --attestation-root "$other"
case_equal "… and the chain that was kept stays" "$(cat "$scratch/copied/ak-chain.pem")" "$before"
case_fails "no such root file" 1 'the attestation root: .*/nonexistent: No such file' \
	attest two copied --attestation-root /nonexistent
case_fails "no URL" 2 'needs --attestation-url' attest_device attest
case_fails "no such AK type" 2 'there is no ak-type "rsa1024", but rsa2048, ' attest two copied --ak-type rsa1024

url=$attestd_url
attestd_url=${url/http:/ftp:}
case_fails "not http" 1 'must be an http:// or https:// URL' attest two copied
attestd_url=${url/http:/https:}
case_fails "https where there is none" 1 "asking $attestd_url: does it speak TLS" attest two copied
attestd_url=$url/nowhere
case_fails "a path where attestd has nothing" 1 'attest-device: .+' attest two copied
attestd_url=$url
run attest two copied --json
case_equal "(it still works)" "$status" 0

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/tls.key" \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -out "$scratch/tls.pem" 2>/dev/null
attestd_stop
attestd_start --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key" || exit 1
case_fails "TLS that nobody trusts: the remedy is named" 1 'not trusted; name the root.*--tls-root' \
	attest two copied
case_ok "TLS with its root: works" attest two copied --tls-root "$scratch/tls.pem"
case_equal "TLS: no note" "$err" ""

# with_roots COMMAND…: where the system's directory of roots holds the one of this server.
with_roots() {
	unshare -m sh -c 'mount --bind "$1" /etc/ssl/certs && shift && exec "$@"' sh "$scratch/roots" "$@"
}
mkdir "$scratch/roots"
cp "$scratch/tls.pem" "$scratch/roots/$(openssl x509 -in "$scratch/tls.pem" -noout -hash).0"
cp "$other" "$scratch/roots/ca-certificates.crt"
if with_roots true 2>/dev/null; then
	case_ok "TLS: a root of the system's counts" with_roots "$attest_device_program" --tcti "${tcti[two]}" \
		--state-dir "$scratch/copied" attest --attestation-url "$attestd_url"
	case_fails "TLS: with --tls-root it does not" 1 'not trusted; name the root' \
		with_roots "$attest_device_program" --tcti "${tcti[two]}" --state-dir "$scratch/copied" attest \
		--attestation-url "$attestd_url" --tls-root "$other"
else
	skip "TLS: a root of the system's counts" "nothing can be mounted here"
	skip "TLS: with --tls-root it does not" "nothing can be mounted here"
fi
case_fails "no such TLS root" 1 'the TLS root /nonexistent: No such file' \
	attest two copied --tls-root /nonexistent
attestd_stop
case_fails "nobody listens: the remedy is named" 1 "asking $attestd_url: is the server running there" \
	attest two copied --tls-root "$scratch/tls.pem"
check "nothing stays loaded after failures" 'nothing_loaded two'

# ---- a server that is none ----

# server_start ANSWER: one that answers every POST with this file, octet for octet.
server_start() {
	daemon_start server python3 -c '
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    peer, _ = listener.accept()
    with peer:
        data = b""
        while b"\r\n\r\n" not in data:
            data += peer.recv(65536)
        head, body = data.split(b"\r\n\r\n", 1)
        size = int([l.split(b":")[1] for l in head.split(b"\r\n") if l.lower().startswith(b"content-length")][0])
        while len(body) < size:
            body += peer.recv(65536)
        peer.sendall(open(sys.argv[1], "rb").read())
' "$1"
	wait_for "grep -q '^port' '${log[server]}'"
	attestd_url=http://127.0.0.1:$(sed -n 's/^port //p' "${log[server]}")
}

answer() { # STATUS BODY
	printf 'HTTP/1.1 %s x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "$1" "${#2}" "$2" \
		>"$scratch/answer"
}

answer 200 '{}'
server_start "$scratch/answer"
case_fails "an answer without credential" 1 'the answer has no string "credential"' attest two copied
answer 200 '{"credential":"AAA=","secret":"AAA="}'
case_fails "an empty credential: the TPM refuses" 1 'the TPM does not open the credential' \
	attest two copied
answer 200 '<html>hello</html>'
case_fails "a web page" 1 'the answer is not JSON' attest two copied
answer 502 '<html>bad gateway</html>'
case_fails "a proxy's error page" 1 "$attestd_url answered HTTP 502: is this the URL of attestd" \
	attest two copied
answer 302 ''
case_fails "a redirect is not followed" 1 "answered HTTP 302" attest two copied
answer 403 '{"type":"urn:attest-ca:error:deviceDisabled","detail":"device two is disabled"}'
case_fails "a problem document: its own detail" 1 'attest-device: device two is disabled' \
	attest two copied
answer 200 "$(head -c 300000 /dev/zero | tr '\0' x)"
case_fails "an answer that is too long" 1 'its answer is too long' attest two copied
check "nothing stays loaded after strange answers" 'nothing_loaded two'

# It waits for an answer that does not come, and is told to stop.
daemon_stop server
daemon_start silent python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
print("asked", flush=True)
listener.accept()'
wait_for 'grep -q "^port" "${log[silent]}"'
attestd_url=http://127.0.0.1:$(sed -n 's/^port //p' "${log[silent]}")
daemon_start waiting "$attest_device_program" --tcti "${tcti[two]}" --state-dir "$scratch/copied" \
	attest --attestation-url "$attestd_url"
wait_for 'grep -q "^asked" "${log[silent]}"'
daemon_stop waiting TERM
case_equal "SIGTERM while it waits: exit 1" "$status" 1
case_matches "SIGTERM while it waits: says so" "$(cat "${log[waiting]}")" 'interrupted'
check "SIGTERM while it waits: nothing stays loaded" 'nothing_loaded two'
daemon_stop silent

# It waits for another one that has the state directory, and is told to stop.
mkfifo "$scratch/hold"
daemon_start holder flock "$scratch/copied" cat "$scratch/hold"
wait_for '! flock --nonblock "$scratch/copied" true'
daemon_start waiting "$attest_device_program" --tcti "${tcti[two]}" --state-dir "$scratch/copied" \
	attest --attestation-url "$attestd_url"
wait_for 'readlink "/proc/${pid[waiting]}"/fd/* 2>/dev/null | grep -q copied'
daemon_stop waiting TERM
case_equal "SIGTERM while another has the state directory: exit 1" "$status" 1
daemon_stop holder

# ---- a hundred in a row ----

attestd_start || exit 1
hundred() { # TCTI
	local i

	for ((i = 1; i <= 50; i++)); do
		attest_device --tcti "$1" --state-dir "$scratch/hundred" attest \
			--attestation-url "$attestd_url" --attestation-root "$root" >/dev/null ||
			{ echo "number $i"; return 1; }
	done
}
case_ok "fifty in a row through a socket" hundred "${tcti[two]}"
check "fifty in a row: nothing stays loaded" 'nothing_loaded two'
case_ok "fifty in a row through a pipe" hundred "${tcti_cmd[two]}"
check "a hundred in a row: nothing stays loaded" 'nothing_loaded two'

for i in 1 2; do
	attest two "both-$i" >"$scratch/both-$i.out" 2>&1 &
	both[i]=$!
done
wait "${both[1]}"; first=$?
wait "${both[2]}"; second=$?
case_equal "two at the same time wait for each other" "$first $second" "0 0"

# ---- a host that is busy in the middle ----

# between FAULT: a proxy that does this to the first POST /secret, and lets all else through.
between() {
	daemon_start between python3 -c '
import http.server, sys, urllib.request
url, fault, done = sys.argv[1], sys.argv[2], []
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print("asked", self.path, flush=True)
        if self.path == "/secret" and not done:
            done.append(1)
            if fault == "busy":
                self.send_response(503)
                self.send_header("Retry-After", "1")
                self.end_headers()
            return
        answer = urllib.request.urlopen(urllib.request.Request(url + self.path, body, {
            "Content-Type": "application/json"}))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(answer.read())
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
' "$direct_url" "$1"
	wait_for "grep -q '^port' '${log[between]}'"
	attestd_url=http://127.0.0.1:$(sed -n 's/^port //p' "${log[between]}" | tail -n 1)
}

# how often /attest and /secret were asked for
asked() {
	echo "$(grep -c '^asked /attest' "${log[between]}") $(grep -c '^asked /secret' "${log[between]}")"
}

direct_url=$attestd_url
between busy
case_ok "busy when it is told the secret: it attests anew" attest two busy
case_matches "… which is said" "$err" 'trying again: '
case_equal "… as the secret is good for one answer" "$(asked)" "2 2"
daemon_stop between
rm "${log[between]}"
between gone
case_fails "no answer to the secret: perhaps it was certified, and nothing is done twice" 1 'asking http' \
	attest two gone
case_equal "… it was told once" "$(asked)" "1 1"
daemon_stop between
attestd_url=$direct_url

finish
