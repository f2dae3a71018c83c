"""A domain's document as libvirt prints it, without the devices that virtscan never reads."""

_OPEN, _CLOSE = "\n  <devices>\n", "\n  </devices>\n"
_OPEN_INTERFACE, _CLOSE_INTERFACE = "\n    <interface ", "\n    </interface>\n"


def trimmed(xml: str) -> str:
    """Leave out every device but the interfaces: most of the text, and most of the time that parsing takes.

    Finds them by their line and indentation, which are the same in every libvirt, and in which nothing but a domain's
    metadata could be written like them: everywhere else `<` is escaped. A document that has the line of `<devices>`
    twice, or an interface in another place, comes back as it is; so does one with another layout.

    Source:
        libvirt src/conf/domain_conf.c virDomainDefFormatInternalSetRootName: metadata comes before the devices.
    """
    head, _, rest = xml.partition(_OPEN)
    devices, closed, tail = rest.rpartition(_CLOSE)
    pieces = f"\n{devices}\n".split(_OPEN_INTERFACE)[1:]
    if not closed or _OPEN in rest or xml.count("<interface") != len(pieces):
        return xml
    kept = [head, _OPEN[:-1]]
    for piece in pieces:
        interface, closed_interface, _ = f"{piece}\n".partition(_CLOSE_INTERFACE)
        if not closed_interface:
            return xml
        kept += (_OPEN_INTERFACE, interface, _CLOSE_INTERFACE[:-1])
    kept += (_CLOSE, tail)
    return "".join(kept)
