"""sosreports, as a folder or as an archive read in one pass; nothing is unpacked, only wanted files are kept."""

from virtscan.evidence.sosreport.devices import lists_all_devices, read_devices
from virtscan.evidence.sosreport.opening import open_sosreport, report_name
from virtscan.evidence.sosreport.report import Sosreport

__all__ = ["Sosreport", "lists_all_devices", "open_sosreport", "read_devices", "report_name"]
