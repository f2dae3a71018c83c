"""Ethernet frames inside packets, as overlays (VXLAN, GENEVE, GRE) and mirrors (ERSPAN) carry them.

Source:
    RFC 7348 (VXLAN), draft-ietf-nvo3-vxlan-gpe (VXLAN-GPE), RFC 8926 (GENEVE), RFC 2890 and RFC 7637 (GRE),
    draft-foschiano-erspan (ERSPAN type II).
"""

from typing import NamedTuple

from virtscan.model.gaps.mismatches import Encapsulation

BY_ETHERTYPE = {
    0x8847: Encapsulation.MPLS, 0x8848: Encapsulation.MPLS, 0x8864: Encapsulation.PPPOE, 0x88E7: Encapsulation.PBB,
    0x88E5: Encapsulation.MACSEC, 0x8926: Encapsulation.VN_TAG, 0x893F: Encapsulation.E_TAG,
    0x22F3: Encapsulation.TRILL, 0x894F: Encapsulation.NSH,
}  # fmt: skip
BY_PROTOCOL = {
    4: Encapsulation.IP, 41: Encapsulation.IP, 50: Encapsulation.ESP, 51: Encapsulation.AH, 97: Encapsulation.ETHERNET,
    115: Encapsulation.L2TP, 137: Encapsulation.MPLS, 143: Encapsulation.ETHERNET,
}  # fmt: skip
BY_PORT = {
    (6, 7471): Encapsulation.STT, (17, 1701): Encapsulation.L2TP, (17, 4341): Encapsulation.LISP,
    (17, 4500): Encapsulation.ESP, (17, 4754): Encapsulation.GRE_IN_UDP, (17, 6080): Encapsulation.GUE,
    (17, 6635): Encapsulation.MPLS, (17, 37008): Encapsulation.TZSP,
}  # fmt: skip
"""By protocol and the receiver's port, of a packet that belongs to no boot: clients choose such ports too."""
GRE = 47

_UDP = 17
_VXLAN = {4789, 4790, 8472}
"""IANA's ports, without and with other protocols than Ethernet, and the default of Linux."""
_GENEVE = 6081
_ETHERNET, _ERSPAN = 0x6558, 0x88BE
_GPE_ETHERNET = 3
_IP = {0x0800: 4, 0x86DD: 6}
"""Version of IP by ethertype."""
_TAGS = {b"\x81\0", b"\x88\xa8"}
_GRE_CHECKSUM, _GRE_KEY, _GRE_SEQUENCE, _GRE_VERSION = 0x8000, 0x2000, 0x1000, 0x0007


class InnerFrame(NamedTuple):
    """An Ethernet frame, and the number of its virtual network."""

    frame: bytes
    network: int


def carried(data: bytes, protocol: int, start: int, end: int) -> InnerFrame | Encapsulation | None:
    """Return the frame inside a packet; None for other packets.

    Args:
        data: The outer frame.
        protocol: Number of the transport protocol.
        start: Offset of the transport header.
        end: Offset after the packet's last byte.
    """
    if protocol == GRE:
        return _gre(data[start:end])
    if protocol != _UDP:
        return None
    port, content = int.from_bytes(data[start + 2 : start + 4]), start + 8
    if port in _VXLAN:
        return _vxlan(data[content:end])
    if port == _GENEVE:
        return _geneve(data[content:end])
    return _on_any_port(data[content:end])


def _vxlan(data: bytes) -> InnerFrame | Encapsulation | None:
    flags = data[0] if data else 0
    if flags & 0x04 and len(data) >= 8 and not any(data[1:3]) and data[3] != _GPE_ETHERNET:
        return Encapsulation.VXLAN_GPE
    return InnerFrame(data[8:], int.from_bytes(data[4:7])) if flags & 0x08 else None


def _geneve(data: bytes) -> InnerFrame | Encapsulation | None:
    is_geneve = len(data) >= 8 and not data[0] >> 6 and not data[1] & 0x3F
    kind = int.from_bytes(data[2:4]) if is_geneve else 0
    if kind != _ETHERNET:
        return Encapsulation.GENEVE if kind in _IP else None
    return InnerFrame(data[8 + (data[0] & 0x3F) * 4 :], int.from_bytes(data[4:7]))


def _on_any_port(data: bytes) -> InnerFrame | None:
    """Return the frame in a VXLAN or GENEVE packet that is known only by its content: a frame of an IP packet."""
    if data[:4] == b"\x08\0\0\0":
        found: InnerFrame | Encapsulation | None = _vxlan(data)
    else:
        found = _geneve(data)
    if not isinstance(found, InnerFrame) or data[7:8] != b"\0":
        return None
    start = 12
    while found.frame[start : start + 2] in _TAGS:
        start += 4
    version = found.frame[start + 2 : start + 3]
    kind = int.from_bytes(found.frame[start : start + 2])
    return found if version and _IP.get(kind) == version[0] >> 4 else None


def _gre(data: bytes) -> InnerFrame | Encapsulation:
    flags, kind = int.from_bytes(data[:2]), int.from_bytes(data[2:4])
    if flags & _GRE_VERSION or kind not in {_ETHERNET, _ERSPAN}:
        return Encapsulation.GRE
    key = 4 + 4 * bool(flags & _GRE_CHECKSUM)
    end = key + 4 * bool(flags & _GRE_KEY) + 4 * bool(flags & _GRE_SEQUENCE)
    if kind == _ERSPAN and flags & _GRE_SEQUENCE:
        end += 8
    return InnerFrame(data[end:], int.from_bytes(data[key : key + 4]) if flags & _GRE_KEY else 0)
