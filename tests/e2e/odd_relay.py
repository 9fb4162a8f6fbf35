"""Passes requests on, and answers back, with members that nobody reads in all JSON: odd_relay.py PORT KEPT

Takes connections on a port of 127.0.0.1 that it prints. The members have the forms that a strict
parser refuses. The body of the last POST /attest stands in the file KEPT, as it was sent on.
"""
import http.client, http.server, sys

port, kept = int(sys.argv[1]), sys.argv[2]
ODD = (b'"x":' + b'[' * 100 + b']' * 100 + b',"i":18446744073709551616,"r":-1e999,"s":"\\ud800",'
       b'"\\u0000a":1,"d":1,"d":{"e":1,"e":2},')


def odd(body):
    for place in (b'{', b'"tpmInfo":{', b'"params":{'):
        body = body.replace(place, place + ODD, 1)
    return body


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        body = odd(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/attest":
            with open(kept, "wb") as file:
                file.write(body)
        server = http.client.HTTPConnection("127.0.0.1", port)
        server.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = server.getresponse()
        body = odd(answer.read())
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("port", server.server_port, flush=True)
server.serve_forever()
