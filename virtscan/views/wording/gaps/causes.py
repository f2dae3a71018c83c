"""The sentences for causes of gaps: why an item was not read, is unknown or does not count, and the action."""

from datetime import datetime

from virtscan.correlator.staleness.age import is_ahead
from virtscan.model import Machine, WhyLeftOut
from virtscan.model.gaps import AnyCause
from virtscan.model.gaps import causes as c
from virtscan.model.gaps import mismatches as m
from virtscan.model.sources import renewal
from virtscan.views.wording.gaps.workers import worker_words
from virtscan.views.wording.phrases.ages import ago, exactly, moment
from virtscan.views.wording.phrases.names import listed
from virtscan.views.wording.phrases.quantity import quantity

_MACHINES = {
    Machine.PHYSICAL: "physical machine",
    Machine.VIRTUAL: "VM",
    Machine.CONTAINER: "container",
    Machine.UNKNOWN: "machine of unknown kind",
}
_PACKAGES = {
    c.Driver.INTERFACE: ("libvirt-daemon-driver-interface", "virtinterfaced"),
    c.Driver.NODE_DEVICE: ("libvirt-daemon-driver-nodedev", "virtnodedevd"),
}
_CONSEQUENCES = {
    c.Consequence.PRIMARY_INTERFACE: "the primary one is used instead",
    c.Consequence.NEXT_SERVERS_UNKNOWN: "some next servers are unknown",
}
_NO_FEATURES = {
    c.NoFeatures.NOT_IN_REPORT: "the sosreport has no ethtool -k output for it",
    c.NoFeatures.NOT_IN_FACTS: "no features in the Ansible facts; install ethtool on the server",
    c.NoFeatures.NO_ETHTOOL: "ethtool not found; install it",
    c.NoFeatures.TOO_MANY_DEVICES: "not read, too many devices; name the interface",
}
_LEFT_OUT = {
    WhyLeftOut.NOT_XML: "not XML",
    WhyLeftOut.OTHER_KIND: "neither a domain nor a network",
    WhyLeftOut.NOT_REGULAR: "not a regular file",
    WhyLeftOut.HIDDEN: "the name begins with a dot",
    WhyLeftOut.HALF_WRITTEN: "an incomplete copy made by libvirt",
}
_ADVICE = {
    m.BadMessage.CUT: "capture whole frames: tcpdump -s 0",
    m.BadMessage.MALFORMED: "check the sender, unless the port serves another protocol",
    m.BadMessage.NAMELESS: "capture at a single Ethernet device instead of all",
}


def cause_words(cause: AnyCause, taken_at: datetime | None = None) -> str:
    """Return the reason and the action; ages are counted from this time; without it, dates are given."""
    for words in (_reading, worker_words, _lists, _declared, _waivers_and_captures):
        if (text := words(cause)) is not None:
            return text
    match cause:
        case c.TooOld(sources=sources):
            return f"{age_problem(cause, taken_at)}; {renewal(*sources)}"
        case _:
            raise TypeError(cause)


def age_problem(cause: c.TooOld, taken_at: datetime | None) -> str:
    """Return the age of a fact, and the maximum."""
    limit = "" if cause.max_age is None else f" (the limit is {exactly(cause.max_age)})"
    if cause.observed_at is None:
        return f"observed at an unknown time{limit}"
    if taken_at is not None and is_ahead(cause.observed_at, taken_at):
        return f"dated {moment(cause.observed_at)}, after the scan, so its age is unknown{limit}"
    when = moment(cause.observed_at) if taken_at is None else ago(cause.observed_at, taken_at)
    return f"observed {when}{limit}"


def _reading(cause: AnyCause) -> str | None:
    match cause:
        case c.Failure(detail=detail, consequence=None):
            return detail
        case c.Failure(detail=detail, consequence=consequence) if consequence is not None:
            return f"{detail}; {_CONSEQUENCES[consequence]}"
        case c.BadDocument(detail=detail, domains=()):
            return detail
        case c.BadDocument(detail=detail, domains=domains):
            subject = "domain in it is" if len(domains) == 1 else "domains in it are"
            return f"{detail}; the {subject} not read: {', '.join(domains)}"
        case c.NotUtf8():
            return "document is not UTF-8"
        case c.NoAnswer(seconds=seconds):
            return f"no answer within {seconds:g} s; check the host, or raise --host-timeout"
        case c.Stopped(seconds=seconds):
            return f"stopped at its deadline of {seconds:g} s; raise --host-timeout"
        case c.NotReadToEnd(seconds=seconds):
            return f"not read completely in {seconds:g} s of processing; raise --host-timeout, or check the disk"
        case c.ProcessCrashed(signal=signal):
            return f"the process that read it was killed by {signal}; please report it"
        case c.Interrupted():
            return "interrupted"
        case c.TooFewFiles():
            return "the limit of open files is too low; raise it with ulimit -n"
        case c.RunEnded(seconds=seconds, started=True):
            return f"stopped at the run's deadline of {seconds:g} s; raise --deadline"
        case c.RunEnded(seconds=seconds):
            return f"not started before the run's deadline of {seconds:g} s; raise --deadline"
        case c.InternalError(error=error):
            return f"internal error of virtscan ({error}); please report it"
        case c.NoLinuxRelease(detail=printed):
            return f"`uname -srv` printed no Linux release: {printed!r}"
        case _:
            return _offload(cause)


def _offload(cause: AnyCause) -> str | None:
    match cause:
        case c.EthtoolFailed(features=features, detail=detail):
            return f"ethtool can't read {', '.join(features)}: {detail}"
        case c.FeaturesConflict(features=features):
            return f"conflicting values of {', '.join(features)}"
        case c.FeaturesNotShown(features=features):
            return f"{', '.join(features)} not shown"
        case c.NoFeaturesRead(why=why):
            return _NO_FEATURES[why]
        case c.OffloadUnknown(devices=devices, above_unlisted=ends):
            if devices:
                return f"TX checksum offload of {', '.join(devices)} is unknown"
            return f"the devices below {', '.join(ends)} are not listed" if ends else "TX checksum offload is unknown"
        case c.NoAddress():
            return "no device has an address; name the serving interface"
        case c.StatesDiffer(devices=states):
            each = ", ".join(f"{device.device} ({device.state.value})" for device in states)
            return f"several devices with different states ({each}); name the serving interface"
        case _:
            return None


def _lists(cause: AnyCause) -> str | None:
    match cause:
        case c.NotInReport():
            return "not in the report"
        case c.MacsReplaced():
            return "replaced by `sos clean`; read a report that is not cleaned"
        case c.XmlNotInReport(is_listed=True):
            return "listed by virsh, but its XML is not in the report"
        case c.XmlNotInReport():
            return "its XML is not in the report"
        case c.NoListInReport(is_cut=True):
            return "the output of virsh list in the report is truncated or an error message; domains may be missing"
        case c.NoListInReport():
            return "the report has neither the output of virsh list nor a domain's definition; domains may be missing"
        case c.NoSuchNetwork():
            return "no such network on this hypervisor"
        case c.NetworksNotListed():
            return "this driver does not list networks"
        case c.DeviceNotListed():
            return "libvirt lists no such device"
        case c.NoDriver(driver=driver):
            package, daemon = _PACKAGES[driver]
            return f"this daemon has no {driver.value} driver; install {package} and start {daemon}, or use --ssh-facts"
        case c.NoDefinitions(networks=networks):
            return f"no domain{' or network' if networks else ''} found{_left_out(cause)}"
        case c.FilesLeftOut(why=why, files=files, more=more):
            return f"left out ({_LEFT_OUT[why]}): {', '.join(files)}{f' and {more} more' if more else ''}"
        case c.NoDomainDefined(session=str(session)):
            system = f"{session.removesuffix('session')}system"
            return f"no domain defined; {session} is the user's own daemon; system VMs are at {system}"
        case c.NoDomainDefined():
            return "no domain defined"
        case c.DefinedTwice(network=network, first=first):
            return f"network {network!r} is defined differently in {first}; both are ignored"
        case _:
            return None


def _left_out(cause: c.NoDefinitions) -> str:
    if cause.is_empty:
        return "; the folder is empty"
    more = f" and {cause.more} more" if cause.more else ""
    return f"; left out: {', '.join(cause.left_out)}{more}" if cause.left_out else ""


def _declared(cause: AnyCause) -> str | None:
    match cause:
        case m.KernelContradicted(declared=declared, observed=observed, source=source):
            return f"kernel {declared} is declared, but {observed} is observed ({source}); the observed one is used"
        case m.PhysicalContradicted(machine=machine):
            return f"physical = true is declared, but a {_MACHINES[machine]} is observed; the observation is used"
        case m.PlaceContradicted(runs_on=runs_on, hypervisor=where):
            declared = "physical = true" if runs_on is None else f"runs_on = {runs_on!r}"
            return f"{declared} is declared, but its MAC is on {where}; the observation is used"
        case m.ReadTwice(hypervisor=other):
            return (
                f"same hypervisor as {other} under another address; its domains are counted twice; remove one address"
            )
        case m.ExclusionOverruled():
            return (
                "a declaration or record excludes it, but its NIC is on the interface's own device or carried by it; "
                "it is judged anyway"
            )
        case m.ForeignServer(source=source):
            return (
                f"{source} has it on record, but no configured server has that name or address; no server is excluded"
            )
        case m.SegmentUnmatched(by_server=True, near=near):
            return "a server serves it, but no hypervisor has a device in it; " + _meant(near, "hypervisor")
        case m.SegmentUnmatched(near=near):
            return "a hypervisor has a device in it, but no server serves it; " + _meant(near, "server")
        case m.OffUntilReboot(at_risk=count):
            return f"TX checksum offload is off until the next reboot{_then(count)}"
        case m.NoSuchDevice(key=key, device=device, near=near):
            return f"{key}: no device is named {device!r}{_did_you_mean(near)}"
        case m.NoSuchHypervisor(runs_on=runs_on, near=near):
            return f"runs_on: no hypervisor is named {runs_on!r}{_did_you_mean(near)}"
        case _:
            return None


def _then(count: int | None) -> str:
    if count is None:
        return ""
    if not count:
        return ", which puts no further interface at risk"
    return f", which puts {quantity(count, 'interface')} at risk; `virtscan remedy` shows how to make it persistent"


def _meant(near: str | None, table: str) -> str:
    """Suggest the name that is meant, else a declaration."""
    return f"if one does, add it to its [[{table}]]" if near is None else f"did you mean {near!r}?"


def _did_you_mean(near: str | None) -> str:
    return "" if near is None else f"; did you mean {near!r}?"


def _waivers_and_captures(cause: AnyCause) -> str | None:
    match cause:
        case m.WaiverExpired(until=until):
            return f"it expired on {until}; renew or remove it"
        case m.WaiverUnused(unread=unread):
            maybe = f", but {quantity(unread, 'hypervisor')} may have further VMs" if unread else ""
            return f"it matches no finding{maybe}; correct or remove it"
        case m.WaiverOfNamesakes(names=names):
            glob = f"{names[0].partition(' (')[0]} (*"
            return f"it does not apply to {listed(names)}; give full names, or a glob such as {glob!r}"
        case m.ForeignFrames(frames=frames, link=link, link_name=name):
            kind = f"link type {link}, {name or 'unknown to virtscan'}"
            return (
                f"{quantity(frames, 'frame')} not read, not Ethernet ({kind}); capture at the server's or VM's device"
            )
        case m.EncapsulatedFrames(frames=frames, encapsulation=encapsulation):
            return (
                f"{quantity(frames, 'frame')} not read, encapsulated ({encapsulation.value}); "
                "capture at the server's or VM's device"
            )
        case m.UnreadMessages(messages=messages, defect=defect):
            return f"{quantity(messages, 'DHCP or TFTP message')} not read, {defect.value}; {_ADVICE[defect]}"
        case m.TooManyBoots(requests=requests, limit=limit):
            return f"{quantity(requests, 'request')} not followed, more than {limit} boots; split the capture by time"
        case m.DroppedFrames(frames=frames):
            return f"{quantity(frames, 'frame')} dropped while capturing; use a larger buffer, e.g. tcpdump -B 65536"
        case _:
            return None
