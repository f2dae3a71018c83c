"""The scenarios, as data."""

from tests.lab.scenario import Firmware, Lower, Scenario, Service, Step, Way
from virtscan.model import SourceMode, State

UNFIXED = "2.6.32-279.el6.x86_64"
"""RHEL 6.3's, measured to be unfixed: the relay of the lossy way does what it does."""

_ON = Step(offload=State.ON, rule="R8")
_OFF = Step(offload=State.OFF, rule="R5")
_REPAIRED = Step(offload=State.ON, rule="R2")


def _lossy(
    *steps: Step,
    model: str = "virtio",
    mode: SourceMode = SourceMode.BRIDGE,
    firmware: Firmware = Firmware.BIOS,
    service: Service = Service.DHCPD_TFTP,
    lower: Lower | None = None,
    csum_off: bool = False,
) -> Scenario:
    return Scenario(
        way=Way.LOSSY,
        steps=steps,
        model=model,
        mode=mode,
        firmware=firmware,
        service=service,
        lower=lower,
        kernel=UNFIXED,
        csum_off=csum_off,
    )


_MODES = (SourceMode.BRIDGE, SourceMode.VEPA, SourceMode.PRIVATE, SourceMode.PASSTHROUGH)
_MODELS = ("virtio", "e1000", "rtl8139")

CORE = (
    _lossy(_ON),
    _lossy(_OFF),
    Scenario(way=Way.SAME_LOWER, steps=(_REPAIRED,)),
)

SCENARIOS = (
    *CORE,
    *(
        _lossy(step, model=model, mode=mode)
        for model in _MODELS
        for mode in _MODES
        for step in (_ON, _OFF)
        if (model, mode) != ("virtio", SourceMode.BRIDGE)
    ),
    _lossy(_ON, _OFF),
    _lossy(_ON, csum_off=True),
    _lossy(_ON, lower=Lower.BRIDGE),
    _lossy(_OFF, lower=Lower.BRIDGE),
    *(Scenario(way=Way.DIRECT, steps=(_REPAIRED,), model=model) for model in _MODELS),
    Scenario(
        way=Way.HAIRPIN,
        steps=(Step(offload=State.ON, rule="R9"),),
        mode=SourceMode.VEPA,
        kernel=UNFIXED,
    ),
    *(_lossy(step, firmware=Firmware.UEFI) for step in (_ON, _OFF)),
    *(_lossy(step, service=Service.DNSMASQ) for step in (_ON, _OFF)),
    *(_lossy(step, service=Service.DHCPD_HTTP) for step in (_ON, _OFF)),
    *(_lossy(step, lower=Lower.BOND) for step in (_ON, _OFF)),
    *(
        Scenario(way=way, steps=(_REPAIRED,), lower=lower)
        for way, lower in ((Way.DIRECT, Lower.BOND), (Way.SAME_LOWER, Lower.BOND), (Way.SAME_LOWER, Lower.VLAN))
    ),
)
