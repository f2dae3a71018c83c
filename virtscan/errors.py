"""One root and one subclass for each decision that a caller can make.

A message says what is wrong and what to do; whoever catches it adds the subject (host, file, server).
What goes wrong with one item while work goes on is no exception but a `Gap` (see `virtscan.model`).
"""


class VirtscanError(Exception):
    """Root of everything that virtscan raises on purpose."""


class ConfigError(VirtscanError):
    """The command line or the configuration is wrong: nothing is scanned (exit code 2)."""


class ConnectorError(VirtscanError):
    """A hypervisor can't be read, or not any further: what it delivered before still counts."""


class AnalyzerError(VirtscanError):
    """A document is not XML that can be read safely, or not of the kind that was asked for."""


class OffloadError(VirtscanError):
    """A server's offload state can't be read: it is unknown, with this reason."""


class SshError(VirtscanError):
    """Another machine can't be reached or does not let us in: what it would have told is missing."""


class SosreportError(VirtscanError):
    """A sosreport can't be read, or not any further: what it would have told is missing."""


class FactsError(VirtscanError):
    """Ansible's facts can't be read, or are about other hosts: what they would have told is missing."""


class ProvisioningError(VirtscanError):
    """A provisioning system can't be read: what it would have told is missing."""


class InventoryError(VirtscanError):
    """A saved inventory can't be read: wrong file, wrong schema, or cut short (exit code 2)."""


class TraceError(VirtscanError):
    """A file is no packet capture, or none that can be read: nothing was seen (exit code 2)."""
