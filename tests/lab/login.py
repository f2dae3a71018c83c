"""The way to a shell of the hypervisor and the server: an ssh client that enters namespaces, without a daemon.

Debian's sshd does not answer on a 3.14 kernel. libvirt and virtscan start this program as they start ssh.
"""

import shlex
from pathlib import Path

from tests.lab.scenario import UNFIXED, Scenario
from tests.lab.topology import inside

HYPERVISOR = "hypervisor"
SERVER = "depot"

_CLIENT = """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
host=$2
shift 2
case $host in
    {hypervisor}) PATH={folder}:$PATH exec sh -c "$*" ;;
    {server}) exec {inside} sh -c "$*" ;;
esac
echo "ssh: the lab has no host $host" >&2
exit 255
"""
_UNAME = f"""\
#!/bin/sh
echo 'Linux {UNFIXED} #1 SMP Wed Jun 13 18:24:36 EDT 2012'
"""


def write_client(folder: Path, scenario: Scenario) -> Path:
    """Write the client into a new folder `login`, and beside it, for an unfixed scenario, the hypervisor's `uname`.

    Returns:
        The path of the client, which is called `ssh`.
    """
    client = folder / "login" / "ssh"
    hypervisor = folder / "login" / HYPERVISOR
    hypervisor.mkdir(parents=True)
    enter = shlex.join(inside(scenario)) or "env"
    _write(
        client,
        _CLIENT.format(hypervisor=HYPERVISOR, server=SERVER, folder=shlex.quote(str(hypervisor)), inside=enter),
    )
    if scenario.unfixed:
        _write(hypervisor / "uname", _UNAME)
    return client


def _write(path: Path, script: str) -> None:
    path.write_text(script, encoding="ascii")
    path.chmod(0o755)
