"""A domain's document as libvirt prints it, without the parts that virtscan never reads."""

import re

_OPEN, _CLOSE, _END = "\n  <devices>\n", "\n  </devices>\n", "\n</domain>"
_METADATA, _END_OF_METADATA = "\n  <metadata>\n", "\n  </metadata>\n"
_FEATURES, _END_OF_FEATURES, _CLOCK = "\n  <features>\n", "\n  </features>\n", "\n  <clock "
_LABELS, _COMMANDLINE = "\n  <seclabel ", "\n  <qemu:commandline>"
_LIBOSINFO = "libosinfo.org/"
_DEVICES = (("\n    <disk ", "\n    </disk>\n"), ("\n    <interface ", "\n    </interface>\n"))
"""The devices that are read, in libvirt's order, all of a kind together: how the first begins, and the last ends."""

_UNESCAPED = ("!", "?")
"""Characters after `<` where markup begins in which `<` is not escaped: libvirt keeps it in metadata. Looked for alone,
as they are rare and `<` is not."""

_MARKS = ("<disk", "<interface")

_UNREAD = re.compile(r"\n      <(?:(?:alias|address) [^\n]*/>|serial>[^<\n]*</serial>)")
"""Parts of a device; an address with children ends in another line."""
_READ = re.compile(
    r"\n  <(?:name|uuid|description|memory|maxMemory|currentMemory|vcpu|os|cpu|cputune|memtune|memoryBacking)\b"
)
_CPU_FEATURES = re.compile(r"\n    <feature [^\n]*/>(?=\n)")


def trimmed(xml: str) -> str:
    """Leave out elements that virtscan never reads: most of the text, and most of the parsing time.

    Finds them by lines and indentation, which are the same in every libvirt. Only a domain's metadata could have lines
    like these: everywhere else `<` is escaped. A document with comments, CDATA or processing instructions comes back as
    it is. So does one that has `<devices>` or metadata twice, a device of interest in another place, or another layout.

    Source:
        libvirt src/conf/domain_conf.c virDomainDefFormatInternalSetRootName: metadata, resources,
        features, CPU, clock, actions on events, devices, security labels, QEMU's options, in this order.
    """
    if any(mark in xml and f"<{mark}" in xml for mark in _UNESCAPED):
        return xml
    head, _, rest = xml.partition(_OPEN)
    devices, closed, tail = rest.rpartition(_CLOSE)
    tail, ended, end = f"\n{tail}".rpartition(_END)
    if not closed or not ended or xml.count("<devices") != 1:
        return xml
    kept = _kept(f"\n{devices}\n", tail)
    shorter = _head(head)
    if kept is None or shorter is None or "<interface" in shorter:
        return xml
    given, _, labels = tail.partition(_LABELS)
    _, *commandline = labels.partition(_COMMANDLINE)
    return f"{shorter}{_OPEN[:-1]}{_UNREAD.sub('', kept)}{_CLOSE[:-1]}{given}{''.join(commandline)}{_END}{end}"


def _kept(devices: str, tail: str) -> str | None:
    """Return the lines of disks and interfaces; None if one is elsewhere, or in the tail after all devices."""
    kept, left_out, reached = "", tail, 0
    for first, last in _DEVICES:
        start = devices.find(first, reached)
        if start >= 0:
            closed = devices.rfind(last, start)
            if closed < 0:
                return None
            end = closed + len(last) - 1
            left_out += devices[reached:start]
            kept += devices[start:end]
            reached = end
    left_out += devices[reached:]
    return None if any(mark in left_out for mark in _MARKS) else kept


def _head(head: str) -> str | None:
    """Leave out metadata without an operating system, features, and all from the clock on; None if metadata nest."""
    before, has_metadata, after = head.partition(_METADATA)
    if has_metadata:
        metadata, closed, after = after.partition(_END_OF_METADATA)
        if not closed or "<metadata" in metadata or "<metadata" in after:
            return None
        before += f"{_METADATA}{metadata}{_END_OF_METADATA[:-1]}" if _LIBOSINFO in metadata else ""
        after = f"\n{after}"
    else:
        before, after = "", head
    given, has_features, others = after.partition(_FEATURES)
    if has_features:
        _, closed, cpu = others.partition(_END_OF_FEATURES)
        after = f"{given}\n{cpu}" if closed else after
    given, _, events = after.partition(_CLOCK)
    after = after if _READ.search(events) else given
    return before + (_CPU_FEATURES.sub("", after) if "<feature " in after else after)
