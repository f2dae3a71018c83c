"""What Linux tells about its network devices (`ip`, /proc, /sys, `ethtool -i`, `brctl`) to values; pure.

Each function gives what its one source knows. Several together, libvirt among them, make one picture through
`merge_devices`, the more authoritative first.
"""

from virtscan.hostnet.bonding import read_bonding
from virtscan.hostnet.bridges import read_bridges
from virtscan.hostnet.drivers import read_driver
from virtscan.hostnet.iproute import read_ip
from virtscan.hostnet.merging import merge_devices
from virtscan.hostnet.sysfs import read_sysfs
from virtscan.hostnet.vlans import read_vlans

__all__ = ["merge_devices", "read_bonding", "read_bridges", "read_driver", "read_ip", "read_sysfs", "read_vlans"]
