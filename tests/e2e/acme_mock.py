"""An ACME server for one client and one certificate, which behaves in the way that it is told to.

usage: acme_mock.py SCRATCH. It prints "port N" first, then a line for each request. GET /mode/MODE has it
forget what was and behave in that way. It checks no signature; it checks that no nonce is used twice and
that each comes from here.
"""
import base64, http.server, json, subprocess, sys

mode, scratch = None, sys.argv[1]
nonces, used, polls, refused = set(), set(), {}, {"left": 2}
turned_away = set()


def begin(new_mode):
    global mode
    mode = new_mode
    for memory in (nonces, used, polls, turned_away):
        memory.clear()
    refused["left"] = 2


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# Members that no client knows, in forms that a strict parser refuses.
ODD = (b'"x":' + b"[" * 100 + b"]" * 100 + b',"i":18446744073709551616,"r":-1e999,"s":"\\ud800",'
       b'"\\u0000a":1,"d":1,"d":[1],')


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, headers=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if mode == "odd" and not isinstance(body, bytes):
            data = data.replace(b"{", b"{" + ODD)
        self.send_response(status)
        if mode != "no-nonce":
            nonce = "nonce-%d" % (len(nonces) + 1)
            nonces.add(nonce)
            self.send_header("Replay-Nonce", nonce)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def problem(self, status, kind, detail, **more):
        self.answer(status, dict(type="urn:ietf:params:acme:error:" + kind, detail=detail, **more))

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.server.server_port, path)

    def away(self):
        """In mode "busy" each path is refused once, and says when it would like to be asked again."""
        if mode != "busy" or self.path in turned_away:
            return False
        turned_away.add(self.path)
        self.answer(429 if len(turned_away) % 2 else 503, b"busy", [("Retry-After", "1")])
        return True

    def do_HEAD(self):
        if not self.away():
            self.answer(200, b"")

    def do_GET(self):
        if self.path.startswith("/mode/"):
            begin(self.path[len("/mode/"):])
            return self.answer(200, b"")
        if self.away():
            return
        directory = {"newNonce": self.url("/nonce"), "newAccount": self.url("/account"),
                     "newOrder": self.url("/order")}
        if mode == "no-order":
            del directory["newOrder"]
        self.answer(200, directory)

    def later(self, what, first, then):
        """The status of something that is asked for more than once."""
        polls[what] = polls.get(what, 0) + 1
        return first if mode == "slow" and polls[what] < 3 else then

    def order(self, status, **more):
        many = 500 if mode == "authorizations" else 0 if mode == "no-authorizations" else 1
        url = 7 if mode == "no-url" else self.url("/authorization")
        order = dict(status=status, identifiers=[], authorizations=[url] * many,
                     finalize=self.url("/finalize"), **more)
        order.pop(mode[len("no-"):] if mode in ("no-finalize", "no-certificate") else None, None)
        return order

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        head = json.loads(decode(body["protected"]))
        print(self.path, head["alg"], "kid" if "kid" in head else "jwk", flush=True)
        if head["nonce"] in used or head["nonce"] not in nonces or head["url"] != self.url(self.path):
            return self.problem(400, "malformed", "the client does not keep the rules")
        used.add(head["nonce"])
        if self.away():
            return
        if self.path == "/order" and (mode == "bad-nonces" or mode == "bad-nonce" and refused["left"]):
            refused["left"] -= 1
            return self.problem(400, "badNonce", "this nonce is old")
        getattr(self, "post_" + self.path[1:].replace("-", "_"))(decode(body["payload"]))

    def post_account(self, payload):
        self.answer(201, {"status": "valid"},
                    () if mode == "no-location" else [("Location", self.url("/account/1"))])

    def post_order(self, payload):
        polls.clear()
        self.answer(201, self.order("pending"), [("Location", self.url("/order-1"))])

    def post_order_1(self, payload):
        if polls.get("finalize"):
            status = self.later("order", "processing", "valid")
            return self.answer(200, self.order(status, certificate=self.url("/certificate")),
                               [("Retry-After", "1")] if status == "processing" else ())
        error = {} if mode == "no-reason" else {"error": {"type": "urn:x", "detail": "the order fell through"}}
        self.answer(200, self.order("invalid" if mode in ("order-invalid", "no-reason") else "ready", **error))

    def post_authorization(self, payload):
        answered = polls.get("challenge")
        status = self.later("authorization", "pending", "valid") if answered else "pending"
        challenge = {"type": "dns-01" if mode == "no-challenge" else "device-attest-01",
                     "url": self.url("/challenge"), "token": "token", "status": status}
        if answered and (mode == "late-refusal" or mode == "refuse-once" and refused["left"]):
            refused["left"] = 0
            status = "invalid"
            challenge["error"] = {"type": "urn:ietf:params:acme:error:badAttestationStatement",
                                  "detail": "the device is not liked\u001b[2J",
                                  "subproblems": [{"detail": "because of its colour"}]}
        if mode == "no-token":
            del challenge["token"]
        if answered and mode == "revoked":
            status = "revoked"
        others = [{"type": "other-01"}] * (500 if mode == "challenges" else 1)
        self.answer(200, {"status": status, "challenges": others + [challenge]})

    def post_challenge(self, payload):
        assert decode(json.loads(payload)["attObj"])
        polls["challenge"] = 1
        self.answer(200, {"type": "device-attest-01", "status": "processing"})

    def post_finalize(self, payload):
        if mode == "finalize-500":
            return self.answer(500, b"oops")
        if mode == "bad-csr":
            return self.problem(400, "badCSR", "the CSR is ugly")
        with open(scratch + "/mock.csr", "wb") as file:
            file.write(decode(json.loads(payload)["csr"]))
        polls["finalize"] = 1
        self.answer(200, self.order(self.later("final", "processing", "valid"),
                                    certificate=self.url("/certificate")))

    def post_certificate(self, payload):
        days = "36500" if mode == "century" else "1"
        request = ["-key", scratch + "/other.key", "-subj", "/CN=x"] if mode == "other-key" else \
            ["-in", scratch + "/mock.csr", "-inform", "DER"]
        if mode == "other-key":
            made = subprocess.run(["openssl", "req", "-x509", "-days", "1"] + request,
                                  capture_output=True, check=True).stdout
        else:
            made = subprocess.run(["openssl", "x509", "-req", "-days", days, "-CA", scratch + "/ca.pem",
                                   "-CAkey", scratch + "/other.key", "-CAcreateserial"] + request,
                                  capture_output=True, check=True).stdout
        if mode == "rubbish":
            made += b"\x1b]0;title\x07"
        if mode == "private-key":
            made += open(scratch + "/other.key", "rb").read()
        self.answer(200, b"hello" if mode == "no-chain" else made)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
