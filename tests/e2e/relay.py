"""A proxy that works as HAProxy does, for tests: relay.py PORT VERSION SOURCE [FROM]

Takes connections on a port of 127.0.0.1 that it prints, and passes them on to PORT, from the
address FROM (127.0.0.1), behind a header of the PROXY protocol, v1 or v2, for SOURCE. VERSION
"local" is v2 for a connection of its own; "none" sends no header. The header comes in two pieces.
"""
import ipaddress, socket, struct, sys, threading

port, version, source = int(sys.argv[1]), sys.argv[2], ipaddress.ip_address(sys.argv[3])
own = sys.argv[4] if len(sys.argv) > 4 else '127.0.0.1'
six = source.version == 6


def header():
    if version == 'none':
        return b''
    if version == 'v1':
        return ('PROXY TCP%d %s %s 51442 443\r\n' % (source.version, source, source)).encode()
    signature = b'\r\n\r\n\0\r\nQUIT\n'
    if version == 'local':
        return signature + b'\x20\0\0\0'
    addresses = 2 * source.packed + struct.pack('>HH', 51442, 443)
    tlv = b'\x04\0\x03abc'
    return (signature + b'\x21' + (b'\x21' if six else b'\x11') +
            struct.pack('>H', len(addresses + tlv)) + addresses + tlv)


def pass_on(one, other):
    try:
        while octets := one.recv(65536):
            other.sendall(octets)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve(client):
    try:
        server = socket.create_connection(('127.0.0.1', port), source_address=(own, 0))
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        whole = header()
        server.sendall(whole[:9])
        server.sendall(whole[9:])
    except OSError:
        client.close()
        return
    back = threading.Thread(target=pass_on, args=(server, client))
    back.start()
    pass_on(client, server)
    back.join()
    client.close()
    server.close()


listener = socket.create_server(('127.0.0.1', 0), backlog=64)
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
