"""The JSON Schema of documents, from their columns; `virtscan schema NAME` prints it for a view."""

from collections.abc import Mapping, Sequence
from types import GenericAlias
from typing import Any, Literal

import msgspec

from virtscan.model.facts.hypervisors import Moment
from virtscan.views.assumptions import Effect
from virtscan.views.document import Column, Document, nested

Type = Any
"""A type, or an expression of types."""

_Fields = list[tuple[str, Type] | tuple[str, Type, Any]]


def schema_of(*examples: Document, assumable: bool = False) -> dict[str, Any]:
    """Return the schema that documents like these meet; keys that only some have may be absent.

    Args:
        examples: Documents of one schema, with every key that there is; their sections may be without rows.
        assumable: They may be about assumptions.
    """
    name = examples[0].schema
    fields: dict[str, Type] = {"schema": Literal[name], "version": str}
    if all(example.taken_at is not None for example in examples):
        fields["taken_at"] = Moment
    heads = [_head(example) for example in examples]
    keys = dict.fromkeys(key for head in heads for key in head)
    optional: dict[str, Type] = {"where": tuple[str, ...]}
    if assumable:
        optional |= {"assumed": tuple[str, ...], "effects": tuple[Effect, ...]}
    for key in keys:
        having = [head[key] for head in heads if key in head]
        (fields if len(having) == len(heads) else optional)[key] = _of_values(key, having)
    for place, section in enumerate(examples[0].sections):
        row = _row(section.key, [example.sections[place].columns for example in examples])
        fields[section.key] = GenericAlias(tuple, (row, ...))
        if section.total is not None:
            # A filtered section has no total.
            optional["total" if place == 0 else f"{section.key}_total"] = row
    gap = _row("gaps", [example.gaps.columns for example in examples])
    fields["gaps"] = GenericAlias(tuple, (gap, ...))
    return msgspec.json.schema(_record(name, fields, optional))


def _head(document: Document) -> Mapping[str, object]:
    """Return the keys other than the sections, with the summary made from the metrics."""
    return {**document.head, **({"summary": nested(document.metrics)} if document.metrics else {})}


def _row(key: str, alternatives: Sequence[Sequence[Column]]) -> Type:
    """Return the type of a row: every column of every alternative; null is an unknown value."""
    columns = {
        column.key: column for columns_of_one in alternatives for column in columns_of_one if column.is_in_documents
    }
    always = set.intersection(*({column.key for column in columns_of_one} for columns_of_one in alternatives))
    types = {key: _cell(column) | None for key, column in columns.items()}
    return _record(
        f"{key} row",
        {key: kind for key, kind in types.items() if key in always},
        {key: kind for key, kind in types.items() if key not in always},
    )


def _cell(column: Column) -> Type:
    return Literal[column.words] if column.words and column.holds is str else column.holds


def _of_values(key: str, values: Sequence[object]) -> Type:
    """Return the type of values that examples have; a key that is null in an example may be a text."""
    mappings = [value for value in values if isinstance(value, Mapping)]
    if mappings:
        always = set.intersection(*({*map(str, mapping)} for mapping in mappings))
        names = dict.fromkeys(name for mapping in mappings for name in mapping)
        types = {
            name: _of_values(f"{key} {name}", [mapping[name] for mapping in mappings if name in mapping])
            for name in names
        }
        return _record(
            key,
            {name: kind for name, kind in types.items() if name in always},
            {name: kind for name, kind in types.items() if name not in always},
        )
    if any(value is None for value in values):
        return str | None
    if all(isinstance(value, tuple) for value in values):
        return tuple[str, ...]
    return float if all(isinstance(value, int | float) for value in values) else str


def _record(name: str, fields: Mapping[str, Type], optional: Mapping[str, Type]) -> Type:
    """Make the type of a JSON object; its name is unique, its keys need not be identifiers of Python."""
    places = {key: f"field{number}" for number, key in enumerate([*fields, *optional])}
    specifications: _Fields = [(places[key], kind) for key, kind in fields.items()]
    specifications += [(places[key], kind | msgspec.UnsetType, msgspec.UNSET) for key, kind in optional.items()]
    renamed = {place: key for key, place in places.items()}
    return msgspec.defstruct(name, specifications, kw_only=True, rename=renamed)
