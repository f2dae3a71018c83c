"""The decision table: cases in, rules out; pure."""

from virtscan.correlator.table.conditions import Case, Condition, Servers
from virtscan.correlator.table.rules import RULES, Fact, Rule, decide
from virtscan.correlator.table.ruling import VERDICTS, Ruling, rule_on

__all__ = ["RULES", "VERDICTS", "Case", "Condition", "Fact", "Rule", "Ruling", "Servers", "decide", "rule_on"]
