"""Fixtures that the tests of both protocols share."""

from pathlib import Path

import pytest

from tests.harness.web_server import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    """A file with the password `s3cret-påss`, which only its owner can read."""
    path = tmp_path / "password"
    path.write_text("s3cret-påss\n")
    path.chmod(0o600)
    return path


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this machine stay on it, whatever proxy the environment names."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
