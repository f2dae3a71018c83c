import re

import pytest

from virtscan.errors import ConfigError
from virtscan.transport import uri


def refusal(address: str) -> str:
    with pytest.raises(ConfigError) as refused:
        uri.check(address, allow_unsafe=False)
    return str(refused.value)


@pytest.mark.parametrize(
    ("address", "driver", "transport", "user", "host", "port"),
    [
        ("qemu:///system", "qemu", "unix", None, None, None),
        ("qemu://hv1/system", "qemu", "tls", None, "hv1", None),
        ("qemu+tls://hv1/system", "qemu", "tls", None, "hv1", None),
        ("qemu+tcp://hv1:16510/system", "qemu", "tcp", None, "hv1", 16510),
        ("qemu+ssh://root@hv1.example.com/system", "qemu", "ssh", "root", "hv1.example.com", None),
        ("qemu+SSH://root@hv1/system", "qemu", "ssh", "root", "hv1", None),
        ("qemu+libssh2://root@[2001:db8::1]:22/system", "qemu", "libssh2", "root", "2001:db8::1", 22),
        ("qemu+unix:///system?socket=/x", "qemu", "unix", None, None, None),
        ("qemu+ssh:///system", "qemu", "ssh", None, None, None),
        ("test+unix:///default", "test", "unix", None, None, None),
        ("xen:///", "xen", "unix", None, None, None),
        ("qemu+ssh://ho%73t/system", "qemu", "ssh", None, "host", None),
        ("", "", "unix", None, None, None),
        ("hail", "", "unix", None, None, None),
    ],
)
def test_a_uri_is_taken_apart_as_libvirt_does_it(
    address: str, driver: str, transport: str, user: str | None, host: str | None, port: int | None
) -> None:
    parsed = uri.parse(address)

    assert (parsed.driver, parsed.transport, parsed.user, parsed.host, parsed.port) == (
        driver,
        transport,
        user,
        host,
        port,
    )


def test_a_semicolon_separates_parameters_only_where_no_ampersand_follows() -> None:
    assert uri.parse("qemu:///system?a=1;b=2&Keyfile=%2Fk;d=4;keyfile=/l").parameters == {
        "a": "1;b=2",
        "keyfile": "/l",
        "d": "4",
    }


@pytest.mark.parametrize(
    "address",
    [
        "qemu:///system",
        "qemu+ssh://root@hv1/system?keyfile=/root/.ssh/id_scan&no_tty=1",
        "qemu+tls://hv1/system?pkipath=/etc/pki/scan",
        "qemu+libssh://hv1/system?known_hosts=/root/known_hosts&known_hosts_verify=normal&sshauth=agent",
        "qemu+unix:///system?socket=/run/other/libvirt-sock-ro",
        "qemu:///system?socket=/run/other/libvirt-sock-ro",
        "qemu+ssh://hv1/system?proxy=native&mode=legacy",
        "qemu+tcp://hv1/system?name=qemu:///session",
        "qemu+ssh://hv1/system?no_verify=0",
        "test:///home/somebody/my%20hosts/hv1.xml",
        "esx://root@esx1/?transport=https",
        "hail",
        "",
    ],
)
def test_harmless_uris_are_accepted_without_a_warning(address: str) -> None:
    assert uri.check(address, allow_unsafe=False) == ()


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("qemu+ssh://hv1/system?command=/tmp/evil", "`command=`"),
        ("qemu:///system?command=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?COMMAND=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?%63ommand=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?%2563ommand=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?no_tty=1&command=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?a=1;command=/tmp/evil&b=2", "`command=`"),
        ("qemu+ssh://hv1/system?a=1%26command=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system#&command=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?x#?command=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system%3Fcommand=/tmp/evil", "`command=`"),
        ("qemu+ssh://hv1/system?command", "`command=`"),
        ("qemu+ssh://hv1/system? command =x", "`command=`"),
        ("qemu+ext:///system?command=/tmp/evil", "+ext"),
        ("qemu+ext:///system", "+ext"),
        ("qemu+Ext://hv1/system", "+ext"),
        ("qemu+ssh://hv1/system?netcat=evil", "`netcat=`"),
        ("qemu+libssh2://hv1/system?netcat=evil", "`netcat=`"),
        ("qemu+ssh://hv1/system?socket=/x;evil", "`socket=`"),
        ("qemu+ssh://hv1/system?socket=/x&socket=/y", "`socket=`"),
        ("qemu+tcp://hv1/system?socket=/x", "`socket=`"),
        ("qemu+tcp://hv1/system?name=qemu%2Bext:///system", "`name=`"),
        ("qemu+tcp://hv1/system?name=qemu://other/system", "`name=`"),
        ("qemu+unix:///system?name=qemu+ssh://other/system", "`name=`"),
        ("qemu+tcp://hv1/system?name=qemu:///system%3Fcommand=x", "`command=`"),
    ],
)
def test_parameters_that_can_run_a_command_are_refused_by_name(address: str, named: str) -> None:
    message = refusal(address)

    assert named in message
    assert "--allow-unsafe-uri" in message
    uri.check(address, allow_unsafe=True)


@pytest.mark.parametrize(
    "address",
    [
        "qemu+ssh://-oProxyCommand=evil/system",
        "qemu+ssh://%2DoProxyCommand=evil/system",
        "qemu+ssh://-oProxyCommand=evil@hv1/system",
        "qemu+ssh://[-oProxyCommand=evil]/system",
        "qemu+ssh://hv1/system\n",
        "qemu+ssh://hv1/system%0a",
        "qemu+ssh://hv1/system%250a",
        "qemu+ssh://hv1/system?a%00b",
        "qemu+ssh://hv1\x1b[31m/system",
        "qemu+ssh://\udcffhv1/system",
        "qemu+ssh://user:pa/ss@hv1/system",
        "qemu+tcp://hv1/system?name=x%0a",
    ],
)
def test_invalid_uris_are_refused_even_if_unsafe_ones_are_allowed(address: str) -> None:
    with pytest.raises(ConfigError, match="not a libvirt URI"):
        uri.check(address, allow_unsafe=True)


@pytest.mark.parametrize(
    ("address", "warning"),
    [
        ("qemu+ssh://hv1/system?no_verify=1", "no_verify"),
        ("qemu+tls://hv1/system?NO_verify=2", "no_verify"),
        ("qemu+ssh://hv1/system?no_verify=0&no_verify=1", "no_verify"),
        ("qemu+libssh://hv1/system?known_hosts_verify=ignore", "known_hosts_verify"),
        ("qemu+libssh://hv1/system?known_hosts_verify=auto", "known_hosts_verify"),
    ],
)
def test_a_uri_without_verification_is_warned_about(address: str, warning: str) -> None:
    (said,) = uri.check(address, allow_unsafe=False)

    assert said.startswith(warning)


def test_a_refusal_shows_no_password() -> None:
    assert "secret" not in refusal("qemu+ssh://root:secret@hv1/system?command=x&password=secret")


@pytest.mark.parametrize(
    ("address", "prepared"),
    [
        ("qemu+ssh://hv1/system", "qemu+ssh://hv1/system?no_tty=1"),
        ("qemu+ssh://hv1/system?no_tty=0", "qemu+ssh://hv1/system?no_tty=0&no_tty=1"),
        ("qemu+libssh://hv1/system?a=1;b=2", "qemu+libssh://hv1/system?a=1;b=2;no_tty=1"),
        ("qemu+ssh://hv1/system?a=1;b=2&c=3", "qemu+ssh://hv1/system?a=1;b=2&c=3;no_tty=1"),
        ("qemu+libssh2://hv1/system#part", "qemu+libssh2://hv1/system?no_tty=1#part"),
        ("qemu+tcp://hv1/system", "qemu+tcp://hv1/system"),
        ("qemu:///system", "qemu:///system"),
        ("", ""),
    ],
)
def test_ssh_runs_in_batch_mode(address: str, prepared: str) -> None:
    assert uri.prepared(address) == prepared


@pytest.mark.parametrize("query", ["a=1", "a=1;b=2", "a=1;b=2&c=3", "a=1&b=2;c=3", "no_tty=0"])
def test_parameter_added_for_ssh_does_not_change_the_others(query: str) -> None:
    before = uri.parse(f"qemu+ssh://hv1/system?{query}").parameters
    after = uri.parse(uri.prepared(f"qemu+ssh://hv1/system?{query}")).parameters

    assert after == {**before, "no_tty": "1"}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("qemu+ssh://root@hv1.example.com/system", "hv1.example.com"),
        ("qemu+tcp://[2001:db8::1]/system", "2001:db8::1"),
        ("qemu:///system", None),
        ("qemu+ssh:///system", None),
        ("test:///fixtures/hv1.xml", "hv1"),
        ("test+tcp://127.0.0.1:16509/fixtures/hv2.xml", "hv2"),
        ("test:///default", "default"),
        ("remote+tcp://127.0.0.1/?name=test:///fixtures/hv3.xml", "hv3"),
        ("", None),
        ("hail", None),
    ],
)
def test_the_host_is_named_by_the_uri_or_for_the_test_driver_by_its_file(address: str, name: str | None) -> None:
    assert uri.host_name(address) == name


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("qemu:///system", True),
        ("qemu+unix:///session", True),
        ("lxc:///", True),
        ("qemu+unix:///system?socket=/run/forwarded", False),
        ("qemu:///system?Socket=/run/forwarded", False),
        ("qemu+tcp:///system", False),
        ("qemu+ssh://localhost/system", False),
        ("qemu://localhost/system", False),
        ("test:///default", False),
        ("test+unix:///default", False),
        ("remote:///?name=test:///default", False),
        ("hail", False),
        ("", False),
    ],
)
def test_only_a_host_that_is_surely_this_machine_is_local(address: str, local: bool) -> None:
    assert uri.is_local(address) is local


@pytest.mark.parametrize(
    ("address", "driver", "is_session"),
    [
        ("qemu:///system", "qemu", False),
        ("qemu+ssh://root@hv1/session", "qemu", True),
        ("qemu:///session/", "qemu", True),
        ("lxc:///", "lxc", False),
        ("CH+unix:///system", "ch", False),
        ("remote+ssh://hv1/?name=qemu:///session", "qemu", True),
        ("esx://esx1/", "esx", False),
        ("", "", False),
        ("hv1-alias", "", False),
    ],
)
def test_a_uri_names_the_driver_and_whether_the_daemon_is_a_users_own(
    address: str, driver: str, is_session: bool
) -> None:
    assert (uri.driver(address), uri.is_session(address)) == (driver, is_session)


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("quemu:///system", "qemu:///system"),
        ("qmeu+ssh://root@hv1/system", "qemu+ssh://root@hv1/system"),
        ("xenn:///", "xen:///"),
        ("hv1.example.com", "qemu+ssh://root@hv1.example.com/system"),
        ("192.0.2.7", "qemu+ssh://root@192.0.2.7/system"),
    ],
)
def test_an_address_that_is_nearly_a_uri_is_refused_with_the_one_that_was_meant(address: str, meant: str) -> None:
    assert meant in refusal(address)


@pytest.mark.parametrize(
    ("address", "action"),
    [
        ("qemu+shs://h/system", "unknown libvirt transport 'shs'; did you mean qemu+ssh://h/system?"),
        ("qemu+tsl:///system", "unknown libvirt transport 'tsl'; did you mean qemu+tls:///system?"),
        ("test+LIBSSH3://h/default", "did you mean test+libssh://h/default?"),
        ("qemu+shs://me:hunter2@h/system", "did you mean qemu+ssh://me:***@h/system?"),
        ("qemu+://h/system", "unknown libvirt transport ''; use unix, tcp, tls, ssh, libssh, libssh2, ext"),
        ("newdriver+quic://h/", "unknown libvirt transport 'quic'; use unix, tcp, tls, ssh, libssh, libssh2, ext"),
    ],
)
def test_a_transport_that_libvirt_does_not_have_is_refused_with_the_nearest_one(address: str, action: str) -> None:
    message = refusal(address)

    assert action in message
    assert "hunter2" not in message


@pytest.mark.parametrize("address", ["qemu+shs://h/system", "test+quic:///default", "qemu+://h/system"])
def test_libvirt_refuses_the_same_transports_and_its_list_is_ours(address: str) -> None:
    libvirt = pytest.importorskip("libvirt")

    with pytest.raises(libvirt.libvirtError, match="transport in URL not recognised") as raised:
        libvirt.openReadOnly(address)

    accepted = re.search(r"should be ([a-z0-9|]+)", str(raised.value))
    assert accepted is not None
    for transport in accepted[1].split("|"):
        uri.check(f"qemu+{transport}://h/system", allow_unsafe=True)


@pytest.mark.parametrize("address", ["", "hail", "newdriver:///system", "test:///default", "vpx://vc/dc/esx"])
def test_an_alias_and_a_driver_of_a_later_libvirt_are_left_to_it(address: str) -> None:
    assert uri.check(address, allow_unsafe=False) == ()
