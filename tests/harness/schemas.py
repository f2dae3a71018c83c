"""The published schemas as validators, each made once: a schema has its own test that it is valid itself."""

from functools import cache
from typing import Any

import jsonschema

from virtscan.cli.schemas import schema_named


@cache
def validator(name: str, *, is_closed: bool = False) -> jsonschema.Draft202012Validator:
    """Return the validator of a schema; a closed one allows only the keys that the schema lists."""
    schema = schema_named(name)
    return jsonschema.Draft202012Validator(_closed(schema) if is_closed else schema)


def _closed(schema: Any) -> Any:
    match schema:
        case {"properties": _}:
            return {key: _closed(value) for key, value in schema.items()} | {"additionalProperties": False}
        case dict():
            return {key: _closed(value) for key, value in schema.items()}
        case list():
            return [_closed(value) for value in schema]
        case _:
            return schema
