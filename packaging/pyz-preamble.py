"""The first code of a .pyz: compiled parts fit one Python on one kind of machine."""

import platform
import sys

BUILT_FOR = "@BUILT_FOR@"
here = "cp{}{}-{}".format(*sys.version_info[:2], platform.machine())
if here != BUILT_FOR:
    sys.stderr.write(
        f"virtscan: this .pyz is built for {BUILT_FOR}; this Python is {here}, which needs a .pyz of its own\n"
    )
    sys.exit(2)
