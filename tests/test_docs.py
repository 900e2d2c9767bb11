"""The documents say what the code does."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETTING = re.compile(r"""(?:env\.\w+|environ\.get)\(\s*"([A-Z_]+)\"""")


def test_every_setting_is_in_the_readme_and_back() -> None:
    code = "".join((ROOT / name).read_text() for name in ("config.py", "gunicorn.conf.py"))
    section = (ROOT / "README.md").read_text().split("## Settings")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]

    assert set(re.findall(r"`([A-Z_]+)`", "".join(rows))) == set(SETTING.findall(code))
