from pathlib import Path

import pytest

from virtscan.cli.main import run
from virtscan.config import ConfigFile, read_document
from virtscan.errors import ConfigError

FILE = Path("virtscan.toml")
WHAT_TO_DO = r"password in a file readable by others; chmod 600, or use \$\{VARIABLE\}"


def read(text: str, *, private: bool = False) -> ConfigFile:
    return read_document(text, path=FILE, environment={"PW": "s3cret"}, private=private)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[hypervisor]]\nuri = "esx://admin:s3cret@esx1/?no_verify=1"', r"1st \[\[hypervisor\]\]( \(.*\))?: uri"),
        (
            '[[hypervisor]]\nxml = "a"\n[[hypervisor]]\nuri = "esx://admin:s3cret@esx1"',
            r"2nd \[\[hypervisor\]\]( \(.*\))?: uri",
        ),
        ('[[hypervisor]]\nuri = "esx://admin%3as3cret@esx1"', r"1st \[\[hypervisor\]\]( \(.*\))?: uri"),
        ('[[hypervisor]]\nuri = "qemu+tls://hv1/system?password=s3cret"', r"1st \[\[hypervisor\]\]( \(.*\))?: uri"),
        ('[[hypervisor]]\nuri = "esx://admin:s3cret${PW}@esx1"', r"1st \[\[hypervisor\]\]( \(.*\))?: uri"),
        ('[[hypervisor]]\nuri = "esx://admin:$${s3cret}@esx1"', r"1st \[\[hypervisor\]\]( \(.*\))?: uri"),
        (
            '[[hypervisor]]\nsegments = { bond2 = "http://a:s3cret@b" }',
            r"1st \[\[hypervisor\]\]( \(.*\))?: segments\.bond2",
        ),
        ('[[server]]\nname = "a"\noffload = "ssh://root:s3cret@sat"', r"1st \[\[server\]\]( \(.*\))?: offload"),
        ('[[server]]\nname = "a"\nmac = ["x", "x://root:s3cret@sat"]', r"1st \[\[server\]\]( \(.*\))?: mac\[2\]"),
    ],
)
def test_a_password_in_a_file_that_others_can_read_is_refused(text: str, where: str) -> None:
    with pytest.raises(ConfigError, match=rf"^virtscan\.toml(:\d+)?: {where}: {WHAT_TO_DO}$") as refused:
        read(text)

    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "uri",
    [
        "esx://admin:${PW}@esx1/?no_verify=1",
        "qemu+tls://hv1/system?password=${PW}",
        "qemu+ssh://root@hv1:2222/system",
        "qemu+ssh://root@[2001:db8::1]:22/system?keyfile=/root/.ssh/id&socket=/run/a@b",
        "test:///default",
    ],
)
def test_a_file_without_a_password_may_be_readable_by_all(uri: str) -> None:
    assert read(f'[[hypervisor]]\nuri = "{uri}"').hypervisor[0].uri == uri.replace("${PW}", "s3cret")


def test_only_the_addresses_in_a_sentence_are_searched_for_passwords() -> None:
    read('[[waiver]]\ndomain = "a"\nreason = "see https://wiki:8443/page, ask admin@example.com"')
    with pytest.raises(ConfigError, match=rf"1st \[\[waiver\]\]( \(.*\))?: reason: {WHAT_TO_DO}$"):
        read('[[waiver]]\ndomain = "a"\nreason = "log in at https://bob:s3cret@wiki for it"')


def test_a_private_file_may_hold_a_password() -> None:
    assert read('[[hypervisor]]\nuri = "esx://admin:s3cret@esx1"', private=True).hypervisor[0].uri


def test_the_files_permissions_decide(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "virtscan.toml"
    path.write_text('[[hypervisor]]\nuri = "esx://admin:s3cret@esx1/?no_verify=1"')
    path.chmod(0o640)

    assert run(["config", "check", str(path)]) == 2
    refused = capfd.readouterr()
    path.chmod(0o600)
    assert run(["config", "check", str(path)]) == 0

    assert "1st [[hypervisor]]: uri: password in a file" in refused.err
    assert "s3cret" not in refused.out + refused.err
