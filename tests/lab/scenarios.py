"""The scenarios, as data."""

from collections.abc import Sequence

import msgspec

from tests.lab.scenario import Firmware, Lower, Scenario, Sender, Service, Step, Way
from virtscan.model import SourceMode, State

_ON = Step(offload=State.ON, rule="R8")
_OFF = Step(offload=State.OFF, rule="R5")
_SHARED = Step(offload=State.ON, rule="R7")
_NEVER_MET = Step(offload=State.ON, rule="R9")
_FILLED = Step(offload=State.ON, rule="R10")
_LOST = Step(offload=State.ON, rule="R11")


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
        unfixed=True,
        csum_off=csum_off,
    )


_MODES = (SourceMode.BRIDGE, SourceMode.VEPA, SourceMode.PRIVATE, SourceMode.PASSTHROUGH)
_MODELS = ("virtio", "e1000", "rtl8139")

CORE = (
    _lossy(_ON),
    _lossy(_OFF),
    Scenario(way=Way.GUEST, steps=(_SHARED,), unfixed=True),
    Scenario(way=Way.HAIRPIN, steps=(_NEVER_MET,), mode=SourceMode.VEPA, unfixed=True),
    Scenario(way=Way.MACHINE, steps=(_FILLED,), unfixed=True),
    Scenario(way=Way.HOST_MACVLAN, steps=(_SHARED,)),
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
    *(_lossy(step, lower=Lower.BRIDGE) for step in (_ON, _OFF)),
    *(_lossy(step, firmware=Firmware.UEFI) for step in (_ON, _OFF)),
    *(_lossy(step, service=Service.DNSMASQ) for step in (_ON, _OFF)),
    *(_lossy(step, service=Service.DHCPD_HTTP) for step in (_ON, _OFF)),
    *(Scenario(way=Way.DIRECT, steps=(_ON,), model=model) for model in _MODELS),
    Scenario(way=Way.GUEST, steps=(_SHARED,)),
    Scenario(way=Way.GUEST, steps=(_OFF,), unfixed=True),
    Scenario(way=Way.GUEST, steps=(_NEVER_MET,), mode=SourceMode.PRIVATE, unfixed=True, apart=True),
    Scenario(way=Way.LOSSY, steps=(_ON, _OFF), sender=Sender.BRIDGE, lower=Lower.BRIDGE, unfixed=True),
    Scenario(way=Way.DIRECT, steps=(_ON, _OFF), sender=Sender.BRIDGE, lower=Lower.BRIDGE),
    Scenario(way=Way.CONTAINER_MACVLAN, steps=(_LOST,)),
    Scenario(way=Way.CONTAINER_PORT, steps=(_LOST,), lower=Lower.BRIDGE),
    *(_lossy(step, lower=Lower.BOND) for step in (_ON, _OFF)),
    Scenario(way=Way.DIRECT, steps=(_ON,), lower=Lower.BOND),
    Scenario(way=Way.GUEST, steps=(_SHARED,), lower=Lower.BOND),
    Scenario(way=Way.GUEST, steps=(_OFF,), lower=Lower.BOND),
    Scenario(way=Way.GUEST, steps=(_SHARED,), lower=Lower.VLAN),
    Scenario(way=Way.GUEST, steps=(_SHARED, _OFF), sender=Sender.BOND, lower=Lower.BOND, unfixed=True),
    Scenario(way=Way.VLAN, steps=(_NEVER_MET,), lower=Lower.BOND, unfixed=True, apart=True),
)


def for_kernel(scenarios: Sequence[Scenario]) -> tuple[Scenario, ...]:
    """Return the scenarios in which a kernel has to show fault or cure by itself, on bonds."""
    real = [scenario for scenario in scenarios if not scenario.needs_stand_in]
    on_bonds = (
        msgspec.structs.replace(scenario, unfixed=False, lower=scenario.lower or Lower.BOND) for scenario in real
    )
    return tuple(dict.fromkeys(on_bonds))
