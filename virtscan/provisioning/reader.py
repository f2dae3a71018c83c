"""The contract of the readers, and a rule for all of them: results contain no secret."""

from typing import Protocol

from virtscan.errors import ProvisioningError
from virtscan.masking import mask_error, masked
from virtscan.model import ProvisioningTarget
from virtscan.provisioning.credentials import masker_of
from virtscan.provisioning.records import Records


class RecordReader(Protocol):
    """A reader of a provisioning system within `timeout` seconds; raises ProvisioningError with the reason.

    Records read before a failure are returned, with a gap for the rest.
    """

    def __call__(self, target: ProvisioningTarget, *, timeout: float) -> Records: ...  # noqa: D102  the class describes it


def without_secret(read: RecordReader) -> RecordReader:
    """Mask the target's secret in everything that a reader returns or raises: the other side may send it back."""

    def masking(target: ProvisioningTarget, *, timeout: float) -> Records:
        mask = masker_of(target)
        try:
            return masked(read(target, timeout=timeout), mask)
        except ProvisioningError as error:
            mask_error(error, mask)
            raise

    return masking
