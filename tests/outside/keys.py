"""Ed25519 as the contract asks for it, and keys made by OpenSSL.

`cryptography` (OpenSSL) verifies cofactorless, refuses S >= L and a non-canonical R, but
takes small-order points. The strict rule adds: A canonical, neither A nor R of small
order. A key that enters the ledger must besides be free of torsion. The curve arithmetic
for that is here, slow and short; nothing secret passes through it.
"""

import hashlib
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
# Points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z: no inversion on the way.
NEUTRAL = (0, 1, 1, 0)


def _add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0])
    b = (p[1] + p[0]) * (q[1] + q[0])
    c = 2 * D * p[3] * q[3]
    d = 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(n, point):
    total = NEUTRAL
    while n:
        if n & 1:
            total = _add(total, point)
        point = _add(point, point)
        n >>= 1
    return total


def _is_neutral(point):
    return point[0] % P == 0 and (point[1] - point[2]) % P == 0


def spell(point):
    """The 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _point(data):
    """The point of 32 bytes in canonical form, or None."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(data) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def _is_small(point):
    return _is_neutral(_times(8, point))


@cache
def _is_strong(data):
    """Whether 32 bytes are a point in canonical form, and none of the small ones."""
    point = _point(data)
    return point is not None and not _is_small(point)


@cache
def is_fit(public):
    """Whether a key may enter the ledger: canonical, not weak, free of torsion (else K06)."""
    point = _point(public)
    return point is not None and not _is_small(point) and _is_neutral(_times(L, point))


def verify(public, signature, message):
    """The strict verdict that admission and audits use."""
    if len(public) != 32 or len(signature) != 64:
        return False
    if not _is_strong(public) or not _is_strong(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def keyid(public):
    """Lower-case hex SHA-256 of the 32 raw bytes."""
    return hashlib.sha256(public).hexdigest()


def _openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=True)
    return done.stdout


class Key:
    """A private key in a PEM file that only its owner may read."""

    def __init__(self, path):
        self.path = Path(path)
        self._private = serialization.load_pem_private_key(self.path.read_bytes(), None)
        self.public = self._private.public_key().public_bytes_raw()
        self.id = keyid(self.public)

    @classmethod
    def make(cls, path, by_openssl=True):
        """PKCS#8 version 1, as RFC 8410 prints it: `openssl genpkey`, or faster and by Python."""
        old = os.umask(0o077)
        try:
            if by_openssl:
                _openssl("genpkey", "-algorithm", "ed25519", "-out", str(path))
            else:
                form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                Path(path).write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
        finally:
            os.umask(old)
        return cls(path)

    def sign(self, message):
        """Signs with Python's `cryptography`."""
        return self._private.sign(message)

    def sign_with_openssl(self, message):
        """Signs with `openssl pkeyutl`: the same bytes by another hand."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(message)
            file.flush()
            key = str(self.path)
            return _openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file.name)
