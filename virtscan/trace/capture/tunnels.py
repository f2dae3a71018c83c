"""Ethernet frames inside packets, as overlays (VXLAN, GENEVE, GRE) and mirrors (ERSPAN) carry them.

Source:
    RFC 7348 (VXLAN), RFC 8926 (GENEVE), RFC 2890 and RFC 7637 (GRE), draft-foschiano-erspan (ERSPAN type II).
"""

from typing import NamedTuple

from virtscan.model.gaps.mismatches import Encapsulation

BY_ETHERTYPE = {
    0x8847: Encapsulation.MPLS, 0x8848: Encapsulation.MPLS, 0x8864: Encapsulation.PPPOE, 0x88E7: Encapsulation.PBB,
    0x88E5: Encapsulation.MACSEC, 0x8926: Encapsulation.VN_TAG, 0x893F: Encapsulation.E_TAG,
}  # fmt: skip
BY_PROTOCOL = {4: Encapsulation.IP, 41: Encapsulation.IP, 50: Encapsulation.ESP}
GRE = 47

_UDP = 17
_VXLAN = {4789, 8472}
"""IANA's port, and the default of Linux."""
_GENEVE = 6081
_ETHERNET, _ERSPAN = 0x6558, 0x88BE
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
    port = int.from_bytes(data[start + 2 : start + 4]) if protocol == _UDP else 0
    if port in _VXLAN:
        return _vxlan(data[start + 8 : end])
    return _geneve(data[start + 8 : end]) if port == _GENEVE else None


def _vxlan(data: bytes) -> InnerFrame | None:
    return InnerFrame(data[8:], int.from_bytes(data[4:7])) if data[:1] and data[0] & 0x08 else None


def _geneve(data: bytes) -> InnerFrame | None:
    is_geneve = len(data) >= 8 and not data[0] >> 6 and not data[1] & 0x3F
    if not is_geneve or int.from_bytes(data[2:4]) != _ETHERNET:
        return None
    return InnerFrame(data[8 + (data[0] & 0x3F) * 4 :], int.from_bytes(data[4:7]))


def _gre(data: bytes) -> InnerFrame | Encapsulation:
    flags, kind = int.from_bytes(data[:2]), int.from_bytes(data[2:4])
    if flags & _GRE_VERSION or kind not in {_ETHERNET, _ERSPAN}:
        return Encapsulation.GRE
    key = 4 + 4 * bool(flags & _GRE_CHECKSUM)
    end = key + 4 * bool(flags & _GRE_KEY) + 4 * bool(flags & _GRE_SEQUENCE)
    if kind == _ERSPAN and flags & _GRE_SEQUENCE:
        end += 8
    return InnerFrame(data[end:], int.from_bytes(data[key : key + 4]) if flags & _GRE_KEY else 0)
