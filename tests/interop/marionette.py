"""Has a Firefox that was started with --marionette open a page: marionette.py PORT URL prints its text."""
import json
import socket
import sys


class Browser:
    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")
        self.number = 0
        self.read()

    def read(self):
        length = b""
        while not length.endswith(b":"):
            octet = self.stream.read(1)
            if not octet:
                sys.exit("the browser is gone")
            length += octet
        return json.loads(self.stream.read(int(length[:-1])))

    def do(self, command, **arguments):
        self.number += 1
        message = json.dumps([0, self.number, command, arguments]).encode()
        self.stream.write(b"%d:%s" % (len(message), message))
        self.stream.flush()
        _, _, error, value = self.read()
        if error:
            print(error["message"].splitlines()[0])
        return value


browser = Browser(int(sys.argv[1]))
browser.do("WebDriver:NewSession")
browser.do("WebDriver:Navigate", url=sys.argv[2])
text = browser.do("WebDriver:ExecuteScript", script="return document.body.innerText", args=[])
print((text or {}).get("value"))
browser.do("WebDriver:DeleteSession")
