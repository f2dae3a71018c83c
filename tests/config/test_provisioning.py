from collections.abc import Mapping
from pathlib import Path

import pytest

from virtscan.config import ConfigFile, DefaultUri, Options, make_plan, read_document
from virtscan.errors import ConfigError
from virtscan.model import Plan, ProvisioningKind, ProvisioningTarget

NONE: Mapping[str, str] = {}
FOLDER = Path("/etc/virtscan")
FOREMAN = 'type = "foreman"\nurl = "https://satellite.example.com"\n'
COBBLER = 'type = "cobbler"\nurl = "https://cobbler.example.com/cobbler_api"\n'


def document(text: str, environment: Mapping[str, str] = NONE, *, private: bool = True) -> ConfigFile:
    section = f"[[provisioning]]\n{text}"
    return read_document(section, path=FOLDER / "virtscan.toml", environment=environment, private=private)


def made(text: str, **environment: str) -> tuple[Plan, tuple[str, ...]]:
    return make_plan(
        document(text, environment), Options(), folder=FOLDER, default_uri=DefaultUri("qemu:///system", "the default")
    )


def target(text: str, **environment: str) -> ProvisioningTarget:
    plan, warnings = made(text, **environment)
    assert warnings == ()
    (only,) = plan.provisioning
    return only


def test_a_type_and_a_url_are_enough() -> None:
    assert target(COBBLER) == ProvisioningTarget(
        kind=ProvisioningKind.COBBLER, url="https://cobbler.example.com/cobbler_api"
    )


def test_paths_start_at_the_files_folder() -> None:
    made = target(f'{FOREMAN}name = "sat"\nuser = "scan"\ntoken_file = "secrets/../token"\nca_file = "ca.pem"')

    assert (made.name, made.user) == ("sat", "scan")
    assert (made.secret_file, made.ca_file) == ("/etc/virtscan/token", "/etc/virtscan/ca.pem")


@pytest.mark.parametrize("key", ["password", "token"])
def test_a_secret_can_be_the_value_of_a_variable(key: str) -> None:
    made = target(f'{FOREMAN}user = "scan"\n{key} = "${{SECRET}}"', SECRET="s3cret")

    assert made.secret is not None
    assert made.secret.reveal() == "s3cret"
    assert target(f'{FOREMAN}user = "scan"\n{key}_env = "SECRET"').secret_variable == "SECRET"


def test_a_secret_is_in_nothing_that_can_be_shown() -> None:
    text = f'{FOREMAN}user = "scan"\npassword = "s3cret"'

    assert "s3cret" not in repr(document(text))
    assert "s3cret" not in repr(made(text))


@pytest.mark.parametrize("key", ["password", "token"])
@pytest.mark.parametrize("value", ["s3cret", "$${A}", "${A}s3cret", "$5"])
def test_a_secret_in_a_file_that_others_can_read_is_refused(key: str, value: str) -> None:
    with pytest.raises(
        ConfigError,
        match=rf"1st \[\[provisioning\]\]( \(.*\))?: {key}: secret in a file readable by others; .*{key}_file",
    ) as no:
        document(f'{FOREMAN}user = "scan"\n{key} = "{value}"', {"A": "s3cret"}, private=False)

    assert "s3cret" not in str(no.value)


@pytest.mark.parametrize("line", ['password = "${A}"', 'token = "${A}${B}"', 'password_file = "x"', 'token_env = "A"'])
def test_the_place_of_a_secret_may_be_readable_by_all(line: str) -> None:
    document(f'{FOREMAN}user = "scan"\n{line}', {"A": "a", "B": "b"}, private=False)


def test_a_password_in_a_file_of_unknown_permissions_is_refused() -> None:
    with pytest.raises(ConfigError, match="readable by others"):
        read_document('[[provisioning]]\npassword = "x"', path=FOLDER, environment={})


@pytest.mark.parametrize("url", ["http://satellite.example.com", "http://192.0.2.1:8080/x"])
def test_a_password_that_is_sent_unencrypted_is_warned_about(url: str) -> None:
    _, warnings = made(f'type = "foreman"\nurl = "{url}"\nuser = "scan"\ntoken_file = "t"')

    assert warnings == (f"{url}: user and password are sent unencrypted; write https://",)


@pytest.mark.parametrize("url", ["http://127.0.0.1:25151", "http://127.1", "http://localhost", "http://[::1]/x"])
def test_unencrypted_password_to_this_machine_is_accepted(url: str) -> None:
    assert target(f'type = "foreman"\nurl = "{url}"\nuser = "scan"\ntoken_file = "t"').url == url


def test_without_a_password_there_is_no_warning() -> None:
    assert target('type = "cobbler"\nurl = "http://cobbler.example.com/cobbler_api"').user is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('type = "puppet"\nurl = "https://x"', r"type: invalid value; write cobbler or foreman"),
        ('type = "cobbler"', r"url is missing"),
        *(
            (f'type = "cobbler"\nurl = "{url}"', r"url: write http://HOST/PATH or https://HOST/PATH")
            for url in ("cobbler", "ftp://x", "https://", "https://x:0/", "https://x:99999/", "https://[x/", "//x")
        ),
        ('type = "cobbler"\nurl = "https://user:s3cret@x"', r"url: contains a user or password; set"),
        ('type = "cobbler"\nurl = "https://user@x"', r"url: contains a user or password; set"),
        *(
            (f'type = "cobbler"\nurl = "https://{rest}"', r"url: invalid; use ASCII")
            for rest in ("x/?a=s3cret", "x/#a", "x/a b", "x/é")
        ),
        (f'{FOREMAN}user = "u"\npassword = "s3cret"\ntoken_file = "t"', r"token_file: conflicts with password"),
        (f'{FOREMAN}password_file = "p"', r"password_file: user is missing"),
        (f'{FOREMAN}user = "u"', r"user: no password given; set password_file or, with Foreman, token_file"),
        (f'{FOREMAN}user = "a:b"\ntoken_file = "t"', r"user: a name with a colon"),
        (f'{FOREMAN}user = "u"\npassword = ""', r"password: empty"),
        (f'{COBBLER}user = "u"\ntoken_file = "t"', r"token_file: only Foreman has tokens"),
        (f'{FOREMAN}tokn = "t"', r"tokn: unknown key; did you mean 'token'\?"),
        (f'{FOREMAN}user = "u"\ntoken = "${{NOT}}"', r"token: \$\{NOT\} is not set"),
    ],
)
def test_an_error_names_the_key_and_no_secret(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"1st \[\[provisioning\]\]( \(.*\))?.*{message}") as raised:
        made(text)

    assert "s3cret" not in str(raised.value)


def test_names_of_provisioning_systems_are_unique() -> None:
    cobbler = 'type = "cobbler"\nurl = "https://x"'
    with pytest.raises(ConfigError, match=r"2nd \[\[provisioning\]\]: used twice; names must be unique"):
        made(f"{cobbler}\n[[provisioning]]\n{cobbler}")

    made(f'{cobbler}\nname = "a"\n[[provisioning]]\n{cobbler}')
