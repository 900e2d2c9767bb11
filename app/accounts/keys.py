"""The keys that sign tokens or prove them: shared secrets, or an issuer's public keys; never both.

Pure but for reading one file. A key is bound to one algorithm, so that a token cannot choose how it is
checked. Source: docs/reliability of tokens is ours, docs/decisions.md.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

MIN_RSA_BITS = 2048
KEY_KINDS = {"RSA": "RS256", "OKP": "EdDSA"}
"""The kinds of public keys (``kty`` of a JWK) that we take, each with its only algorithm."""


class UnusableKeys(ValueError):
    """A file of public keys that proves nothing; the text says why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the only algorithm it is used with."""

    algorithm: str
    material: Any


@dataclass(frozen=True, slots=True)
class KeyRing:
    """All keys that may prove a token.

    ``by_id`` has them by the ``kid`` that a token names; ``unnamed`` is for a token that names none.
    ``issuing_id`` is the ``kid`` of the tokens made here, ``None`` if another service makes them.
    With ``any_id`` there is one key without a name, and it proves every token.
    """

    by_id: Mapping[str, Key]
    unnamed: Key | None
    issuing_id: str | None = None
    any_id: bool = False

    def find(self, key_id: str | None) -> Key | None:
        """Answer the key of a token with this ``kid``; ``None`` if no key can prove it."""
        if key_id is None or self.any_id:
            return self.unnamed
        return self.by_id.get(key_id)


def secret_keys(current: str, accepted: Iterable[str] = ()) -> KeyRing:
    """Answer the ring of secrets: ``current`` signs, the ``accepted`` ones prove as well.

    Two of them at once are how a secret is changed without refusing a token (docs/operations.md).
    """
    by_id = {secret_id(secret): Key("HS256", secret) for secret in (*accepted, current)}
    issuing_id = secret_id(current)
    return KeyRing(by_id, by_id[issuing_id], issuing_id)


def secret_id(secret: str) -> str:
    """Answer the ``kid`` of a secret: it names the secret and gives nothing of it away."""
    return hmac.digest(secret.encode(), b"unit-registry kid", "sha256").hex()[:16]


def public_keys(file: Path) -> KeyRing:
    """Answer the ring of the public keys in ``file``: one in PEM, or a JWK set (RFC 7517).

    Raises ``UnusableKeys``. Only RS256 with at least 2048 bits and EdDSA (Ed25519) are taken; the keys
    of a set that serve anything else are passed over.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnusableKeys(f"cannot be read ({error.strerror})") from None
    if b"PRIVATE KEY" in content:
        raise UnusableKeys("holds a private key; only the public one belongs here")
    if content.lstrip().startswith(b"{"):
        return _read_key_set(content)
    return KeyRing({}, _read_pem(content), any_id=True)


def _read_pem(content: bytes) -> Key:
    try:
        return _bind(load_pem_public_key(content))
    except UnusableKeys:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeys("is neither a public key in PEM nor a JWK set") from None


def _read_key_set(content: bytes) -> KeyRing:
    try:
        listed = orjson.loads(content)["keys"]
        usable = [(jwk.get("kid"), _read_jwk(jwk)) for jwk in listed if _is_for_tokens(jwk)]
    except UnusableKeys:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, jwt.PyJWTError):
        raise UnusableKeys("is no JWK set") from None
    if not usable:
        raise UnusableKeys("has no key for RS256 or EdDSA signatures")
    if len(usable) > 1 and len({key_id for key_id, _ in usable} - {None}) < len(usable):
        raise UnusableKeys("has keys without a kid of their own")
    named = {key_id: key for key_id, key in usable if isinstance(key_id, str)}
    return KeyRing(named, usable[0][1] if len(usable) == 1 else None)


def _is_for_tokens(jwk: Mapping[str, Any]) -> bool:
    algorithm = KEY_KINDS.get(jwk["kty"])
    return (
        algorithm is not None
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
    )


def _read_jwk(jwk: dict[str, Any]) -> Key:
    if "d" in jwk:
        raise UnusableKeys("holds a private key; only public ones belong here")
    return _bind(jwt.PyJWK(jwk, KEY_KINDS[jwk["kty"]]).key)


def _bind(key: Any) -> Key:
    """Answer ``key`` with the algorithm of its kind; raises ``UnusableKeys`` for any other kind."""
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return Key("RS256", key)
    if isinstance(key, Ed25519PublicKey):
        return Key("EdDSA", key)
    raise UnusableKeys(f"needs an RSA key of at least {MIN_RSA_BITS} bits, or an Ed25519 key")
