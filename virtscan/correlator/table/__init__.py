"""The decision table: cases in, rules out; pure."""

from virtscan.correlator.table.conditions import Case, Condition, PossibleServers
from virtscan.correlator.table.rules import RULES, Fact, Rule, decide
from virtscan.correlator.table.ruling import Ruling, rule_on

__all__ = ["RULES", "Case", "Condition", "Fact", "PossibleServers", "Rule", "Ruling", "decide", "rule_on"]
