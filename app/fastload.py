"""A schema compiled for what is plainly right; everything else goes to marshmallow.

marshmallow stays the language of schemas and the only source of errors, but it takes 100 µs a row.
So each schema gets a msgspec type made from its fields (``Field.plain_type``), which says *yes* in C
for values that load as themselves. A *no* means nothing but that ``Schema.load`` must look: row by row,
so that a bad row slows down nobody else. ``tests/test_fastload.py`` holds that the two never differ.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict, cast

import msgspec
from marshmallow import Schema, fields, validate

from app.fields import Field, StrictNumber


class FastLoader:
    """``Schema.load``, only faster."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.plain = PlainObject(schema)
        # msgspec compiles a type at its first use, and shows other threads the half-made one: a worker
        # that got two requests at once right after its start died of SIGSEGV. So it is used here, once.
        self.accept({})

    def load(self, value: Any) -> dict[str, Any]:
        """Answer what ``Schema.load`` answers for ``value``; raises what it raises."""
        plain = self.accept(value)
        if plain is None and isinstance(value, dict):
            plain = self.accept(trimmed(value))
        if plain is None:
            return cast("dict[str, Any]", self.schema.load(value))
        return self.plain.rename(plain)

    def accept(self, value: Any) -> dict[str, Any] | None:
        """Answer ``value`` as it loads if it is plainly right, else None."""
        try:
            plain: dict[str, Any] = msgspec.convert(value, self.plain.type)
        except msgspec.ValidationError:
            return None
        return plain if self.plain.settle(value, plain) else None


def trimmed(value: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ``value`` with the spaces around its texts cut off, which is often all that is wrong."""
    return {
        key: inner.strip(" ")
        if isinstance(inner, str)
        else trimmed(inner)
        if isinstance(inner, dict)
        else inner
        for key, inner in value.items()
    }


class PlainObject:
    """The msgspec type of a schema's plain values, and the little that the type cannot say."""

    def __init__(self, schema: Schema) -> None:
        loaded = schema.load_fields
        self.names = {field.data_key or name: name for name, field in loaded.items()}
        self.is_renamed = any(key != name for key, name in self.names.items())
        self.numbers = [k for k, n in self.names.items() if isinstance(loaded[n], StrictNumber)]
        self.one: dict[str, PlainObject] = {}
        self.many: dict[str, PlainObject] = {}
        members = {key: self.member(key, loaded[name]) for key, name in self.names.items()}
        self.type: Any = TypedDict(type(schema).__name__, members)  # type: ignore[misc]

    def member(self, key: str, field: Any) -> Any:
        """Answer the type of one member, and remember what is nested in it."""
        if isinstance(field, fields.Nested):
            self.one[key] = PlainObject(field.schema)
            plain = self.one[key].type
        elif isinstance(field, fields.List):
            self.many[key] = PlainObject(cast("fields.Nested", field.inner).schema)
            kind: Any = list
            (length,) = cast("list[validate.Length]", field.validators)
            plain = Annotated[kind[self.many[key].type], msgspec.Meta(max_length=length.max)]
        else:
            plain = cast("Field", field).plain_type()
        if field.allow_none:
            plain = plain | None
        return plain if field.required else NotRequired[plain]

    def settle(self, sent: Mapping[str, Any], plain: dict[str, Any]) -> bool:
        """Finish ``plain`` in place; tells whether it holds all that was ``sent``.

        The type passes over unknown keys, which then are missing here. An empty text is null, and -0 is
        0, as the fields have it.
        """
        if len(sent) != len(plain):
            return False
        if "" in plain.values():
            plain.update({key: None for key, value in plain.items() if value == ""})
        for key in self.numbers:
            if plain.get(key) == 0:
                plain[key] = 0.0
        return all(
            inner.settle(sent[key], plain[key])
            for key, inner in self.one.items()
            if plain.get(key) is not None
        ) and all(
            all(map(inner.settle, sent[key], plain[key]))
            for key, inner in self.many.items()
            if plain.get(key)
        )

    def rename(self, plain: dict[str, Any]) -> dict[str, Any]:
        """Answer ``plain`` under the names of the schema's attributes."""
        if not self.is_renamed:
            return plain
        return {self.names[key]: value for key, value in plain.items()}
