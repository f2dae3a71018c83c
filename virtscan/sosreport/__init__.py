"""sosreports, as a folder or as an archive read in one pass; nothing is unpacked, only what is wanted is kept."""

from virtscan.sosreport.devices import lists_all_devices, read_devices
from virtscan.sosreport.opening import open_sosreport, report_name
from virtscan.sosreport.report import Sosreport

__all__ = ["Sosreport", "lists_all_devices", "open_sosreport", "read_devices", "report_name"]
