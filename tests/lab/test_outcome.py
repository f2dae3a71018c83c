"""Tests of reading how a boot ended from the firmware's output."""

import pytest

from tests.lab.outcome import MARK, Outcome, read_outcome

# As they came over the serial port; the terminal's 80 columns break lines, and escapes move the cursor.
NO_MORE = "\r\nNo more network devices\r\n"
IPXE = """\
\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r
Booting from ROM...\r
\x1b[0;1miPXE 1.0.0+git-20190125.36a4c85-5.1\x1b[0m -- Open Source Network Boot Firmware -- \x1b[0;36mhttp\r
://ipxe.org\r
\x1b[0mFeatures: DNS HTTP iSCSI NFS TFTP AoE ELF MBOOT PXE bzImage Menu PXEXT\r
Configuring (net0 52:54:00:93:76:af)"""
LEASE = """.................. ok\r
net0: 10.77.0.50/255.255.255.0\r
Next server: 10.77.0.1\r
Filename: boot.ipxe\r
"""
EDK2 = """\
\x1b[2J\x1b[01;01H\x1b[=3hBdsDxe: loading Boot0001 "UEFI PXEv4 (MAC:5254009376AF)"\r
>>Start PXE over IPv4.\r
"""

CASES = {
    "the boot file ran": (f"{IPXE}{LEASE}tftp://10.77.0.1/boot.ipxe... ok\r\n{MARK}\r\n", Outcome.BOOTS),
    "the file never came by TFTP": (
        f"{IPXE}{LEASE}tftp://10.77.0.1/boot.ipxe.......... Connection timed out (http://ipxe.\r\norg/4c126035){NO_MORE}",
        Outcome.TFTP_TIMEOUT,
    ),
    "the file never came by HTTP": (
        f"{IPXE}{LEASE}http://10.77.0.1/boot.ipxe......... Connection timed out (http://ipxe.or\r\ng/4c0a6035){NO_MORE}",
        Outcome.HTTP_TIMEOUT,
    ),
    "no answer to DHCP": (
        f"{IPXE}...... No configuration methods succeeded (http://ip\r\nxe.org/040ee119){NO_MORE}",
        Outcome.NO_LEASE,
    ),
    "the server has no such file": (
        f"{IPXE}{LEASE}tftp://10.77.0.1/boot.ipxe... Error 0x2d126001 (http://ipxe.org/2d126001){NO_MORE}",
        Outcome.OTHER,
    ),
    "UEFI has the file": (
        f"{EDK2}\r\n  NBP filename is boot.ipxe\r\n NBP file downloaded successfully.\r\n",
        Outcome.BOOTS,
    ),
    "UEFI waits in vain for the file": (f"{EDK2}\r\n  PXE-E18: Server response timeout.\r\n", Outcome.TFTP_TIMEOUT),
    "UEFI has no answer to DHCP": (f"{EDK2}\r\n  PXE-E16: No valid offer received.\r\n", Outcome.NO_LEASE),
    "nothing yet": ("", Outcome.UNDECIDED),
    "still at DHCP": (IPXE, Outcome.UNDECIDED),
    "still at the file": (f"{IPXE}{LEASE}tftp://10.77.0.1/boot.ipxe.......", Outcome.UNDECIDED),
}


@pytest.mark.parametrize(("console", "outcome"), CASES.values(), ids=CASES)
def test_the_console_gives_the_outcome_of_a_boot(console: str, outcome: Outcome) -> None:
    assert read_outcome(console) is outcome


def test_a_boot_that_went_on_to_the_next_device_has_its_first_failure_as_outcome() -> None:
    console, outcome = CASES["the file never came by TFTP"]

    assert read_outcome(console + "iPXE (PCI 00:03.0) starting execution...\r\nNo bootable device.\r\n") is outcome
