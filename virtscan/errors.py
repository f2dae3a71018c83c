"""Errors: one root, and one subclass for each decision that a caller can make.

A message states the problem and the action; the code that catches it adds the subject (host, file, server).
A problem with one item, while work goes on, is a `Gap` instead of an exception (see `virtscan.model`).
"""


class VirtscanError(Exception):
    """Root of all errors that virtscan raises on purpose."""


class ConfigError(VirtscanError):
    """An invalid command line or configuration: nothing is scanned (exit code 2).

    `key` is that of the configuration file, where one alone is wrong.
    """

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class ConnectorError(VirtscanError):
    """Reading a hypervisor failed or ended early; facts delivered before count."""


class AnalyzerError(VirtscanError):
    """A document that is not safe XML, or not of the expected kind."""


class OffloadError(VirtscanError):
    """A server's offload state is unknown, for this reason."""


class SshError(VirtscanError):
    """A failed connection or login to another machine; its facts are missing."""


class SosreportError(VirtscanError):
    """Reading a sosreport failed or ended early; the remaining facts are missing."""


class FactsError(VirtscanError):
    """Ansible facts that can't be read, or are about other hosts."""


class ProvisioningError(VirtscanError):
    """Reading a provisioning system failed; its records are missing."""


class InventoryError(VirtscanError):
    """An unreadable saved inventory: wrong file, wrong schema, or cut short (exit code 2)."""


class PlanError(VirtscanError):
    """An unreadable plan of another machine: wrong schema or version, or cut short (exit code 2)."""


class HistoryError(VirtscanError):
    """A history that can't be opened, read or written; a scan goes on without it (exit code 74)."""


class NoScanError(HistoryError):
    """A history without the scan that was requested."""


class TraceError(VirtscanError):
    """A file that is not a packet capture, or can't be read (exit code 2)."""
