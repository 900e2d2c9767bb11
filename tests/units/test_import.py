"""``flask --app wsgi units import``: files in, a summary out, failed rows kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

CSV = """identifier,name,number_of_bedrooms,has_flex_wall,address.address_line_1,city,latitude,bathrooms
A-1,One,2,TRUE,12 Main St,Boston,42.1,"[{""has_sink"": true}]"
A-2,,,,,,,
"""


def run(world: World, path: Path, *options: str, group: str = "south-tower") -> Any:
    return world.app.test_cli_runner().invoke(
        args=["units", "import", str(path), "--group-external-ref", group, *options]
    )


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def summary(done: Any) -> Any:
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_any_spreadsheet_writes_it(
    world: World, tmp_path: Path, mark: bytes, delimiter: str
) -> None:
    lines = [
        delimiter.join(["identifier", "name", "sqft", "has_flex_wall", "address_line_1"]),
        delimiter.join(["A-1", "One", "640.5", "TRUE", "12 Main St"]),
        delimiter.join(["A-2", "", "", "", ""]),
        "",
    ]
    done = run(world, write(tmp_path / "u.csv", mark + "\r\n".join(lines).encode()))

    assert (done.exit_code, summary(done)) == (
        0, {"dry_run": False, "created": 2, "updated": 0, "unchanged": 0, "failed": 0},
    )  # fmt: skip
    first, second = world.rows("units")
    assert (first["identifier"], first["sqft"], first["has_flex_wall"]) == ("A-1", 640.5, True)
    assert first["address_line_1"] == "12 Main St"
    assert (second["name"], second["address_key"]) == (None, None)


def test_every_kind_of_cell_is_read(world: World, tmp_path: Path) -> None:
    run(world, write(tmp_path / "u.csv", CSV))

    unit = world.rows("units")[0]
    assert (unit["number_of_bedrooms"], unit["city"], unit["latitude"]) == (2, "Boston", 42.1)
    assert unit["bathrooms"] == [{"has_shower_or_bath": None, "has_sink": True, "has_toilet": None}]


def test_ndjson_is_read_too_and_twice_changes_nothing(world: World, tmp_path: Path) -> None:
    rows = [{"identifier": f"U-{n}"} for n in range(1500)]
    path = write(tmp_path / "u.ndjson", "\n".join(map(json.dumps, rows)) + "\n\n")

    first, second = run(world, path), run(world, path)

    assert summary(first)["created"] == 1500
    assert summary(second) == {
        "dry_run": False, "created": 0, "updated": 0, "unchanged": 1500, "failed": 0,
    }  # fmt: skip


def test_a_dry_run_writes_nothing(world: World, tmp_path: Path) -> None:
    done = run(world, write(tmp_path / "u.csv", CSV), "--dry-run")

    assert summary(done)["created"] == 2
    assert world.rows("units") == []


def test_failed_csv_rows_can_be_corrected_and_imported_again(world: World, tmp_path: Path) -> None:
    text = "identifier,sqft,city\nA-1,many,\nA-2,4,\nA-3,5,Boston\nA-4,5\n"
    done = run(world, write(tmp_path / "u.csv", text))

    failed = tmp_path / "u.failed.csv"
    assert (done.exit_code, summary(done)["failed"]) == (1, 3)
    assert summary(done)["failed_rows"] == str(failed)
    content = failed.read_text()
    assert content.splitlines()[0] == "identifier,sqft,city,failure_reason"
    assert "A-1,many,,sqft: must be a number" in content
    assert "A-3,5,Boston,address.address_line_1: is required" in content

    mended = content.replace("many", "7").replace("Boston", "").replace("A-4,5,", "A-4,5,,")
    again = run(world, write(failed, mended))
    assert (again.exit_code, summary(again)["created"]) == (0, 3)
    assert len(world.rows("units")) == 4


def test_failed_ndjson_rows_can_be_corrected_and_imported_again(
    world: World, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "u.ndjson", '{"identifier":"A","sqft":"x"}\n{"identifier":\n{"identifier":"B"}\n'
    )
    done = run(world, path)

    failed = tmp_path / "u.failed.ndjson"
    first, second = failed.read_text().splitlines()
    assert (done.exit_code, summary(done)["failed"]) == (1, 2)
    assert json.loads(first)["failure_reason"] == "sqft: must be a number"
    assert second == '{"identifier":'
    again = run(world, write(failed, first.replace('"x"', "4") + '\n{"identifier":"C"}\n'))
    assert (again.exit_code, summary(again)["created"]) == (0, 2)


@pytest.mark.parametrize(
    ("text", "group", "words"),
    [
        ("identifier,colour\nA,red\n", "south-tower", "colour"),
        ("city,address.city\nA,B\n", "south-tower", "twice"),
        (b"identifier\nM\xfcller\n", "south-tower", "utf-8"),
        ("identifier\nA\n", "nowhere", "nowhere"),
        ("identifier\nA\n", "north-tower", "--organization entity1, entity2"),
    ],
)
def test_an_unusable_file_or_group_is_explained(
    world: World, tmp_path: Path, text: str | bytes, group: str, words: str
) -> None:
    done = run(world, write(tmp_path / "u.csv", text), group=group)

    assert done.exit_code == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert world.rows("units") == []


def test_the_organization_tells_two_groups_of_one_name_apart(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "u.csv", "identifier\nA\n")

    done = run(world, path, "--organization", "entity2", group="north-tower")

    assert summary(done)["created"] == 1
    assert world.rows("units")[0]["group_id"] == world.their_groups["north-tower"]
