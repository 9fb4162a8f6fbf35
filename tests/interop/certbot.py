"""Accounts, key change, orders and revocation with certbot's ACME library.

Usage: certbot.py DIRECTORY-URL ROOT-FILE FOREIGN-CERTIFICATE-FILE; prints TAP.
"""
import json
import socket
import sys

import josepy
from acme import client, errors, messages
from acme import jws as acme_jws
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

# A minimal machine has no /etc/hosts; curl knows localhost by itself, Python does not.
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: look_up("127.0.0.1" if host == "localhost" else host, *rest, **named)

directory_url, root, foreign = sys.argv[1:]
count = failures = 0


def case(name, good, why=None):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    if not good and why is not None:
        print(f"# {why}")


def refused(function):
    """The type of the problem that the call ends with."""
    try:
        function()
    except messages.Error as problem:
        return problem.typ.removeprefix("urn:ietf:params:acme:error:")
    except errors.ConflictError:
        return "conflict"
    return "accepted"


def ec_key(curve=ec.SECP256R1):
    return josepy.JWKEC(key=ec.generate_private_key(curve()))


def client_of(key, alg, account=None):
    network = client.ClientNetwork(key, account=account, alg=alg, verify_ssl=root,
                                   user_agent="attest-ca test")
    return client.ClientV2(client.ClientV2.get_directory(directory_url, network), network)


def key_change(acme, account, old, new, new_alg):
    """RFC 8555 section 7.3.5, which the library itself does not offer."""
    class Inner(josepy.JSONDeSerializable):
        def to_partial_json(self):
            payload = json.dumps({"account": account.uri,
                                  "oldKey": old.public_key().to_json()}).encode()
            return acme_jws.JWS.sign(payload, key=new, alg=new_alg, nonce=None,
                                     url=acme.directory["keyChange"]).to_partial_json()

        @classmethod
        def from_json(cls, jobj):
            raise NotImplementedError

    return acme._post(acme.directory["keyChange"], Inner())


keys = [
    (josepy.ES256, ec_key()),
    (josepy.ES384, ec_key(ec.SECP384R1)),
    (josepy.RS256, josepy.JWKRSA(key=rsa.generate_private_key(65537, 2048))),
]
clients = []
for alg, key in keys:
    acme = client_of(key, alg)
    account = acme.new_account(messages.NewRegistration.from_data(
        email="admin@example.com", terms_of_service_agreed=True))
    clients.append((acme, account))
    case(f"an account with {alg.name}", account.body.status == "valid", account)
    again = acme.query_registration(account)
    case(f"it is read again with {alg.name}", again.body.emails == ("admin@example.com",), again)

acme, account = clients[0]
key = keys[0][1]
case("the same key has the same account",
     refused(lambda: client_of(key, josepy.ES256).new_account(
         messages.NewRegistration())) == "conflict")
case("onlyReturnExisting makes none",
     refused(lambda: client_of(ec_key(), josepy.ES256).new_account(
         messages.NewRegistration(only_return_existing=True))) == "accountDoesNotExist")

account = acme.update_registration(account, account.body.update(
    contact=("mailto:other@example.com",)))
case("contacts are updated", account.body.contact == ("mailto:other@example.com",), account)

case("a dns name is refused", refused(lambda: acme._post(
    acme.directory["newOrder"], messages.NewOrder(identifiers=[messages.Identifier(
        typ=messages.IDENTIFIER_FQDN, value="a.example")]))) == "unsupportedIdentifier")

with open(foreign, "rb") as file:
    certificate = x509.load_pem_x509_certificate(file.read())
case("a certificate of another CA is not revoked",
     refused(lambda: acme.revoke(certificate, 0)) in ("unauthorized", "malformed"))

new = ec_key()
response = key_change(acme, account, key, new, josepy.ES256)
case("the key is changed", response.status_code == 200, response.text)
case("the old key no longer signs for the account",
     refused(lambda: client_of(key, josepy.ES256, account).query_registration(account)) != "accepted")
acme = client_of(new, josepy.ES256, account)
case("the new one does", acme.query_registration(account).body.status == "valid")
case("the key of another account is refused",
     refused(lambda: key_change(acme, account, new, keys[1][1], josepy.ES384)) != "accepted")
case("deactivation", acme.deactivate_registration(account).body.status == "deactivated")
case("is final", refused(lambda: acme.query_registration(account)) == "unauthorized")
print(f"1..{count}")
sys.exit(failures != 0)
