"""A schema compiled for what is plainly right; everything else goes to marshmallow.

marshmallow stays the language of schemas and the only source of errors, but it takes 100 µs a row.
So each schema gets a msgspec type made from its fields (``Field.plain_type``), which says *yes* in C
for values that load as themselves. A *no* means nothing but that ``Schema.load`` must look: row by row,
so that a bad row slows down nobody else. ``tests/test_fastload.py`` holds that the two never differ.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NotRequired, TypedDict, cast

import msgspec
from marshmallow import Schema, fields, validate

from app.fields import Field, StrictNumber, Text
from app.strict_json import NOT_JSON, count_keys

TOGETHER = 100
"""Texts of JSON whose inner texts are looked at together; if one is not plain, then one by one."""


class FastLoader:
    """``Schema.load``, only faster."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.plain = PlainObject(schema)
        self.unchecked = PlainObject(schema, checks_texts=False)
        self.decoder = msgspec.json.Decoder(self.unchecked.type)
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
        # The type passes over unknown keys, which then are missing.
        return plain if self.plain.settle(plain) == count_keys(value) else None

    def load_texts(self, texts: Sequence[bytes | msgspec.Raw]) -> list[dict[str, Any] | None]:
        """Answer for each text of JSON what it loads as if that is plain to see, else None.

        None means that it must be parsed and loaded with care, if it is JSON at all.
        """
        loaded: list[dict[str, Any] | None] = []
        are_clean = self.unchecked.are_clean
        for start in range(0, len(texts), TOGETHER):
            rows = [self.accept_text(bytes(text)) for text in texts[start : start + TOGETHER]]
            if not are_clean([row for row in rows if row is not None]):
                rows = [row if row is not None and are_clean([row]) else None for row in rows]
            loaded += [row if row is None else self.plain.rename(row) for row in rows]
        return loaded

    def accept_text(self, text: bytes) -> dict[str, Any] | None:
        """Answer the object in a text of JSON, its texts not yet looked at; None if it is not plain.

        There is a colon for each key. So if no text has one, a missing key, unknown or twice in one
        object, is one too few.
        """
        try:
            row: dict[str, Any] = self.decoder.decode(text)
        except NOT_JSON:
            return None
        return row if self.unchecked.settle(row) == text.count(b":") else None


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
    """The msgspec type of a schema's plain values, and the little that the type cannot say.

    Looking at each text by a pattern is what takes msgspec longest. Without ``checks_texts`` the type
    takes any, and ``are_clean`` looks at those of many objects at once.
    """

    def __init__(self, schema: Schema, *, checks_texts: bool = True) -> None:
        loaded = schema.load_fields
        self.checks_texts = checks_texts
        self.names = {field.data_key or name: name for name, field in loaded.items()}
        self.is_renamed = any(key != name for key, name in self.names.items())
        self.numbers = [k for k, n in self.names.items() if isinstance(loaded[n], StrictNumber)]
        self.optional_texts: list[str] = []
        self.patterns: dict[str, list[str]] = defaultdict(list)
        self.one: dict[str, PlainObject] = {}
        self.many: dict[str, PlainObject] = {}
        members = {key: self.member(key, loaded[name]) for key, name in self.names.items()}
        is_flat = not (self.optional_texts or self.numbers or self.one or self.many)
        self.finish: Callable[[dict[str, Any]], int] = len if is_flat else self.settle
        """What ``settle`` answers, at once where there is nothing to settle."""
        self.texts = [
            (re.compile(rf"(?:{plain}\n)*+"), keys) for plain, keys in self.patterns.items()
        ]
        self.type: Any = TypedDict(type(schema).__name__, members)  # type: ignore[misc]

    def member(self, key: str, field: Any) -> Any:
        """Answer the type of one member, and remember what is nested in it."""
        if isinstance(field, fields.Nested):
            self.one[key] = PlainObject(field.schema, checks_texts=self.checks_texts)
            plain = self.one[key].type
        elif isinstance(field, fields.List):
            inner = cast("fields.Nested", field.inner).schema
            self.many[key] = PlainObject(inner, checks_texts=self.checks_texts)
            kind: Any = list
            (length,) = cast("list[validate.Length]", field.validators)
            plain = Annotated[kind[self.many[key].type], msgspec.Meta(max_length=length.max)]
        elif isinstance(field, Text):
            self.patterns[field.plain].append(key)
            if field.allow_none:
                self.optional_texts.append(key)
            plain = field.plain_type() if self.checks_texts else str
        else:
            plain = cast("Field", field).plain_type()
        if field.allow_none:
            plain = plain | None
        return plain if field.required else NotRequired[plain]

    def settle(self, plain: dict[str, Any]) -> int:
        """Finish ``plain`` in place, and answer the number of keys in all its objects.

        An empty text is null, and -0 is 0, as the fields have it.
        """
        count = len(plain)
        if "" in plain.values():
            plain.update({key: None for key in self.optional_texts if plain.get(key) == ""})
        for key in self.numbers:
            if plain.get(key) == 0:
                plain[key] = 0.0
        for key, inner in self.one.items():
            if nested := plain.get(key):
                count += inner.finish(nested)
        for key, inner in self.many.items():
            if nested := plain.get(key):
                count += sum(map(inner.finish, nested))
        return count

    def are_clean(self, rows: Sequence[dict[str, Any]]) -> bool:
        """Tell whether every text in ``rows`` is clean at a glance: all of a kind by one match."""
        for pattern, keys in self.texts:
            texts = [text for row in rows for key in keys if (text := row.get(key)) is not None]
            lines = "\n".join([*texts, ""])
            if lines.count("\n") != len(texts) or not pattern.fullmatch(lines):
                return False
        return all(
            inner.are_clean([nested for row in rows if (nested := row.get(key))])
            for key, inner in self.one.items()
        ) and all(
            inner.are_clean([nested for row in rows for nested in row.get(key) or ()])
            for key, inner in self.many.items()
            if inner.texts
        )

    def rename(self, plain: dict[str, Any]) -> dict[str, Any]:
        """Answer ``plain`` under the names of the schema's attributes."""
        if not self.is_renamed:
            return plain
        return {self.names[key]: value for key, value in plain.items()}
