"""Every kind of bad token that we know of, each with the error it must get; and a few good ones."""

import base64
import hmac
import json
import time
import uuid
from collections.abc import Iterable
from typing import Any, NamedTuple

from app.accounts.keys import secret_id
from tests.world import SECRET

MISSING, EXPIRED, INVALID = "missing_authorization", "expired_token", "invalid_authorization"
ATTACKER = "attacker-attacker-attacker-attacker-1"


class Kind(NamedTuple):
    """A value of ``Authorization`` (``None``: no such header) and the error code (``""``: let in)."""

    header: str | None
    error: str


def b64(data: bytes) -> str:
    """Answer base64url without padding, as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value: Any) -> str:
    """Answer a segment of a token."""
    return b64(json.dumps(value).encode())


class Maker:
    """Makes tokens that are good but for what is asked."""

    def __init__(self, client_id: str, organization_id: int) -> None:
        now = int(time.time())
        self.now = now
        self.claims: dict[str, Any] = {
            "iss": "unit-registry",
            "aud": "unit-registry",
            "sub": client_id,
            "org": organization_id,
            "iat": now,
            "nbf": now,
            "exp": now + 600,
            "jti": str(uuid.uuid4()),
            "type": "access",
        }

    def payload(self, drop: Iterable[str] = (), **changes: Any) -> dict[str, Any]:
        """Answer the claims of a good token, changed."""
        return {k: v for k, v in {**self.claims, **changes}.items() if k not in drop}

    def token(
        self,
        drop: Iterable[str] = (),
        key: str = SECRET,
        alg: str = "HS256",
        headers: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Answer a signed token; PyJWT may refuse to make a bad one, so it is put together here."""
        header = {"alg": alg, "typ": "JWT", **(headers or {})}
        return self.sign(json.dumps(self.payload(drop, **changes)).encode(), header, key)

    def sign(self, payload: bytes, header: Any = None, key: str = SECRET) -> str:
        """Answer a token of these bytes with a right HMAC."""
        header = {"alg": "HS256", "typ": "JWT"} if header is None else header
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        body = f"{b64(raw)}.{b64(payload)}"
        digest = {"HS256": "sha256", "HS512": "sha512"}.get(
            header["alg"]
            if isinstance(header, dict) and isinstance(header.get("alg"), str)
            else "",
            "sha256",
        )
        return f"{body}.{b64(hmac.digest(key.encode(), body.encode(), digest))}"

    def raw(self, header: Any, signature: bytes = b"") -> str:
        """Answer a token with this header and signature, right or wrong."""
        return ".".join((part(header), part(self.claims), b64(signature)))


def token_kinds(client_id: str, organization_id: int, revoked_jti: str) -> dict[str, Kind]:
    """Answer each kind by its name; ``revoked_jti`` is that of a token taken back."""
    make = Maker(client_id, organization_id)
    good = make.token()
    kinds = {
        **shapes(make, good),
        **times(make),
        **signatures(make, good),
        **claims(make, revoked_jti),
    }
    no_token = {
        "missing header": Kind(None, MISSING),
        "empty header": Kind("", MISSING),
        "bearer only": Kind("Bearer", MISSING),
        "bearer and space": Kind("Bearer ", MISSING),
        "another scheme": Kind(f"Basic {good}", MISSING),
        "the scheme twice": Kind(f"Bearer Bearer {good}", INVALID),
        "two tokens": Kind(f"Bearer {good} Bearer {good}", INVALID),
        "a list of two": Kind(f"Bearer {good}, Bearer x", INVALID),
        "lower-case scheme": Kind(f"bearer {good}", ""),
        "expired": Kind(f"Bearer {make.token(iat=make.now - 90, exp=make.now - 60)}", EXPIRED),
        "expired this second": Kind(f"Bearer {make.token(exp=make.now)}", EXPIRED),
    }
    let_in = {
        "good": make.token(),
        "no key id": make.token(),
        "our key id": make.token(headers={"kid": secret_id(SECRET)}),
        "audience list with ours": make.token(aud=["unit-registry", "x"]),
        "no nbf": make.token(drop=("nbf",)),
        "issued by a clock ahead": make.token(iat=make.now + 5, nbf=make.now + 5),
    }
    return {
        **no_token,
        **{name: Kind(f"Bearer {token}", INVALID) for name, token in kinds.items()},
        **{name: Kind(f"Bearer {token}", "") for name, token in let_in.items()},
    }


def shapes(make: Maker, good: str) -> dict[str, str]:
    """What is no token at all, or one whose parts are not what they should be."""
    head, payload, signature = good.split(".")
    changed = part(make.payload(sub="entity1-all"))
    return {
        "no jwt": "abc",
        "dots": "...",
        "two segments": "a.b",
        "four segments": f"{good}.x",
        "bad base64": "###.###.###",
        "segments of nulls": ".".join((b64(b"\0"),) * 3),
        "header no json": f"{b64(b'{')}.{payload}.{signature}",
        "header a list": f"{b64(b'[]')}.{payload}.{signature}",
        "payload a list": make.sign(b"[1]"),
        "payload no json": make.sign(b"xx"),
        "payload no utf8": make.sign(b"\xff\xfe"),
        "payload empty": make.sign(b""),
        "very long (64 KiB)": "A" * 65536,
        "not ascii": "é.é.é",
        "deep payload": make.sign(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        "deep header": f"{b64(b'[' * 5000 + b']' * 5000)}.{payload}.{signature}",
        "changed payload, old signature": f"{head}.{changed}.{signature}",
    }


def times(make: Maker) -> dict[str, str]:
    """Times that are wrong, missing, no numbers, or too far apart."""
    now = make.now
    return {
        "expired and for another audience": make.token(
            iat=now - 90, exp=now - 60, aud="other-service"
        ),
        "not yet good": make.token(nbf=now + 600),
        "issued in the future": make.token(iat=now + 600, exp=now + 700),
        "exp a string": make.token(exp="tomorrow"),
        "exp a digit string": make.token(exp=str(now + 600)),
        "exp huge": make.token(exp=10**30),
        "exp null": make.token(exp=None),
        "exp a boolean": make.token(exp=True),
        "exp a fraction": make.token(exp=now + 0.5),
        "no exp": make.token(drop=("exp",)),
        "exp infinite": make.token(exp=float("inf")),
        "nbf infinite": make.token(nbf=float("inf")),
        "nbf no number": make.token(nbf=float("nan")),
        "nbf null": make.token(nbf=None),
        "nbf an object": make.token(nbf={}),
        "no iat": make.token(drop=("iat",)),
        "iat null": make.token(iat=None),
        "iat a string": make.token(iat="now"),
        "iat infinite": make.token(iat=float("inf")),
        "iat minus infinite": make.token(iat=float("-inf")),
        "good for more than a day": make.token(iat=now, exp=now + 86_401),
        "issued in the year 1": make.token(iat=-(10**12)),
    }


def signatures(make: Maker, good: str) -> dict[str, str]:
    """Signatures and algorithms that prove nothing."""
    unsigned = good.rpartition(".")[0]
    no_key = make.sign(json.dumps(make.claims).encode(), key="")
    return {
        "alg none": make.raw({"alg": "none", "typ": "JWT"}),
        "alg none, signed": make.raw({"alg": "none", "typ": "JWT"}, b"x"),
        "alg None mixed case": make.raw({"alg": "nOnE", "typ": "JWT"}),
        "alg missing": make.raw({"typ": "JWT"}, b"x"),
        "alg null": make.raw({"alg": None}, b"x"),
        "alg no string": make.raw({"alg": ["HS256"]}, b"x"),
        "alg unknown": make.raw({"alg": "ROT13"}, b"x"),
        "alg HS512, same key": make.token(alg="HS512"),
        "alg RS256": make.raw({"alg": "RS256"}, b"x" * 256),
        "another key": make.token(key="another-key-another-key-another-key-1234"),
        "empty key": no_key,
        "signature stripped": f"{unsigned}.",
        "signature of one byte": f"{unsigned}.QQ",
        "jwk header": make.token(
            headers={"jwk": {"kty": "oct", "k": b64(ATTACKER.encode())}}, key=ATTACKER
        ),
        "jku header": make.token(headers={"jku": "http://127.0.0.1:1/jwks"}, key=ATTACKER),
        "x5u header": make.token(headers={"x5u": "http://127.0.0.1:1/x5u"}, key=ATTACKER),
        "kid a path": make.token(headers={"kid": "../../dev/null"}, key=""),
        "kid unknown, right key": make.token(headers={"kid": "nobody"}),
        "kid a number": make.token(headers={"kid": 1}),
        "kid an object": make.token(headers={"kid": {"a": 1}}),
        "kid ours, another key": make.token(headers={"kid": secret_id(SECRET)}, key=ATTACKER),
        "critical header": make.token(headers={"crit": ["x"], "x": 1}),
    }


def claims(make: Maker, revoked_jti: str) -> dict[str, str]:
    """Claims that are missing, of the wrong form, or somebody else's."""
    return {
        "another audience": make.token(aud="other-service"),
        "no audience": make.token(drop=("aud",)),
        "audience null": make.token(aud=None),
        "audience an object": make.token(aud={"unit-registry": 1}),
        "another issuer": make.token(iss="evil"),
        "part of the issuer": make.token(iss="unit-registr"),
        "a list with our issuer": make.token(iss=["unit-registry"]),
        "no issuer": make.token(drop=("iss",)),
        "a refresh token": make.token(type="refresh"),
        "no type": make.token(drop=("type",)),
        "no type, at+jwt": make.token(drop=("type",), headers={"typ": "at+jwt"}),
        "type no string": make.token(type=["access"]),
        "no jti": make.token(drop=("jti",)),
        "jti a number": make.token(jti=1),
        "jti empty": make.token(jti=""),
        "jti with NUL": make.token(jti="a\0b"),
        "jti a surrogate": make.token(jti="\ud800"),
        "jti long": make.token(jti="x" * 129),
        "revoked": make.token(jti=revoked_jti),
        "no sub": make.token(drop=("sub",)),
        "sub a number": make.token(sub=1),
        "sub an object": make.token(sub={"a": 1}),
        "sub null": make.token(sub=None),
        "sub empty": make.token(sub=""),
        "sub with NUL": make.token(sub="a\0b"),
        "sub a surrogate": make.token(sub="\ud800"),
        "sub long": make.token(sub="x" * 100_000),
        "sub unknown": make.token(sub="nobody"),
        "sub in capitals": make.token(sub=str(make.claims["sub"]).upper()),
        "sub of another organization": make.token(sub="entity2-all"),
        "no organization": make.token(drop=("org",)),
        "another organization": make.token(org=make.claims["org"] + 1),
        "organization a string": make.token(org=str(make.claims["org"])),
        "organization a boolean": make.token(org=True),
        "organization null": make.token(org=None),
        "organization huge": make.token(org=10**30),
    }
