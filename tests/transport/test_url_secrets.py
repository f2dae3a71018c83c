import pytest

from virtscan.transport import url_secrets


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("qemu+ssh://root@hv1/system", "qemu+ssh://root@hv1/system"),
        ("qemu+tcp://hv1:16509/system", "qemu+tcp://hv1:16509/system"),
        ("qemu+tcp://hv1:16509/system?keyfile=a@b", "qemu+tcp://hv1:16509/system?keyfile=a@b"),
        ("esx://root:secret@esx1/", "esx://root:***@esx1/"),
        ("esx://root%3Asecret@esx1/", "esx://root:***@esx1/"),
        ("esx://root:se@cr/et@esx1/", "esx://root:***@esx1/"),
        ("esx://root:123@esx1/", "esx://root:***@esx1/"),
        ("esx://root:se?cr#et@esx1/", "esx://root:***@esx1/"),
        ("esx://:secret@esx1/", "esx://:***@esx1/"),
        ("esx://esx1/?password=secret&x=1", "esx://esx1/?password=***&x=1"),
        ("esx://esx1/?x=1;Auth_Token=secret", "esx://esx1/?x=1;Auth_Token=***"),
        ("esx://esx1/?p%61ss=secret", "esx://esx1/?p%61ss=***"),
        ("remote://hv1/?name=esx%3A%2F%2Fu%3As%40e%40hv2%2F&no_tty=1", "remote://hv1/?name=***&no_tty=1"),
        ("remote://hv1/?name=esx%253A%252F%252Fu%253As%2540hv2%252F", "remote://hv1/?name=***"),
        ("remote://hv1/?name=esx%3A%2F%2Fhv2%2F%3Fpassword%3Ds", "remote://hv1/?name=***"),
        ("remote://hv1/?name=esx%3A%2F%2Fhv2%3A443%2F", "remote://hv1/?name=esx%3A%2F%2Fhv2%3A443%2F"),
        ("qemu+ssh://hv1/system?netcat=sshpass%20-p%20s3cret%20nc", "qemu+ssh://hv1/system?netcat=***"),
        ("qemu+ssh://hv1/system?Netcat=ncat+--proxy-auth+u:s3cret", "qemu+ssh://hv1/system?Netcat=***"),
        ("qemu+ssh://hv1/system?command=/bin/ssh%2520--%2570assword%253Ds", "qemu+ssh://hv1/system?command=***"),
        ("qemu+ssh://hv1/system?command=plink%20-pw%20hunter2%20h", "qemu+ssh://hv1/system?command=***"),
        ("qemu+ssh://hv1/system?command=plink -pw hunter2 h&x=1", "qemu+ssh://hv1/system?command=***&x=1"),
        ("qemu+ssh://hv1/system?command=/usr/bin/x%2520-p%2520hunter2", "qemu+ssh://hv1/system?command=***"),
        ("qemu+ssh://hv1/system?netcat=/usr/bin/x%09-phunter2", "qemu+ssh://hv1/system?netcat=***"),
        ("qemu+ssh://hv1/system?command=/usr/bin/authssh", "qemu+ssh://hv1/system?command=/usr/bin/authssh"),
        ("qemu+ssh://hv1/system?netcat=/usr/bin/nc", "qemu+ssh://hv1/system?netcat=/usr/bin/nc"),
        ("qemu+ssh://hv1/system?keyfile=/root/secrets/id", "qemu+ssh://hv1/system?keyfile=/root/secrets/id"),
        ("postgresql://virtscan:secret@db/virtscan", "postgresql://virtscan:***@db/virtscan"),
        ("", ""),
    ],
)
def test_a_password_is_never_shown(address: str, shown: str) -> None:
    assert url_secrets.shown(address) == shown


@pytest.mark.parametrize("address", ["esx://root:secret@esx1/", "esx://esx1/?password=secret"])
def test_a_password_in_a_message_is_hidden(address: str) -> None:
    text = url_secrets.without_secrets(f"can't open {address}: secret is wrong", address)

    assert text == f"can't open {url_secrets.shown(address)}: *** is wrong"


def test_a_message_about_an_address_without_a_password_stays_as_it_is() -> None:
    assert (
        url_secrets.without_secrets("can't open qemu:///system: secret", "qemu:///system")
        == "can't open qemu:///system: secret"
    )
    assert url_secrets.without_secrets("can't open the default", "") == "can't open the default"


def test_a_decoded_password_in_a_message_is_hidden_too() -> None:
    address = "esx://root:s%2Fcret@esx1/"

    assert url_secrets.without_secrets("login root, s/cret", address) == "login root, ***"


def test_a_password_in_a_parameter_is_hidden_in_a_message_in_each_form() -> None:
    address = "remote://hv1/?name=esx%3A%2F%2Fu%3Asecret%40hv2%2F"
    said = "can't open esx%3A%2F%2Fu%3Asecret%40hv2%2F: esx://u:secret@hv2/ refused, login secret"

    assert "secret" not in url_secrets.without_secrets(said, address)
