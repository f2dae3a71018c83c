"""Assignment of packets to the exchanges of boots: the only state kept for the whole capture; bounded."""

from collections import Counter
from typing import TypeAlias

from virtscan.model import Mac
from virtscan.trace.boots.attempt import BootAttempt, TakenPacket
from virtscan.trace.boots.boot import Boot
from virtscan.trace.boots.client_table import ClientTable
from virtscan.trace.boots.connection import Connection
from virtscan.trace.boots.dhcp_exchange import DhcpExchange
from virtscan.trace.boots.download_table import DownloadTable
from virtscan.trace.boots.exchange import Exchange
from virtscan.trace.boots.transfer import Transfer
from virtscan.trace.capture.checksums import Checksum
from virtscan.trace.capture.copies import Copies
from virtscan.trace.capture.fragments import FragmentTable
from virtscan.trace.capture.links import LinkHeader
from virtscan.trace.capture.packets import TCP, UDP, Fragment, Packet
from virtscan.trace.protocols import dhcp, dhcp6, http, tcp, tftp
from virtscan.trace.protocols.dhcp import AddressStep, Dhcp, UnusableMessage
from virtscan.trace.protocols.icmp import refused

_CLIENT_4, _SERVER_4 = 68, 67
_CLIENT_6, _SERVER_6 = 546, 547
_PORTS_4, _PORTS_6 = {_CLIENT_4, _SERVER_4, dhcp.PROXY}, {_CLIENT_6, _SERVER_6}
_PORTS = {*_PORTS_4, *_PORTS_6, tftp.PORT}

_End: TypeAlias = tuple[bytes, int]
"""An address and a port."""


class Tracker:
    """The state machine: takes the packets of a capture in its order; `boots` returns the result.

    `unreadable` counts messages on the ports of DHCP and TFTP that could not be read.
    """

    def __init__(self) -> None:
        self.unreadable: Counter[UnusableMessage] = Counter()
        self.transfers_begun = 0
        self._clients = ClientTable()
        self._transfers: DownloadTable[_End, Transfer] = DownloadTable()
        self._connections: DownloadTable[tuple[_End, _End], Connection] = DownloadTable()
        self._copies: Copies[TakenPacket | None] = Copies()
        self._fragments: FragmentTable[TakenPacket] = FragmentTable()

    @property
    def not_followed(self) -> int:
        """Return the number of boots for which there was no room in memory."""
        return self._clients.not_kept

    def wants(self, protocol: int, link: LinkHeader, source: _End, destination: _End) -> bool:
        """Return True if such a packet may belong to a boot; others are not parsed further."""
        match protocol:
            case 17:
                return destination[1] in _PORTS or destination in self._transfers or source in self._transfers
            case 6:
                clients = self._clients
                return clients.is_booting(source[0], link.source) or clients.is_booting(
                    destination[0], link.destination
                )
            case _:
                return bool(self._transfers)

    def add(self, packet: Packet) -> None:
        """Add the next packet; a copy of it on another device is not counted again."""
        original = self._copies.original(packet)
        if original is None:
            taken = self._take(packet)
            self._copies.keep(packet, taken)
        else:
            taken = original.what
            if taken is not None:
                taken.learn_from_copy(packet)
        if packet.fragmented and taken is not None:
            _take_whole(self._fragments.begin(packet, taken))

    def add_fragment(self, fragment: Fragment) -> None:
        """Add a later fragment of a packet, whose checksum is known once it is whole."""
        _take_whole(self._fragments.add(fragment))

    def _take(self, packet: Packet) -> TakenPacket | None:
        if packet.protocol == UDP:
            return self._udp(packet)
        if packet.protocol == TCP:
            return self._tcp(packet)
        self._unreachable(packet)
        return None

    def _udp(self, packet: Packet) -> TakenPacket | None:
        taken = None if packet.destination_port == tftp.PORT else self._by_tftp(packet)
        if taken is not None:
            return taken
        match packet.destination_port:
            case tftp.PORT:
                return self._read_request(packet)
            case port if port in _PORTS_4:
                return self._dhcp(packet, dhcp.parse(packet.payload, is_complete=packet.is_complete))
            case port if port in _PORTS_6:
                return self._dhcp(packet, dhcp6.parse(packet.payload, is_complete=packet.is_complete))
            case _:
                return None

    def boots(self, *, end: float) -> tuple[tuple[Boot, ...], int]:
        """Return the boots in the order they began, and the number of other clients; call it once.

        Args:
            end: Time of the capture's last frame.
        """
        return self._clients.boots(end=end)

    def _dhcp(self, packet: Packet, message: Dhcp | UnusableMessage) -> TakenPacket | None:
        if isinstance(message, UnusableMessage):
            self.unreadable[message] += 1
            return None
        if message.step is AddressStep.OTHER:
            return None
        from_client = message.step in {AddressStep.DISCOVER, AddressStep.REQUEST}
        mac = _client(packet, message)
        if mac is None:
            defect = UnusableMessage.NAMELESS if packet.destination_port in _PORTS_6 else UnusableMessage.MALFORMED
            self.unreadable[defect] += 1
            return None
        begins = from_client and packet.destination_port != dhcp.PROXY
        attempt = self._clients.attempt(mac, packet, message if begins else None)
        if attempt is None:
            return None
        version = len(packet.source)
        if version not in attempt.leases:
            attempt.leases[version] = DhcpExchange(packet, message)
        lease = attempt.leases[version]
        lease.add(packet, message)
        attempt.boots = attempt.boots or message.boots
        if message.address is not None:
            self._clients.has_address(attempt, message.address)
        return _taken(attempt, lease, packet, from_server=not from_client)

    def _read_request(self, packet: Packet) -> TakenPacket | None:
        end = packet.source, packet.source_port
        message = tftp.parse(packet.payload, length=packet.length - 8)
        match message:
            case tftp.Read():
                known = self._transfers.find(end, packet.link.source, packet)
                attempt = self._clients.attempt_at(packet)
                if attempt is None:
                    return None
                if known is not None and known[0] is attempt and known[1].is_repeated_by(message, packet.time):
                    transfer = known[1]
                else:
                    attempt = self._clients.attempt_of_transfer(attempt, packet)
                    if attempt is None:
                        return None
                    transfer = Transfer(packet, message)
                    self.transfers_begun += 1
                    attempt.starts(transfer)
                    self._transfers.keep(end, packet, (attempt, transfer))
                transfer.requested(packet)
                return _taken(attempt, transfer, packet, from_server=False)
            case UnusableMessage():
                self.unreadable[message] += 1
                return None
            case _:
                return self._by_tftp(packet)  # a server that answers from this port is also acknowledged there

    def _by_tftp(self, packet: Packet) -> TakenPacket | None:
        """Take a packet of a transfer; return None if it belongs to none."""
        to_client = self._transfers.find((packet.destination, packet.destination_port), packet.link.destination, packet)
        known = to_client or self._transfers.find((packet.source, packet.source_port), packet.link.source, packet)
        if known is None:
            return None
        attempt, transfer = known
        message = tftp.parse(packet.payload, length=packet.length - 8)
        if isinstance(message, UnusableMessage):
            self.unreadable[UnusableMessage.CUT] += message is UnusableMessage.CUT
            return None
        if to_client:
            transfer.from_its_server(packet, message)
        else:
            transfer.from_its_client(packet, message)
        return _taken(attempt, transfer, packet, from_server=to_client is not None)

    def _tcp(self, packet: Packet) -> TakenPacket | None:
        source, destination = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        known = self._connections.find((source, destination), packet.link.source, packet)
        if packet.segment[13] & (tcp.SYN | tcp.ACK) == tcp.SYN:
            known = self._connect(packet, known) or known
        from_server = known is None
        known = known or self._connections.find((destination, source), packet.link.destination, packet)
        if known is None:
            return None
        attempt, connection = known
        if from_server:
            connection.from_its_server(packet)
        else:
            connection.from_its_client(packet)
        _start(attempt, connection)
        return _taken(attempt, connection, packet, from_server=from_server)

    def _connect(
        self, packet: Packet, known: tuple[BootAttempt, Connection] | None
    ) -> tuple[BootAttempt, Connection] | None:
        """Follow a new connection of the client; on an unusual port for boots it counts once it shows a download.

        After a failed download that the client gave up, the connection is that of a system on its disk.
        """
        attempt = self._clients.at(packet)
        if attempt is None or not attempt.boots or attempt.gave_up(packet.time):
            return None
        if known is not None and known[0] is attempt and known[1].opens(packet):
            return known  # the client repeats it
        named = {http.port_of(lease.file) for lease in attempt.leases.values()}
        is_download = packet.destination_port in http.PORTS | named
        if is_download:
            attempt = self._clients.connects(attempt, packet)
            if attempt is None:
                return None
        connection = Connection(packet, is_download=is_download)
        _start(attempt, connection)
        source, destination = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
        self._connections.keep((source, destination), packet, (attempt, connection))
        return attempt, connection

    def _unreachable(self, packet: Packet) -> None:
        """Record that a server refused a TFTP request, or that a client closed the port of a download."""
        found = refused(packet)
        if found is None:
            return
        requested = self._transfers.find(found.source, packet.link.destination, packet)
        answered = self._transfers.find(found.destination, packet.link.source, packet)
        if found.destination[1] == tftp.PORT and requested is not None:
            requested[1].refused = True
        elif answered is not None and found.destination[0] == packet.source:
            answered[1].closed(packet.time, found.source[1])


def _start(attempt: BootAttempt, connection: Connection) -> None:
    """Begin a download, once the connection is known to be one."""
    if connection.is_download and not connection.started:
        connection.started = True
        attempt.starts(connection)


def _taken(attempt: BootAttempt, exchange: Exchange, packet: Packet, *, from_server: bool) -> TakenPacket | None:
    attempt.note_arrival(packet, from_server=from_server)
    return None if exchange.counted is None else TakenPacket(attempt, exchange, exchange.counted, from_server)


def _take_whole(found: tuple[Packet, TakenPacket] | None) -> None:
    """Count a packet by the checksum over all its fragments; a wrong one may be over fragments of two packets."""
    if found is not None:
        packet, taken = found
        checksum = packet.checksum_of_one()
        if checksum is not Checksum.WRONG:
            taken.recount(packet, checksum)


def _client(packet: Packet, message: Dhcp) -> Mac | None:
    """Return the client's MAC. DHCPv6 identifies a machine with all its NICs: the frame's source takes precedence."""
    if packet.destination_port in _PORTS_4 and message.mac is not None:
        return message.mac
    if packet.source_port in {_CLIENT_4, _CLIENT_6}:
        octets = packet.link.source
    elif packet.destination_port in {_CLIENT_4, _CLIENT_6} and not packet.link.is_multicast:
        octets = packet.link.destination
    else:
        octets = None
    return dhcp.mac(octets) if octets is not None else message.mac
