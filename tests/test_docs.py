"""The documents say what the code does."""

import re
from pathlib import Path

from flask import Flask

from app.docs import build_spec
from app.errors import ApiError

ROOT = Path(__file__).parent.parent
SETTING = re.compile(r"""(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)\"""")


def test_every_setting_is_in_the_readme_and_back() -> None:
    code = "".join((ROOT / name).read_text() for name in ("config.py", "gunicorn.conf.py"))
    section = (ROOT / "README.md").read_text().split("## Settings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]

    assert set(re.findall(r"`([A-Z_]+)`", "".join(rows))) == set(SETTING.findall(code))


def test_operations_tells_when_to_change_each_setting() -> None:
    page = (ROOT / "docs/operations.md").read_text().split("## Settings")[1].split("\n## ")[0]
    code = "".join((ROOT / name).read_text() for name in ("config.py", "gunicorn.conf.py"))

    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`([A-Z_]+)`", "".join(rows))) == set(SETTING.findall(code))


def every_error(family: type[ApiError] = ApiError) -> set[type[ApiError]]:
    return {family, *(error for child in family.__subclasses__() for error in every_error(child))}


def test_every_error_code_is_in_the_api_page_with_its_status_and_back() -> None:
    section = (ROOT / "docs/api.md").read_text().split("## Every error code")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \| (\d+) \|", section, re.MULTILINE))

    # A family's own class has no type: only what it stands for is told.
    told = {(e.type, str(e.status)) for e in every_error() if "type" in dir(e)}
    assert documented == told


def test_every_row_error_is_in_the_api_page_and_back() -> None:
    section = (ROOT / "docs/api.md").read_text().split("| Row error |")[1].split("\n\n")[0]
    names = ("matching", "schemas", "stream")
    code = "".join((ROOT / f"app/units/{name}.py").read_text() for name in names)

    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(
        re.findall(r'Reject\(\s*"(\w+)"', code)
    )


def test_every_query_parameter_is_in_the_api_page(migrated_app: Flask) -> None:
    page = (ROOT / "docs/api.md").read_text()
    spec = build_spec(migrated_app)

    for path in spec["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                assert parameter["name"] in page, parameter
