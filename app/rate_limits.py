"""Rate limits per client, where the operator sets ``RATE_LIMIT``; otherwise nothing here is loaded.

The windows are fixed: a client may spend its quota twice around the change of a window. In memory each
worker process counts for itself, so that *n* of them let up to *n* times as much pass; a shared storage
(``redis://…``) counts exactly. Source: ours, docs/decisions.md.
"""

import logging
import math
import time

import limits
from flask import Flask, Response, g
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.errors import RateLimited

log = logging.getLogger(__name__)


class RateLimits:
    """The limits of every client, as ``limits`` parses them: ``100/second;5000/hour``."""

    def __init__(self, text: str, storage: str) -> None:
        self.items = {policy_name(item): item for item in limits.parse_many(text)}
        self.limiter = FixedWindowRateLimiter(storage_from_string(storage, wrap_exceptions=True))
        self.policy = ", ".join(
            f'"{name}";q={item.amount};w={item.get_expiry()}' for name, item in self.items.items()
        )

    def spend(self, client_id: int) -> None:
        """Count a request of the client; raises ``RateLimited`` (429) if it is one too many.

        A storage that cannot be reached lets everything pass: a limit protects the service, and must
        not be what brings it down.
        """
        try:
            within = [self.limiter.hit(item, str(client_id)) for item in self.items.values()]
            g.rate_limit_headers = self.describe(client_id)
        except StorageError:
            log.warning("The storage of the rate limits cannot be reached; no limit is held.")
            return
        if not all(within):
            raise RateLimited()

    def describe(self, client_id: int) -> dict[str, str]:
        """Answer the headers that tell a client what is left, and when to come back if nothing is.

        Source: draft-ietf-httpapi-ratelimit-headers-10; ``Retry-After`` is RFC 9110.
        """
        now, left, waits = time.time(), [], [1]
        for name, item in self.items.items():
            reset, remaining = self.limiter.get_window_stats(item, str(client_id))
            seconds = max(0, math.ceil(reset - now))
            left.append(f'"{name}";r={remaining};t={seconds}')
            waits += [seconds] if remaining == 0 else []
        return {
            "RateLimit-Policy": self.policy,
            "RateLimit": ", ".join(left),
            "Retry-After": str(max(waits)),
        }


def tell(response: Response) -> Response:
    """Put the limits on the answer to a request that was counted; ``Retry-After`` on a 429 only."""
    for name, value in g.get("rate_limit_headers", {}).items():
        if name != "Retry-After" or response.status_code == RateLimited.status:
            response.headers[name] = value
    return response


def policy_name(item: limits.RateLimitItem) -> str:
    """Answer what a limit is called in the headers: by its window, as ``second`` or ``5-minute``."""
    window = item.GRANULARITY.name
    return window if item.multiples == 1 else f"{item.multiples}-{window}"


def init_app(app: Flask) -> None:
    """Hold the limits of ``app``; ``accounts/auth.py`` spends them once the client is known."""
    app.extensions["rate_limits"] = RateLimits(
        app.config["RATE_LIMIT"], app.config["RATE_LIMIT_STORAGE"]
    )
    app.after_request(tell)
