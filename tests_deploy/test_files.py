"""The files of ``deploy/``, held by the linters of those who will read them."""

import re
import subprocess
import sys
from pathlib import Path

from demo.commands import ROOT
from tests_deploy.processes import DEPLOY, need, nginx_conf

BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a linter that must find nothing; answers what it said."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_dockerfile_is_as_hadolint_wants_it() -> None:
    run(BIN / "hadolint", DEPLOY / "Dockerfile")


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    sources = [source for line in copied for source in line.split()]
    kept = (ROOT / ".dockerignore").read_text().splitlines()

    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if f"!{source}" not in kept] == []


def test_the_image_has_all_that_the_service_imports() -> None:
    own = {path.stem for path in ROOT.glob("*.py")} | {"app", "migrations"}
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    files = [ROOT / "wsgi.py", ROOT / "config.py", ROOT / "logs.py", ROOT / "gunicorn.conf.py"]
    files += (ROOT / "app").rglob("*.py")
    imported = {
        name
        for file in files
        for name in re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.M)
    }

    assert {name for name in imported & own if not re.search(rf"\b{name}\b", dockerfile)} == set()


def test_compose_yaml_keeps_the_compose_specification() -> None:
    run(
        BIN / "check-jsonschema",
        *("--builtin-schema", "vendor.compose-spec"),
        DEPLOY / "compose.yaml",
    )


def test_nginx_takes_its_file_and_gixy_finds_no_fault(tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text(nginx_conf(tmp_path, 8080, [8001, 8002]))

    run(need("nginx", "nginx-light"), "-t", "-c", conf)
    run(BIN / "gixy", conf)


def test_systemd_takes_the_unit_and_finds_it_well_locked_up(tmp_path: Path) -> None:
    unit = tmp_path / "unit-registry.service"
    there = {"/opt/unit-registry/.venv/bin/gunicorn": "/bin/true", "=/opt/unit-registry\n": "=/\n"}
    text = (DEPLOY / "unit-registry.service").read_text()
    for original, changed in there.items():
        assert original in text
        text = text.replace(original, changed)
    unit.write_text(text)

    analyze = need("systemd-analyze", "systemd")
    assert run(analyze, "verify", "--man=no", unit).strip() == ""
    run(analyze, "security", "--offline=yes", "--threshold=30", unit)


def test_prometheus_takes_its_files_and_the_alerts_fire_when_they_should(tmp_path: Path) -> None:
    promtool = need("promtool", "prometheus")
    cases = tmp_path / "alerts_test.yml"
    cases.write_text(
        (ROOT / "tests_deploy/alerts_test.yml")
        .read_text()
        .replace("RULES", str(DEPLOY / "alerts.yml"))
    )

    run(promtool, "check", "config", DEPLOY / "prometheus.yml")
    run(promtool, "test", "rules", cases)


def test_operations_md_tells_what_to_do_about_every_alert() -> None:
    alerts = re.findall(r"- alert: (\w+)", (DEPLOY / "alerts.yml").read_text())
    page = (ROOT / "docs/operations.md").read_text()

    assert alerts
    assert [alert for alert in alerts if f"`{alert}`" not in page] == []
