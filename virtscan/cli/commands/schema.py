"""`virtscan schema`: the JSON Schemas of outputs, saved files and inputs."""

import click

from virtscan.cli.help import WORKS, Command
from virtscan.cli.output.outputs import print_line
from virtscan.cli.schemas import SCHEMAS, schema_text


@click.command(
    cls=Command,
    examples=(
        "virtscan schema report > report.schema.json",
        "virtscan schema config > virtscan.schema.json",
    ),
    exit_codes=WORKS,
)
@click.argument("name", metavar="NAME", type=click.Choice(list(SCHEMAS)))
def schema(name: str) -> int:
    """Print a JSON Schema: of a document, a saved inventory, a plan or the configuration.

    NAME is inventory, plan, config, or a document: report, interfaces, domains, hypervisors, servers, capacity,
    fleet, explain, remedy, trace, doctor, diff, history, trend. A document's schema key contains its name:
    virtscan.report/1 is report. Later versions may add keys.
    """
    print_line(schema_text(name))
    return 0
