"""Hosts that hang, break off or lie."""

import contextlib
import random
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.case import Case, Outcome
from tests.faults.liars import OF_LIBVIRT, OF_SSH, liars, silent
from tests.faults.replies import BASIC, SECRET, of_provisioning
from tests.faults.scanning import LATEST, play
from tests.harness.libvirtd import Libvirtd, running_libvirtd
from tests.harness.rpc_proxy import Call, Procedure, RpcProxy, proxy_to, string

_DOMAIN = "<domain type='test'><name>vm{}</name><memory>1024</memory><os><type>hvm</type></os></domain>"
_DOMAINS = 200


@contextlib.contextmanager
def _host(folder: Path) -> Iterator[tuple[Libvirtd, RpcProxy, str]]:
    """A daemon with a host of many domains, and a proxy before it."""
    with running_libvirtd() as daemon, proxy_to(daemon.socket) as proxy:
        host = daemon.definitions("bad", *(_DOMAIN.format(number) for number in range(_DOMAINS)))
        yield daemon, proxy, daemon.unix(host, socket=proxy.socket)


def _stopped_before(folder: Path, patience: float) -> Outcome:
    with _host(folder) as (daemon, _, uri):
        daemon.stop()
        return play(folder, patience, [uri])


def _in_mid_scan(act: Callable[[Libvirtd, RpcProxy], None]) -> Callable[[Path, float], Outcome]:
    """Do something to a daemon once it has answered for some domains."""

    def case(folder: Path, patience: float) -> Outcome:
        with _host(folder) as (daemon, proxy, uri):

            def count(_: Call) -> None:
                if proxy.calls[Procedure.DOMAIN_XML] == _DOMAINS // 2:
                    act(daemon, proxy)

            proxy.answers[Procedure.DOMAIN_XML] = count
            return play(folder, patience, [uri])

    return case


def _never_returns(folder: Path, patience: float) -> Outcome:
    with _host(folder) as (_, proxy, uri):
        proxy.answers[Procedure.DOMAIN_XML] = lambda _: b"" if proxy.calls[Procedure.DOMAIN_XML] == 7 else None
        return play(folder, patience, [uri])


def _edited(edit: Callable[[bytes], bytes]) -> Callable[[Path, float], Outcome]:
    """Change every document of a domain on its way."""

    def case(folder: Path, patience: float) -> Outcome:
        with _host(folder) as (_, proxy, uri):
            proxy.edits[Procedure.DOMAIN_XML] = edit
            return play(folder, patience, [uri])

    return case


def _drips(folder: Path, patience: float) -> Outcome:
    def slow(body: bytes) -> bytes:
        time.sleep(0.2)
        return body

    return _edited(slow)(folder, patience)


def _cut_again_and_again(folder: Path, patience: float) -> Outcome:
    """Cut a single connection at random moments, with several calls under way: libvirt's client may crash."""
    generator = random.Random()
    with _host(folder) as (_, proxy, uri):
        cutting = threading.Event()

        def cut() -> None:
            while not cutting.wait(generator.uniform(0.05, 0.5)):
                proxy.hang_up()

        thread = threading.Thread(target=cut)
        thread.start()
        try:
            return play(folder, patience, [uri], allowed=[0, 3, 4])  # it may be over before the first cut
        finally:
            cutting.set()
            thread.join()


def _lying_libvirt(folder: Path, patience: float) -> Outcome:
    with liars(OF_LIBVIRT) as ports:
        return play(folder, patience, [f"test+tcp://127.0.0.1:{port}/lies{port}" for port in ports.values()])


def _lying_ssh(folder: Path, patience: float) -> Outcome:
    """Read them as hypervisors and as servers, with an ssh that accepts every key."""
    with liars(OF_SSH) as ports:
        servers = [f"--server=s{port}:eth0=ssh://127.0.0.1:{port}" for port in ports.values()]
        return play(
            folder,
            patience,
            [f"qemu+ssh://127.0.0.1:{port}/system" for port in ports.values()],
            *servers,
            limit=2 * LATEST,
        )


def _lying_provisioning(folder: Path, patience: float) -> Outcome:
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    with liars(of_provisioning()) as ports:
        tables = [
            f'[[provisioning]]\ntype = "{kind}"\nname = "{kind}{port}"\nurl = "http://127.0.0.1:{port}"\n'
            f'user = "scan"\npassword_file = "{secret}"\n'
            for kind in ("foreman", "cobbler")
            for port in ports.values()
        ]
        config = folder / "virtscan.toml"
        config.write_text("\n".join(tables))
        return play(
            folder, patience, [], f"--config={config}", limit=2 * LATEST, secrets=(SECRET, BASIC, BASIC.rstrip("="))
        )


def _dropped(folder: Path, patience: float) -> Outcome:
    """Behind a network that swallows everything."""
    script = "ip link set lo up; ip route add 10.9.9.0/24 dev lo"  # comes back, is for no address, and is dropped
    start = ["unshare", "--net", "sh", "-ec", f'{script}; exec "$@"', "sh"]
    uris = ["qemu+tcp://10.9.9.2/system", "qemu+ssh://10.9.9.3/system", "qemu+tls://10.9.9.4/system"]
    return play(folder, patience, uris, "--server=s:eth0=ssh://10.9.9.5", start=start)


def _half_hang(folder: Path, patience: float) -> Outcome:
    with liars({"silent": silent}) as ports, running_libvirtd() as daemon:
        good = daemon.definitions("good", *(_DOMAIN.format(number) for number in range(10)))
        uris = [f"{daemon.tcp(good)}?n={number}" for number in range(100)]
        uris += [f"test+tcp://127.0.0.1:{ports['silent']}/n{number}" for number in range(100)]
        return play(folder, patience, uris, limit=2 * LATEST)


def _short(folder: Path, patience: float) -> Outcome:
    """Too few descriptors for so many hosts that hang."""
    with liars({"silent": silent}) as ports:
        uris = [f"test+tcp://127.0.0.1:{ports['silent']}/n{number}" for number in range(100)]
        start = ["prlimit", "--nofile=64:64", *shlex.split("env --")]
        deadline = f"--deadline={20 * patience:g}s"
        return play(folder, patience, uris, deadline, start=start, limit=20 + LATEST, allowed=[3, 4, 5], healthy=0)


_XML_END = b"</domain>"

CASES = (
    Case(name="daemon stopped before", play=_stopped_before),
    Case(name="daemon stopped in mid-scan", play=_in_mid_scan(lambda daemon, _: daemon.stop())),
    Case(name="daemon killed in mid-scan", play=_in_mid_scan(lambda daemon, _: daemon.kill())),
    Case(name="connection cut in mid-scan", play=_in_mid_scan(lambda _, proxy: proxy.hang_up())),
    Case(name="connection cut again and again", play=_cut_again_and_again),
    Case(name="call that never returns", play=_never_returns),
    Case(name="replies that drip", play=_drips),
    Case(name="documents of garbage", play=_edited(lambda _: string(b"\xff\x00<<&" * 1000))),
    Case(name="huge documents", play=_edited(lambda _: string(b"<domain>" + b"<a/>" * 700_000 + _XML_END))),
    Case(name="truncated replies", play=_edited(lambda body: body[: len(body) // 8 * 4])),
    Case(name=f"{len(OF_LIBVIRT)} lying daemons", play=_lying_libvirt),
    Case(name=f"{len(OF_SSH)} lying ssh servers", play=_lying_ssh),
    Case(name=f"{2 * len(of_provisioning())} lying Foremans and Cobblers", play=_lying_provisioning),
    Case(name="packets dropped", play=_dropped),
    Case(name="200 hosts of which half hang", play=_half_hang),
    Case(name="descriptors short", play=_short),
)
