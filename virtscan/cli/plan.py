"""The plan of a command, made from the configuration file and the command line."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from virtscan.cli.output.console import Console
from virtscan.cli.output.outputs import refuse_replaced
from virtscan.config import ConfigFile, Options, Problems, default_uri, find_config, lines_of, make_plan, read_document
from virtscan.config.scope import scope_of
from virtscan.connectors import naming
from virtscan.correlator.naming import runs_on_warnings, segment_warnings
from virtscan.errors import ConfigError
from virtscan.model import Gap, Plan, Target, TargetKind
from virtscan.model.sources import SOURCES, TARGETS, AddressKind
from virtscan.storage.address import database_file
from virtscan.transport import uri


def load_plan(config: Path | None, options: Options, console: Console) -> Plan:
    """Read the configuration and merge the options into it; warnings go to the console.

    Raises:
        ConfigError: Either of them is wrong.
    """
    path = find_config(config, os.environ)
    document, folder, problems = ConfigFile(), Path.cwd(), None
    refuse_replaced([path])
    if path is not None:
        console.detail(f"configuration: {path}")
        text, private = _content(path)
        problems = Problems(str(path), lines_of(text))
        document = read_document(text, path=path, environment=os.environ, private=private)
        folder = path.parent
    chosen = default_uri(os.environ, user=os.geteuid())
    plan, warnings = make_plan(document, options, folder=folder, default_uri=chosen, problems=problems)
    for warning in warnings:
        console.warn_of_input(f"warning: {warning}")
    refuse_replaced(_files(plan))
    return msgspec.structs.replace(plan, scope=scope_of(path, options))


def _files(plan: Plan) -> Iterator[str | None]:
    """Yield the files that a plan names; None where it names none."""
    for target in plan.targets:
        yield target.address if TARGETS[target.kind].address is AddressKind.PATH else None
        yield target.facts
    for server in plan.servers:
        yield server.address if SOURCES[server.kind].address is AddressKind.PATH else None
    for system in plan.provisioning:
        yield from (system.secret_file, system.ca_file)
    if plan.dask is not None:
        yield from (plan.dask.tls_ca, plan.dask.tls_cert, plan.dask.tls_key)
    yield None if plan.history is None else database_file(plan.history)


def name_warnings(plan: Plan) -> tuple[Gap, ...]:
    """Warn about segments and hypervisors that are named in one place only."""
    names = [naming.name(target) for target in plan.targets]
    runs_on = () if any(map(has_unknown_name, plan.targets)) else runs_on_warnings(names, plan.servers)
    return (*segment_warnings(plan.targets, plan.servers), *runs_on)


def default_uri_line(plan: Plan, *, names: bool = True) -> str | None:
    """Return the note on the default hypervisor, without its address unless `names`; None if one was named."""
    for target in plan.targets:
        if target.chosen_by is not None:
            address = naming.shown(target) if names else "details withheld"
            return f"hypervisor: {address} ({target.chosen_by}; choose others with -c, --xml or a configuration)"
    return None


def has_unknown_name(target: Target) -> bool:
    """Return True if only the scan can find the hypervisor's name."""
    if target.name is not None:
        return False
    return target.kind is not TargetKind.LIBVIRT or uri.host_name(target.address) is None


def _content(path: Path) -> tuple[str, bool]:
    """Return the file's text, and whether its owner alone can read it."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            mode = os.fstat(file.fileno()).st_mode
            return file.read(), not mode & (stat.S_IRWXG | stat.S_IRWXO)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
