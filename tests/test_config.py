"""Settings: what the environment may say, and that all its faults are told at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from config import ConfigError, database_url, from_env

ROOT = Path(__file__).parent.parent
SETTINGS = (
    "APP_ENV", "DATABASE_URL", "DB_LOCK_TIMEOUT", "DB_POOL_SIZE", "DB_STATEMENT_TIMEOUT",
    "DEFAULT_COUNTRY", "PGBOUNCER", "WEB_THREADS", "JWT_AUDIENCE", "JWT_ISSUER", "JWT_SECRET_KEY",
    "MAX_CONTENT_LENGTH", "MAX_UNITS_PER_REQUEST", "TOKEN_LIFETIME",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_a_secret_is_enough_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "x" * 32)

    config = from_env()

    assert config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite:///")
    assert config["MAX_UNITS_PER_REQUEST"] == 10_000
    assert config["MAX_CONTENT_LENGTH"] == 16 * 2**20
    assert config["JWT_ACCESS_TOKEN_EXPIRES"] == 3600
    assert (config["DB_LOCK_TIMEOUT"], config["DB_STATEMENT_TIMEOUT"]) == (30, 60)
    assert (config["DB_POOL_SIZE"], config["PGBOUNCER"]) == (4, False)


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UNITS_PER_REQUEST", "0")
    monkeypatch.setenv("TOKEN_LIFETIME", "soon")

    with pytest.raises(ConfigError) as caught:
        from_env()

    for name in ("JWT_SECRET_KEY", "MAX_UNITS_PER_REQUEST", "TOKEN_LIFETIME"):
        assert name in str(caught.value)


def test_there_is_a_connection_for_each_thread_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "x" * 32)
    monkeypatch.setenv("WEB_THREADS", "9")
    assert from_env()["DB_POOL_SIZE"] == 9

    monkeypatch.setenv("DB_POOL_SIZE", "3")
    assert from_env()["DB_POOL_SIZE"] == 3


@pytest.mark.parametrize("name", ["DB_LOCK_TIMEOUT", "DB_STATEMENT_TIMEOUT"])
@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf"])
def test_a_time_limit_is_a_limit(monkeypatch: pytest.MonkeyPatch, name: str, seconds: str) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", "x" * 32)
    monkeypatch.setenv(name, seconds)

    with pytest.raises(ConfigError, match=name):
        from_env()


@pytest.mark.parametrize("secret", ["", "secret", "x" * 31])
def test_a_weak_secret_starts_in_development_only(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", secret)
    with pytest.raises(ConfigError, match="JWT_SECRET_KEY"):
        from_env()

    monkeypatch.setenv("APP_ENV", "development")
    if secret:
        assert from_env()["JWT_SECRET_KEY"] == secret
    else:
        with pytest.raises(ConfigError):
            from_env()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_hosting_providers_url_gets_our_driver(scheme: str) -> None:
    assert database_url(f"{scheme}://u@h/d") == "postgresql+psycopg://u@h/d"
    assert database_url("postgresql+psycopg://u@h/d") == "postgresql+psycopg://u@h/d"


def test_a_start_without_settings_says_which_and_shows_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "JWT_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
