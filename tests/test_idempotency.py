"""``Idempotency-Key``: sent twice, done once, answered the same. Source: CONTRACT 8."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.db import db
from app.errors import InvalidIdempotencyKey
from app.idempotency import check_key, fingerprint_of
from app.idempotency_records import KEPT, TABLE
from tests.world import API, World

PAIR = {"itemId": "eliteBook_820", "unitId": "PACKET"}
KEPT_ITEM = {"quantity": 4, "isDefault": True}
UNITS = {"group_external_ref": "north-tower", "units": [{"identifier": "A"}, {}]}
POSTS: dict[str, tuple[str, Any, Any]] = {
    "/units/multiple": ("", UNITS, {**UNITS, "units": []}),
    "/itemUnits/reference/<reference:item>/<reference:unit>": (
        "/itemUnits/reference/eliteBook_820/PACKET",
        KEPT_ITEM,
        {**KEPT_ITEM, "quantity": 5},
    ),
    "/itemUnits": (
        "",
        {**PAIR, "useExternalId": True, **KEPT_ITEM},
        {**PAIR, "useExternalId": True, **KEPT_ITEM, "quantity": 5},
    ),
    "/itemUnits/multiple": (
        "",
        {"itemUnits": [{**PAIR, **KEPT_ITEM}]},
        {"itemUnits": [{**PAIR, **KEPT_ITEM, "quantity": 5}]},
    ),
    "/items/reference/<reference:reference>": (
        "/items/reference/new",
        {"name": "New"},
        {"name": "Other"},
    ),
    "/items/multiple": (
        "",
        {"items": [{"reference": "new", "name": "New"}]},
        {"items": [{"reference": "new", "name": "Other"}]},
    ),
}
"""Every POST that writes: how its path is filled, a body, and another one."""

each_post = pytest.mark.parametrize("rule", POSTS)


def send(world: World, rule: str, key: str | None = "k", other: bool = False, **kw: Any) -> Any:
    """Send the first or the other body, with ``key``."""
    path, body, another = POSTS[rule]
    headers = {} if key is None else {"Idempotency-Key": key}
    return world.post(path or rule, another if other else body, **headers, **kw)


def is_replay(answer: TestResponse) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


@pytest.fixture(name="stocked")
def _stocked(world: World) -> World:
    """A unit to keep items in."""
    world.put_units({"identifier": "PACKET"})
    return world


def test_every_post_that_writes_is_tried_here(migrated_app: Flask) -> None:
    posts = {r.rule for r in migrated_app.url_map.iter_rules() if "POST" in (r.methods or ())}

    assert posts - {"/oauth/token"} == {API + rule for rule in POSTS}


@each_post
def test_sent_twice_it_is_done_once_and_answered_the_same(stocked: World, rule: str) -> None:
    first = send(stocked, rule)
    before = stocked.everything()
    again = send(stocked, rule)

    assert first.status_code in (200, 201)
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    for name in ("Upsert-Result", "Location", "ETag", "Content-Type"):
        assert again.headers.get(name) == first.headers.get(name)
    assert stocked.everything() == before


@each_post
def test_without_a_key_nothing_is_remembered_and_no_statement_is_added(
    stocked: World, rule: str
) -> None:
    with stocked.statements() as seen:
        send(stocked, rule, key=None)

    assert not [statement for statement in seen if "idempotency" in statement]
    assert stocked.rows("idempotency_keys") == []


@each_post
def test_a_key_costs_two_statements_and_a_replay_two_in_all(stocked: World, rule: str) -> None:
    def about_keys() -> list[str]:
        return [s.split()[0] for s in seen if "idempotency_keys" in s]

    with stocked.statements() as seen:
        send(stocked, rule)
    assert about_keys() == ["INSERT", "UPDATE"]
    with stocked.statements() as seen:
        send(stocked, rule)
    assert about_keys() == ["INSERT", "SELECT"]
    # Beside these only the token's client is looked up, and SQLite's BEGINs are statements.
    assert len([s for s in seen if not s.startswith("BEGIN")]) == 3


@each_post
def test_a_key_with_another_body_is_422(stocked: World, rule: str) -> None:
    send(stocked, rule)
    before = stocked.everything()

    answer = send(stocked, rule, other=True)

    error = answer.json["error"]
    assert answer.status_code == 422
    assert (error if isinstance(error, str) else error["type"]) == "idempotency_key_reused"
    assert stocked.everything() == before


def test_a_key_with_another_path_or_query_is_422(stocked: World) -> None:
    key = {"Idempotency-Key": "k"}
    stocked.upsert(KEPT_ITEM, **key)

    others = [
        stocked.upsert(KEPT_ITEM, item="bracelet", **key),
        stocked.upsert(KEPT_ITEM, query="?default=transfer", **key),
    ]

    assert [answer.status_code for answer in others] == [422, 422]
    assert is_replay(stocked.upsert(KEPT_ITEM, item="%65liteBook_820", **key))


def test_what_was_answered_stays_though_the_record_moved_on(stocked: World) -> None:
    first = stocked.upsert(KEPT_ITEM, **{"Idempotency-Key": "k"})
    stocked.upsert({"quantity": 9})

    late = stocked.upsert(KEPT_ITEM, **{"Idempotency-Key": "k"})

    assert (late.data, late.headers["ETag"]) == (first.data, first.headers["ETag"])
    assert [row["quantity"] for row in stocked.rows("item_units")] == [9]


@each_post
def test_what_is_refused_is_not_remembered(stocked: World, rule: str) -> None:
    path = POSTS[rule][0] or rule
    refused = stocked.post(path, {"nonsense": 1}, **{"Idempotency-Key": "k"})

    assert refused.status_code == 400
    assert stocked.rows("idempotency_keys") == []
    assert not is_replay(send(stocked, rule))


def test_an_atomic_request_that_is_rejected_is_not_remembered(world: World) -> None:
    rows = [{"identifier": "A"}, {}]

    for _ in range(2):
        answer = world.post(
            "/units/multiple?atomic=true",
            {"group_id": world.group, "units": rows},
            **{"Idempotency-Key": "k"},
        )
        assert (answer.status_code, is_replay(answer)) == (422, False)
    assert world.rows("idempotency_keys") == []


def test_two_clients_may_use_the_same_key(world: World) -> None:
    sync = world.post_units([{"identifier": "A"}])
    for client in ("entity1-sync", "entity1-all", "entity2-all"):
        answer = send(world, "/units/multiple", token=world.token_for(client))
        assert (answer.status_code, is_replay(answer)) == (200, False)

    assert sync.status_code == 200
    assert len(world.rows("idempotency_keys")) == 3


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\x01b", "a\x7f", "clé", "a\tb"])
@each_post
def test_a_key_that_is_none_is_400(world: World, rule: str, key: str) -> None:
    answer = send(world, rule, key=key)

    error = answer.json["error"]
    assert answer.status_code == 400
    assert (error if isinstance(error, str) else error["type"]) == "invalid_idempotency_key"
    assert world.rows("idempotency_keys") == []


@pytest.mark.parametrize("key", ["x", "x" * 255, '"8e03978e-40d5-43e8-bc93-6894a57f9324"', "a b"])
def test_a_key_is_any_printable_text(key: str) -> None:
    assert check_key(f" {key}\t") == key


def test_a_key_of_another_alphabet_is_refused() -> None:
    with pytest.raises(InvalidIdempotencyKey):
        check_key("ключ")


@given(st.tuples(st.text(), st.text(), st.binary(), st.binary()), st.data())
def test_no_two_requests_have_the_same_fingerprint(
    request: tuple[str, str, bytes, bytes], data: Any
) -> None:
    other = data.draw(st.tuples(st.text(), st.text(), st.binary(), st.binary()))

    assert (fingerprint_of(*request) == fingerprint_of(*other)) is (request == other)


def test_a_border_between_path_and_query_is_no_border_between_query_and_body() -> None:
    assert fingerprint_of("P", "a", b"b", b"c") != fingerprint_of("P", "ab", b"", b"c")
    assert fingerprint_of("P", "a", b"b", b"c") != fingerprint_of("P", "a", b"bc", b"")


def test_other_methods_pay_no_heed_to_a_key(stocked: World) -> None:
    made = stocked.upsert(KEPT_ITEM)
    path, headers = made.headers["Location"], stocked.headers(**{"Idempotency-Key": "x" * 999})

    assert stocked.http.get(path, headers=headers).status_code == 200
    for quantity in (5, 6):
        done = stocked.http.put(path, json={"quantity": quantity}, headers=headers)
        assert done.json["quantity"] == quantity
    assert stocked.http.delete(path, headers=headers).status_code == 204
    assert stocked.rows("idempotency_keys") == []


def test_a_dry_run_neither_makes_nor_takes_a_record(world: World) -> None:
    for _ in range(2):
        answer = world.post(
            "/units/multiple?dry_run=true",
            {"group_id": world.group, "units": [{"identifier": "A"}]},
            **{"Idempotency-Key": "k"},
        )
        assert (answer.status_code, is_replay(answer)) == (200, False)
    assert world.rows("idempotency_keys") == []


def test_a_stream_with_a_key_is_refused_and_not_read(world: World) -> None:
    answer = world.http.post(
        f"{API}/units/multiple?group_id={world.group}",
        data=b'{"identifier": "A"}\n',
        content_type="application/x-ndjson",
        headers=world.headers(**{"Idempotency-Key": "k"}),
    )

    assert answer.status_code == 400
    assert answer.json["error"]["type"] == "invalid_idempotency_key"
    assert world.rows("units") == []


def grow_old(world: World, key: str) -> None:
    """Let the record of a key be a day old."""
    with world.app.app_context(), db.engine.begin() as connection:
        aged = {"created_at": TABLE.c.created_at}
        (made,) = connection.execute(TABLE.select().where(TABLE.c.key == key)).all()
        aged["created_at"] = made.created_at - KEPT - timedelta(seconds=1)
        connection.execute(update(TABLE).where(TABLE.c.key == key).values(aged))


def test_after_a_day_a_key_is_free_again_also_before_the_purge(world: World) -> None:
    send(world, "/units/multiple")
    grow_old(world, "k")

    other = send(world, "/units/multiple", other=True)

    assert (other.status_code, is_replay(other)) == (200, False)
    assert is_replay(send(world, "/units/multiple", other=True))
    assert len(world.rows("idempotency_keys")) == 1


def test_the_purge_deletes_what_is_old_in_batches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.idempotency_records.PURGE_BATCH", 2)
    for key in ("1", "2", "3", "young"):
        send(world, "/units/multiple", key=key)
    theirs = world.token_for("entity2-all")
    send(world, "/units/multiple", key="theirs", token=theirs)
    for key in ("1", "2", "3", "theirs"):
        grow_old(world, key)

    with world.statements() as seen:
        done = world.app.test_cli_runner().invoke(args=["idempotency", "purge"])

    assert (done.exit_code, done.output) == (0, '{"purged":4}\n')
    assert [row["key"] for row in world.rows("idempotency_keys")] == ["young"]
    assert len([s for s in seen if "DELETE" in s]) == 5


KEYED = st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from("ABC"), st.integers(1, 3))


@settings(max_examples=25)
@given(requests=st.lists(KEYED, max_size=12))
def test_the_database_is_as_if_nothing_had_been_sent_twice(
    world: World, requests: list[tuple[str | None, str, int]]
) -> None:
    def run(
        group: str, sent: list[tuple[str | None, str, int]]
    ) -> tuple[list[Any], list[TestResponse]]:
        answers = [
            world.post(
                "/units/multiple",
                {
                    "group_external_ref": group,
                    "units": [{"identifier": name, "number_of_bedrooms": n}],
                },
                token=world.token_for("entity1-all"),
                **({"Idempotency-Key": f"{group}-{run_id}-{key}"} if key else {}),
            )
            for key, name, n in sent
        ]
        of_group = [r for r in world.rows("units") if r["group_id"] == world.groups[group]]
        shown = [(r["identifier"], r["number_of_bedrooms"], r["version"]) for r in of_group]
        return sorted(shown), answers

    with world.app.app_context(), db.engine.begin() as connection:
        for name in ("units", "idempotency_keys"):
            connection.execute(db.metadata.tables[name].delete())
    run_id = len(requests)
    stored, answers = run("north-tower", requests)
    done = [r for r, a in zip(requests, answers, strict=True) if a.status_code == 200]
    once = [
        (None, name, n)
        for (_, name, n), a in zip(requests, answers, strict=True)
        if a.status_code == 200 and not is_replay(a)
    ]

    assert run("south-tower", once)[0] == stored
    first: dict[str | None, tuple[str, int]] = {}
    for (key, name, n), answer in zip(requests, answers, strict=True):
        known = first.setdefault(key, (name, n)) if key else None
        assert answer.status_code == (200 if known in (None, (name, n)) else 422)
    assert len(done) >= len(once)
