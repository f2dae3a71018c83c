"""A program that writes a large workbook.

`python -c SCRIPT ROWS` prints seconds of CPU, bytes of memory beside the document at the peak, and bytes written.
"""

SCRIPT = """\
import sys
import time

from virtscan.reporters import REPORTERS
from virtscan.views.document import Column, Document, Section, number

columns = (*(Column(f"text{n}") for n in range(16)), *(number(f"number{n}") for n in range(8)))


def document(count):
    rows = tuple((*(f"value {row} of column {n}" for n in range(16)), *range(8)) for row in range(count))
    return Document(schema="test/1", version="0", sections=(Section(key="rows", columns=columns, rows=rows),))


def memory(key):
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


REPORTERS["xlsx"].render(document(10))
large = document(int(sys.argv[1]))
with open("/proc/self/clear_refs", "w") as peaks:
    peaks.write("5")  # forget the peak so far
before, began = memory("VmRSS"), time.process_time()
content = REPORTERS["xlsx"].render(large)
print(time.process_time() - began, memory("VmHWM") - before, len(content))
"""
