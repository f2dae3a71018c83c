"""The table of the engine: encrypted and authenticated, or of this machine alone; each error with its line."""

import subprocess
from pathlib import Path

import pytest

from virtscan.config import Options, Problems, lines_of, make_plan, read_document
from virtscan.config.default_uri import DefaultUri
from virtscan.errors import ConfigError
from virtscan.model import DaskTarget, Plan

FILES = 'tls_ca = "ca.pem"\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n'


def plan_of(text: str, folder: Path) -> Plan:
    path = folder / "virtscan.toml"
    document = read_document(text, path=path, environment={})
    plan, _ = make_plan(
        document,
        Options(),
        folder=folder,
        default_uri=DefaultUri("qemu:///system", "the default"),
        problems=Problems("virtscan.toml", lines_of(text)),
    )
    return plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    return tmp_path


def test_this_machine_reads_everything_without_an_engine_table(folder: Path) -> None:
    assert plan_of("", folder).dask is None


def test_files_are_relative_to_the_configuration(folder: Path) -> None:
    assert plan_of(f'[engine]\ndask = "tls://scheduler.example.com:8786"\n{FILES}', folder).dask == DaskTarget(
        address="tls://scheduler.example.com:8786",
        tls_ca=f"{folder}/ca.pem",
        tls_cert=f"{folder}/cert.pem",
        tls_key=f"{folder}/key.pem",
    )


@pytest.mark.parametrize("options", [["-aes256"], ["-aes256", "-traditional"]])
def test_a_key_with_a_passphrase_is_refused(options: list[str], folder: Path) -> None:
    key = folder / "key.pem"
    made = ["openssl", "genpkey", "-algorithm", "RSA", "-out", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    protected = ["openssl", "rsa", "-in", str(key), "-out", str(key), "-passout", "pass:secret", *options]
    table = f'[engine]\ndask = "tls://s:1"\n{FILES}'

    plan_of(table, folder)
    subprocess.run(protected, check=True, capture_output=True)
    with pytest.raises(ConfigError, match=r":5: engine.tls_key: .*key.pem: protected by a passphrase; "):
        plan_of(table, folder)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "127.1", "localhost", "[::1]"])
def test_an_unencrypted_connection_is_accepted_on_this_machine(host: str, folder: Path) -> None:
    assert plan_of(f'[engine]\ndask = "tcp://{host}:8786"', folder).dask == DaskTarget(address=f"tcp://{host}:8786")


@pytest.mark.parametrize(
    ("table", "line", "problem"),
    [
        ('dask = "tcp://10.0.0.5:8786"', 2, "engine.dask: tcp:// is neither encrypted nor authenticated"),
        ('dask = "tcp://scheduler:8786"', 2, "engine.dask: tcp:// is neither encrypted nor authenticated"),
        ('dask = "tcp://0.0.0.0:8786"', 2, "engine.dask: tcp:// is neither encrypted nor authenticated"),
        ('dask = "tcp://localhost.example.com:8786"', 2, "engine.dask: tcp:// is neither encrypted nor authenticated"),
        ('dask = "tcp://127.0.0.1@example.com:8786"', 2, "engine.dask: invalid address"),
        ('dask = "scheduler:8786"', 2, "engine.dask: invalid address 'scheduler:8786'; write tls://HOST:PORT"),
        ('dask = "tls://scheduler"', 2, "engine.dask: invalid address"),
        ('dask = "tls://scheduler:0"', 2, "engine.dask: invalid address"),
        ('dask = "tls://scheduler:99999"', 2, "engine.dask: invalid address"),
        ('dask = "ucx://scheduler:8786"', 2, "engine.dask: invalid address"),
        ('dask = ""', 2, "engine.dask: empty; set it or remove it"),
        ('dask = "tls://scheduler:8786"', 2, "engine.tls_ca: missing; tls:// needs tls_ca, tls_cert and tls_key"),
        ('dask = "tls://s:1"\ntls_ca = "ca.pem"\ntls_cert = "cert.pem"', 2, "engine.tls_key: missing"),
        (f'dask = "tls://s:1"\n{FILES.replace("key.pem", "none.pem")}', 5, "none.pem: can't be read"),
        (f'dask = "tls://s:1"\n{FILES.replace("key.pem", ".")}', 5, ": not a regular file; name a PEM file"),
        ('dask = "tcp://127.0.0.1:1"\ntls_ca = "ca.pem"', 3, "engine.tls_ca: no effect with tcp://"),
        ('tls_key = "key.pem"', 2, "engine.tls_key: no effect without engine.dask"),
        ("dask = 8786", 2, "engine.dask: invalid value; write a quoted string"),
        ('desk = "tls://s:1"', 2, "engine.desk: unknown key; did you mean 'dask'?"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(table: str, line: int, problem: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=f":{line}: ") as caught:
        plan_of(f"[engine]\n{table}\n", folder)

    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
