"""``flask --app wsgi provision``, ``token`` and ``client disable``."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.world import ORGANIZATIONS, World

ZERO = {"organizations": 0, "groups": 0, "items": 0, "clients": 0}


def provision(world: World, path: Path, content: Any) -> Any:
    path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
    return world.app.test_cli_runner().invoke(args=["provision", str(path)])


def test_it_prints_ids_and_counts(world: World, tmp_path: Path) -> None:
    done = provision(world, tmp_path / "f.json", ORGANIZATIONS)

    first = orjson.loads(done.output)["organizations"][0]
    assert first == {
        "name": "entity1",
        "id": first["id"],
        "groups": world.groups,
        "created": ZERO,
        "updated": ZERO,
        "unchanged": {"organizations": 1, "groups": 2, "items": 2, "clients": 3},
    }


def test_run_twice_it_changes_nothing_the_second_time(world: World, tmp_path: Path) -> None:
    secret = {"client_id": "c", "client_secret": "s3cret", "groups": ["north-tower"]}
    wanted = {"organizations": [{"name": "entity1", "clients": [secret]}]}
    provision(world, tmp_path / "f.json", wanted)
    before = world.everything()

    done = provision(world, tmp_path / "f.json", wanted)

    assert done.exit_code == 0
    assert world.everything() == before
    assert b"s3cret" not in orjson.dumps(before["clients"][-1]["secret_hash"])


def test_what_changed_is_updated_and_what_is_not_named_stays(world: World) -> None:
    done = world.provision(
        {
            "organizations": [
                {
                    "name": "entity1",
                    "groups": [
                        {"external_ref": "north-tower", "name": "New"},
                        {"external_ref": "x"},
                    ],
                    "items": [{"reference": "bracelet", "name": "New"}],
                    "clients": [{"client_id": "entity1-sync", "groups": ["x"]}],
                }
            ]
        }
    )["organizations"][0]

    assert done["created"] == {**ZERO, "groups": 1}
    assert done["updated"] == {**ZERO, "groups": 1, "items": 1, "clients": 1}
    assert len(world.rows("items")) == 3
    assert world.post_units([]).json["error"]["type"] == "no_access_to_group"
    assert world.post_units([], group_external_ref="x").status_code == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "line 1"),
        (b"[]", "object"),
        ({"organizations": [{"nome": "x"}]}, "nome"),
        ({"organizations": [{"name": ""}]}, "name"),
        ({"organizations": [{"name": None}]}, "name"),
        ({"organizations": [{"name": "x", "groups": [{"external_ref": "a"}] * 2}]}, "twice"),
        (
            {"organizations": [{"name": "x", "clients": [{"client_id": "c", "groups": "all"}]}]},
            "list",
        ),
        (
            {"organizations": [{"name": "x", "clients": [{"client_id": "c", "groups": ["no"]}]}]},
            "no",
        ),
        ({"organizations": [{"name": "x", "clients": [{"client_id": "entity1-all"}]}]}, "another"),
    ],
)
def test_a_wrong_file_is_refused_whole_and_explained(
    world: World, tmp_path: Path, content: Any, words: str
) -> None:
    before = world.everything()

    done = provision(world, tmp_path / "f.json", content)

    assert done.exit_code == 1
    assert words in done.output
    assert "Traceback" not in done.output
    assert world.everything() == before


def test_token_prints_a_token_alone(world: World) -> None:
    runner = world.app.test_cli_runner()

    token = runner.invoke(args=["token", "entity1-sync", "--expires-in", "60"]).output
    expired = runner.invoke(args=["token", "entity1-sync", "--expires-in", "-5"]).output
    unknown = runner.invoke(args=["token", "nobody"])

    assert world.get("/units/1", token.strip()).status_code == 404
    assert world.get("/units/1", expired.strip()).json["error"]["type"] == "expired_token"
    assert (unknown.exit_code, unknown.output) == (1, "Error: There is no client 'nobody'.\n")
