# attest-device attest when something is wrong: with its files and options, the server or its TLS,
# the answers of a server that is none, and a host that is busy in the middle.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/device.sh"

attest_ca init >/dev/null && attestd_start && device_new two || exit 1
root=$state_dir/root.pem
attest two copied >/dev/null 2>&1 || exit 1

# ---- what it tries again for half a minute, beside all that follows ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/tls.key" \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -out "$scratch/tls.pem" 2>/dev/null

# port_wait NAME: that daemon of ours says its port; sets $attestd_url.
port_wait() {
	wait_for "grep -q '^port' '${log[$1]}'"
	attestd_url=http://127.0.0.1:$(sed -n 's/^port //p' "${log[$1]}" | tail -n 1)
}

# server_start NAME ANSWER: one that answers every POST with this file, octet for octet.
server_start() {
	daemon_start "$1" python3 -c '
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
' "$2"
	port_wait "$1"
}

answer() { # STATUS BODY [FILE]
	printf 'HTTP/1.1 %s x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' "$1" "${#2}" "$2" \
		>"${3:-$scratch/answer}"
}

url=$attestd_url
daemon_start deaf python3 -c '
import signal, socket
address = socket.socket()
address.bind(("127.0.0.1", 0))
print("port", address.getsockname()[1], flush=True)
signal.pause()'
port_wait deaf
attestd_url=${attestd_url/http:/https:}
deaf_url=$attestd_url
swtpm_start unheard && swtpm_start proxied || exit 1
begin nobody attest unheard unheard --tls-root "$scratch/tls.pem"
answer 502 '<html>bad gateway</html>' "$scratch/502"
server_start gateway "$scratch/502"
gateway_url=$attestd_url
begin gateway-client attest proxied proxied
attestd_url=$url

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
case_fails "no URL" 1 'attest needs --attestation-url, or attestation_url in device.conf' attest_device attest
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
check "nothing stays loaded after failures" 'nothing_loaded two'

# ---- a server that is none ----

answer 200 '{}'
server_start server "$scratch/answer"
case_fails "an answer without credential" 1 'the answer has no string "credential"' attest two copied
answer 200 '{"credential":"AAA=","secret":"AAA="}'
case_fails "an empty credential: the TPM refuses" 1 'the TPM does not open the credential' \
	attest two copied
answer 200 '<html>hello</html>'
case_fails "a web page" 1 'the answer is not JSON' attest two copied
answer 302 ''
case_fails "a redirect is not followed" 1 "answered HTTP 302" attest two copied
answer 403 '{"type":"urn:attest-ca:error:deviceDisabled","detail":"device two is disabled"}'
case_fails "a problem document: its own detail" 1 'attest-device: device two is disabled' \
	attest two copied
answer 200 "$(head -c 300000 /dev/zero | tr '\0' x)"
case_fails "an answer that is too long" 1 'its answer is too long' attest two copied
check "nothing stays loaded after strange answers" 'nothing_loaded two'

daemon_stop server

# ---- members that nobody reads, in all that goes to and fro ----

attestd_start || exit 1
daemon_start relay python3 "$top_srcdir/tests/e2e/odd_relay.py" "${attestd_url##*:}" "$scratch/odd.json"
url=$attestd_url
port_wait relay
case_ok "members that nobody reads, deep, large, broken and double, hinder nothing" \
	attest two copied --attestation-root "$root" --json
case_equal "… and the certificate is for the device" "$(jq -r '.names[0]' <<<"$out")" two
check "… which sent them" 'grep -q "\"tpmInfo\":{\"x\":\[\[.*18446744073709551616" "$scratch/odd.json"'
swtpm_start odd || exit 1
case_fails "a refusal with such members is read too" 1 \
	"EK [0-9a-f]{64} is not enrolled; on the attestation host run: attest-ca --state-dir $state_dir approve" attest odd odd
daemon_stop relay
attestd_url=$url
case_ok "the same request by hand" attest_ca approve "$(attest_device --tcti "${tcti[odd]}" ek --hash)" --name odd
http POST /attest "@$scratch/odd.json"
case_equal "… is answered with 200" "$http_status" 200 || note "$http_body"
sed 's/18446744073709551616/01/' "$scratch/odd.json" >"$scratch/broken.json"
http POST /attest "@$scratch/broken.json"
case_matches "… but not when it is no JSON, which is named" "$http_status $(jq -r .detail <<<"$http_body")" \
	'^400 not JSON: line 1, column [0-9]+: a number that is none$'
sed 's/^{/{"params":{},/' "$scratch/odd.json" >"$scratch/broken.json"
http POST /attest "@$scratch/broken.json"
case_matches "… nor with a member twice that is read" "$http_status $(jq -r .detail <<<"$http_body")" \
	'^400 not JSON: line 1, column [0-9]+: duplicate object key near .*params'
attestd_stop

# It waits for an answer that does not come, and is told to stop.
daemon_start silent python3 -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
peer, _ = listener.accept()
print("asked", flush=True)
listener.accept()'
port_wait silent
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
	port_wait between
}

# how often /attest and /secret were asked for
asked() {
	echo "$(grep -c '^asked /attest' "${log[between]}") $(grep -c '^asked /secret' "${log[between]}")"
}

attestd_start || exit 1
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

# ---- what it has tried again ----

case_fails "nobody listens: the remedy is named" 1 "asking $deaf_url: is the server running there" \
	ended nobody
check "nobody listens: nothing stays loaded" 'nothing_loaded unheard'
case_fails "a proxy's error page" 1 "$gateway_url answered HTTP 502: attestd, or a proxy before it, has a failure that may pass" \
	ended gateway-client
check "a proxy's error page: nothing stays loaded" 'nothing_loaded proxied'

finish
