"""The changes after which no interface is at risk: planned and written, never run; pure."""

from virtscan.remedy.actions import command_lines
from virtscan.remedy.document import document
from virtscan.remedy.forms import FORMS, Form
from virtscan.remedy.plan import Remedy
from virtscan.remedy.planning import plan

__all__ = ["FORMS", "Form", "Remedy", "command_lines", "document", "plan"]
