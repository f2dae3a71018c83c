from pathlib import Path

import pytest

from virtscan.config import DefaultUri, default_uri
from virtscan.errors import ConfigError

USER, ROOT = 1000, 0
SESSION = "# set by hand\nuri_default = 'qemu:///session'\n"


def configured(folder: Path, text: str) -> Path:
    file = folder / "libvirt" / "libvirt.conf"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize("user", [USER, ROOT])
@pytest.mark.parametrize("environment", [{}, {"LIBVIRT_DEFAULT_URI": ""}, {"HOME": "/nowhere"}])
def test_every_user_gets_the_system_daemon_and_never_an_empty_uri(user: int, environment: dict[str, str]) -> None:
    found = default_uri(environment, user=user, system_file=Path("/nowhere/libvirt.conf"))

    assert found == DefaultUri("qemu:///system", "the default")


def test_environment_precedes_libvirts_file(tmp_path: Path) -> None:
    configured(tmp_path, SESSION)
    environment = {"XDG_CONFIG_HOME": str(tmp_path), "LIBVIRT_DEFAULT_URI": "lxc:///"}

    assert default_uri(environment, user=USER) == DefaultUri("lxc:///", "LIBVIRT_DEFAULT_URI")


def test_a_users_file_is_in_the_users_configuration_folder(tmp_path: Path) -> None:
    in_home = configured(tmp_path / ".config", SESSION)
    in_folder = configured(tmp_path / "xdg", 'uri_default = "xen:///system"')

    home = {"HOME": str(tmp_path)}
    assert default_uri(home, user=USER) == DefaultUri("qemu:///session", f"uri_default in {in_home}")
    folder = home | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert default_uri(folder, user=USER) == DefaultUri("xen:///system", f"uri_default in {in_folder}")


def test_root_and_other_users_read_one_file_each(tmp_path: Path) -> None:
    users = {"XDG_CONFIG_HOME": str(tmp_path / "user")}
    configured(tmp_path / "user", 'uri_default = "test:///user"')
    system = configured(tmp_path / "etc", 'uri_default = "test:///root"')

    assert default_uri(users, user=ROOT, system_file=system).uri == "test:///root"
    assert default_uri(users, user=USER, system_file=system).uri == "test:///user"
    assert default_uri({"HOME": "/nowhere"}, user=USER, system_file=system).uri == "qemu:///system"


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ('\turi_default="lxc:///" # ours\n', "lxc:///"),
        ('#uri_default = "lxc:///"\n', "qemu:///system"),
        ('uri_default = ""\n', "qemu:///system"),
        ('uri_aliases = [\n  "hv1=qemu+ssh://root@hv1/system",\n]\nuri_default = "hv1"\n', "hv1"),
        ('uri_default = "lxc:///"\nuri_default = "xen:///system"\n', "lxc:///"),
    ],
)
def test_the_file_is_read_as_libvirt_reads_it(text: str, uri: str, tmp_path: Path) -> None:
    configured(tmp_path, text)

    assert default_uri({"XDG_CONFIG_HOME": str(tmp_path)}, user=USER).uri == uri


def test_a_setting_that_is_not_a_string_is_named(tmp_path: Path) -> None:
    file = configured(tmp_path, "uri_default = qemu\n")

    with pytest.raises(ConfigError, match=rf"^{file}: uri_default: not a quoted string; write "):
        default_uri({"XDG_CONFIG_HOME": str(tmp_path)}, user=USER)


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "libvirt" / "libvirt.conf").mkdir(parents=True)

    with pytest.raises(ConfigError, match=r"libvirt\.conf: can't be read: Is a directory"):
        default_uri({"XDG_CONFIG_HOME": str(tmp_path)}, user=USER)
