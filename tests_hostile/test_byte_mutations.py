"""20,000 requests with a few bytes wrong, half on each engine: the server says no, and goes on."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests_hostile.good import requests
from tests_hostile.mutations import mutate
from tests_hostile.server import Server
from tests_hostile.wire import ask

EACH = 10_000
SENDERS = 4
NOT_IMPLEMENTED = 501
"""What RFC 9112 6.1 has a server say of a transfer coding that it does not know: no fault of ours."""


@pytest.mark.timeout(600)
def test_no_mutation_breaks_the_server(server: Server) -> None:
    good = requests(server.world)
    assert all(answer.status < 500 for sent in good for answer in ask(server.port, sent))

    def attack(number: int) -> tuple[int, bytes]:
        dice = random.Random(number)
        sent = mutate(dice, dice.choice(good))
        answers = ask(server.port, sent)
        worst = max((answer.status for answer in answers), default=0)
        return (worst, sent)

    with ThreadPoolExecutor(SENDERS) as senders:
        outcomes = list(senders.map(attack, range(EACH), chunksize=100))

    seen = Counter(status for status, _ in outcomes)
    broken = [(s, sent[:600]) for s, sent in outcomes if s >= 500 and s != NOT_IMPLEMENTED]
    assert not broken, (len(broken), broken[:5])
    assert {200, 201, 400, 401, 404, 405, 415} <= set(seen), seen
    assert all(answer.status < 500 for sent in good for answer in ask(server.port, sent))
    assert len(server.workers()) == 2
