"""Strangers that hold a server up, and an honest client among them: overload.py KIND PORT COUNT [PEM]

  idle     COUNT connections that say nothing, or half of a TLS record
  slow     COUNT connections with a request of an octet a second, or that read an answer so
  honest   COUNT requests, each on a TLS connection of its own; prints how many were answered 200,
           and the median, the 99th percentile and the longest of their times
  hello    COUNT connections that begin a handshake of TLS and leave it at their ClientHello
  half     COUNT connections whose client has ended its half: before a first octet, amid a record, or
           behind its ClientHello; prints how many the server closed
  vanish   COUNT connections of each kind: silent, at their ClientHello, without a request, amid one,
           between two, and with answers that nobody reads
  garbage  COUNT connections with what is neither TLS nor HTTP; prints how many were closed
  shapes   requests whose framing or head is doubtful, over plain HTTP; prints what is wrong with
           the answers: each is refused with 4xx, and nothing behind it is answered

idle, slow, hello and vanish print "there" when all are connected, and stay until standard input ends. Strangers
come from many addresses, the honest client from 127.0.0.2.
"""
import os
import random
import select
import socket
import ssl
import sys
import time

kind, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pem = sys.argv[4] if len(sys.argv) > 4 else None


def connect(source, receive=None):
    s = socket.socket()
    if receive is not None:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    s.settimeout(30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.bind((source, 0))
    s.connect(("127.0.0.1", port))
    return s


def stranger(i):
    return "127.0.%d.%d" % (1 + i % 8, 1 + i // 8 % 16)


def ends(timeout):
    return bool(select.select([sys.stdin], [], [], timeout)[0])


def idle():
    sockets = []
    for i in range(count):
        s = connect(stranger(i))
        if i % 2:
            s.send(b"\x16\x03\x01\x02\x00\x01")
        sockets.append(s)
    print("there", flush=True)
    ends(None)


def client_hello():
    context = ssl.create_default_context(cafile=pem)
    context.check_hostname = False
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def hello():
    sockets = []
    record = client_hello()
    for i in range(count):
        s = connect(stranger(i))
        try:
            s.send(record)
        except OSError:
            pass  # the server keeps room for others
        sockets.append(s)
    print("there", flush=True)
    ends(None)


def half():
    closed = 0
    record = client_hello()
    for i in range(count):
        s = connect(stranger(i))
        try:
            s.sendall((b"", record[:9], record)[i % 3])
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
            closed += 1
        except TimeoutError as e:
            print("#", e)
        except OSError:
            closed += 1
        s.close()
    print(closed)


def vanish():
    context = ssl.create_default_context(cafile=pem)
    context.check_hostname = False
    request = b"GET /root.pem HTTP/1.1\r\nHost: x\r\n\r\n"
    record = client_hello()
    sockets = []
    for i in range(count):
        sockets.append(connect(stranger(i)))
        sockets.append(connect(stranger(i)))
        sockets[-1].send(record)
        for octets, answers in ((b"", 0), (request[:-9], 0), (request, 1)):
            s = context.wrap_socket(connect(stranger(i)))
            s.send(octets)
            for _ in range(answers):
                s.recv(65536)
            sockets.append(s)
        s = context.wrap_socket(connect(stranger(i), 2048))
        s.send(b"GET /crl HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
        sockets.append(s)
    print("there", flush=True)
    ends(None)


def slow():
    context = ssl.create_default_context(cafile=pem)
    context.check_hostname = False
    pairs = []
    request = b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n" + b"x" * 6000
    for i in range(count):
        try:
            s = context.wrap_socket(connect(stranger(i), 2048 if i % 2 else None))
            if i % 2:
                s.send(b"GET /root.pem HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
            s.setblocking(False)
            pairs.append((s, i % 2))
        except OSError:
            pass  # the server keeps room for others
    print("there", flush=True)
    at = 0
    while not ends(1):
        for s, reads in pairs:
            try:
                s.recv(1) if reads else s.send(request[at:at + 1])
            except (OSError, ValueError):
                pass
        at = (at + 1) % len(request)


def honest():
    context = ssl.create_default_context(cafile=pem)
    context.check_hostname = False
    times, good = [], 0
    for _ in range(count):
        begun = time.monotonic()
        try:
            s = context.wrap_socket(connect("127.0.0.2"))
            s.send(b"GET /root.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while piece := s.recv(65536):
                answer += piece
            good += answer.startswith(b"HTTP/1.1 200 ") and b"END CERTIFICATE" in answer
        except OSError as e:
            print("#", e)
        times.append((time.monotonic() - begun) * 1000)
    times.sort()
    print("%d median %d ms p99 %d ms longest %d ms" % (
        good, times[len(times) // 2], times[len(times) * 99 // 100], times[-1]))


def garbage():
    source = random.Random(8)
    closed = 0
    for i in range(count):
        s = connect(stranger(i))
        try:
            s.sendall(source.randbytes(source.choice((1, 5, 300, 20000))))
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
            closed += 1
        except OSError as e:
            if isinstance(e, TimeoutError):
                print("#", e)
            else:
                closed += 1
        s.close()
    print(closed)


BEHIND = b"GET /root.pem HTTP/1.1\r\nHost: behind\r\n\r\n"
HEAD = b"POST /attest HTTP/1.1\r\nHost: x\r\n"

SHAPES = {
    "length and chunks": HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    "the same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": HEAD + b"Content-Length: +2\r\n\r\n{}",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": HEAD + b"Content-Length: 0x2\r\n\r\n{}",
    "a huge length": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n{}",
    "an unknown coding": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked, identity": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a folded field": HEAD + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "a NUL in a field": HEAD + b"X: a\0b\r\nContent-Length: 2\r\n\r\n{}",
    "a bare CR": HEAD + b"X: a\rContent-Length: 40\r\nContent-Length: 2\r\n\r\n{}",
    "a chunk's size too large": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
    "a chunk's signed size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
    "a coding behind a vertical tab": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a coding in two pieces": HEAD + b"Transfer-Encoding: chun\r\nTransfer-Encoding: ked\r\n\r\n0\r\n\r\n",
    "a coding with a parameter": HEAD + b"Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n",
    "a coding in quotes": HEAD + b"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    "a coding for HTTP/1.0": b"POST /attest HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length and chunks, bare LF": b"POST /attest HTTP/1.1\nHost: x\nContent-Length: 3\nTransfer-Encoding: chunked\n\n0\n\n",
    "a chunk's size behind a semicolon": HEAD + b"Transfer-Encoding: chunked\r\n\r\n;2\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}}\r\n0\r\n\r\n",
    "a chunk's size in hexadecimal of C": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a length with a space in it": HEAD + b"Content-Length: 2 0\r\n\r\n{}",
    "an empty length": HEAD + b"Content-Length: \r\n\r\n",
    "a length with a NUL": HEAD + b"Content-Length: 2\x00\r\n\r\n{}",
    "a field without a colon": HEAD + b"X\r\nContent-Length: 2\r\n\r\n{}",
    "a field without a name": HEAD + b": x\r\nContent-Length: 2\r\n\r\n{}",
    "a control in a name": HEAD + b"X\x01: y\r\nContent-Length: 2\r\n\r\n{}",
    "a line before the first field": b"POST /attest HTTP/1.1\r\n X: y\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "a space in the target": b"GET /root.pem /x HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET /root.pem HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /root.pem HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "HTTP/0.9": b"GET /root.pem\r\n\r\n",
    "HTTP/3.1": b"GET /root.pem HTTP/3.1\r\nHost: x\r\n\r\n",
    "a huge head": b"GET /root.pem HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
    "a huge number of fields": b"GET /root.pem HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 20000 + b"\r\n",
    "a huge target": b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
}


def ask(octets):
    s = connect("127.0.0.1")
    answer = b""
    try:
        s.sendall(octets)
        s.shutdown(socket.SHUT_WR)
        while piece := s.recv(65536):
            answer += piece
    except ConnectionError:
        pass
    s.close()
    return answer


def shapes():
    for name, octets in SHAPES.items():
        answer = ask(octets + BEHIND)
        statuses = [line[9:12] for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        # What a server cannot frame at all may be answered by closing alone.
        if len(statuses) > 1 or (statuses and not statuses[0].startswith(b"4")) or b"END CERT" in answer:
            print(name + ":", answer[:200])
    pipelined = ask(BEHIND * 50)
    if pipelined.count(b"HTTP/1.1 200 ") != 50:
        print("pipelined: %d of 50 are answered" % pipelined.count(b"HTTP/1.1 200 "))
    print("%d shapes" % len(SHAPES))


globals()[kind]()
sys.stdout.flush()
os._exit(0)  # thousands of sockets need no farewell
