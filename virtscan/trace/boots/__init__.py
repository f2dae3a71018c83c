"""The boots of a capture: a state machine over packets, and the judgement of each boot.

Theory of operation
===================

A network boot is a chain of exchanges between one client and its servers::

    DHCP  ->  TFTP or HTTP, file after file  ->  the booted system

A hypervisor's kernel without the fix hands a frame with a partial checksum from one macvtap to another as it is. A
client that verifies checksums drops it silently. The fault therefore shows as an absence: answers were captured, and
the client behaved as if none had come. The state machine records whether the client reacted to each answer. A checksum
alone decides nothing (see `judging`).

Layers
------
`Tracker` takes packets in the capture's order and finds the exchange of each. `ClientTable` holds the clients by MAC
and by address. `BootAttempt` is one client from its first packet until it starts over. `Exchange` is one step of an
attempt: `DhcpExchange`, `Transfer` (TFTP) or `Connection` (HTTP over TCP). `Boot` is an attempt as a value.

All tables are bounded. At a bound the oldest entry is removed, or the packet is counted without being followed.

Boot attempt
------------
::

    (none) --DHCP message, read request--> OPEN --start over--> CLOSED, and the next attempt is OPEN

A client starts over with a DHCP message in another transaction (RFC 2131, 4.1: `xid` is chosen by the client) if

- an address was acknowledged, or a file was requested, or
- the client gave up waiting, and no refusal came, or
- an offer came, no request followed, and the client retried in one transaction before.

A discover after a file was requested starts over in the same transaction too: some ROMs derive `xid` from the MAC.
So does a discover that states less time since the client began than the one before (`secs`, or DHCPv6's Elapsed Time
option); one that states more continues an attempt without an address. Another transaction before that is a retry.
Some clients configure IPv4 and IPv6 at the same time: an attempt has an exchange for each version. A message over
one version is part of the attempt while the client waits for an address over the other, or downloads over it without
a problem. A discover after the client ignored answers over either version, and gave up there, starts over. Answers
to the exchanges of a closed attempt are not counted.

An attempt is reported in three cases: the client identifies itself as a boot ROM (RFC 4578, RFC 5970), requests a file,
or ignored an answer without a complete checksum. The latter includes DHCP clients of operating systems.

Answer
------
An answer belongs to a flow: a DHCP server, a server's TFTP port (RFC 1350, 4: each request gets a new one), or a TCP
connection. The client takes one flow and may leave the others alone::

                client reacts in the flow
    PENDING ----------------------------------> TAKEN
       |                                          ^
       | client asks again                        | client reacts, and only partial
       v                                          | or only complete ones came
    PASSED OVER ----------------------------------+
       |
       | client reacts to a complete one          capture ends without a reaction
       v                                          in the flow
    IGNORED <---------------------------------- PENDING, PASSED OVER

    LATE ------client asks again--------------> PENDING

An answer is LATE, and not counted, once the client gave up: it started another file or attempt, or did not ask again
for 2.2 times its longest retry interval. Clients double the interval (RFC 2131, 4.1; iPXE's retry timer; RFC
6298, 5.5 for TCP). Servers resend for half a minute (RFC 1350, 7 leaves the number open). Such answers prove nothing
about this client, even if their checksums differ in state from the earlier ones.

Exchanges and their outcomes
----------------------------
DHCP (RFC 2131, 3.1 and 3.2; RFC 8415 for IPv6, whose solicit and advertise take the place of discover and offer)::

    START --discover--> SELECTING --offer--> OFFERED --request--> REQUESTING --ack--> BOUND
                                                                             --nak--> refused
    SELECTING, no offer                            no-answer
    OFFERED, discovers again                       offers-not-requested
    BOUND, requests again in the same transaction  acknowledgement-not-taken
    BOUND, requests the file of a proxy again      acknowledgement-not-taken
    BOUND                                          address-only, unless a file is requested

TFTP (RFC 1350; RFC 2347 for options, RFC 2348 for the block size)::

    REQUESTED --OACK--> NEGOTIATED --ACK 0--> RECEIVING --last block acknowledged--> complete
    REQUESTED --DATA 1------------------------> RECEIVING --last block, nothing repeated--> last-block-not-acknowledged
    REQUESTED, requests again                      no-answer, or options-not-acknowledged after an OACK
    RECEIVING, block resent                        data-not-acknowledged
    any --ERROR--> tftp-error; REQUESTED --ICMP port unreachable (RFC 792, RFC 4443)--> refused
    answered --ICMP port unreachable by the client--> tftp-error; the checksum was verified before (RFC 1122, 4.1.3.4)

HTTP on TCP (RFC 9293, RFC 9112)::

    SYN --SYN ACK--> ACCEPTED --ACK--> ESTABLISHED --GET, length acknowledged--> complete
    SYN --ACK--> ESTABLISHED: the capture lacks the SYN ACK, or shows it later
    SYN, RST                                       refused
    ACCEPTED, SYN ACK resent                       connection-not-acknowledged
    ACCEPTED --RST by the client--> unfinished; the checksum was verified before (RFC 9293, 3.10.5: an abort sends none)
    ESTABLISHED, data resent                       data-not-acknowledged
    ESTABLISHED, status of 400 or above            http-error

Each is `unfinished` if the capture ends before the client had three seconds to react. Three answers without a reaction
prove more than time: links hardly lose that many in sequence. After an error with a bad checksum it is ten seconds,
because the reaction to an error is silence. Checksums are those of RFC 768 (UDP, zero means none over IPv4), RFC 9293
(TCP) and RFC 8200, 8.1 (never none over IPv6), summed as in RFC 1071.
"""
