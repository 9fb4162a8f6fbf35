"""Counts the TPM commands in a file of the TCTI "pcap": pcap_count.py FILE."""

import struct
import sys


def commands(data):
    """Blocks of pcapng; a command begins with its tag, its size and a TPM_CC."""
    count = at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 6:  # an enhanced packet block
            body = data[at + 28:at + size - 4]
            for tag in (b"\x80\x01", b"\x80\x02"):
                begin = body.find(tag)
                if begin >= 0 and len(body) >= begin + 10 and body[begin + 6:begin + 9] == b"\x00\x00\x01":
                    length = struct.unpack_from(">I", body, begin + 2)[0]
                    if length == struct.unpack_from("<I", data, at + 20)[0] - begin:
                        count += 1
                        break
        at += size
    return count


with open(sys.argv[1], "rb") as file:
    print(commands(file.read()))
