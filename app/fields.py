"""Strict marshmallow fields: a number is a number, a text is a clean text. No coercion.

Every message reads after the field's name: ``address.latitude: must be between -90 and 90``.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from marshmallow import RAISE, Schema, fields

from app.texts import (
    CONTROL,
    CONTROL_BUT_FNC1,
    INVISIBLE,
    INVISIBLE_BMP,
    MAX_MARKS,
    MAX_TEXT,
    NONCHARACTER_BMP,
    clean_text,
    find_odd_character,
)

PLAIN_LETTER = (
    r"!-~\u00a1-\u00ac\u00ae-\u017f\u0400-\u0481"
    r"\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
)
"""Letters and signs that composing leaves alone wherever they stand: no marks, no white space."""

PLAIN_TEXT = rf"(?! )[{PLAIN_LETTER} ]{{1,255}}(?<! )"
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class StrictSchema(Schema):
    """A schema that refuses what it does not know, naming it."""

    error_messages = {"unknown": "unknown field", "type": "must be an object"}

    class Meta:
        unknown = RAISE


class Field(fields.Field[Any]):
    """What our fields share: the two messages that every field needs."""

    default_error_messages = {"required": "is required", "null": "must not be null"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        return {}

    def plain_type(self) -> Any:
        """Answer the msgspec type of plain values: each of them loads as itself (``fastload``)."""
        raise NotImplementedError


class Text(Field):
    """A text of at most 255 characters, NFC and trimmed; an empty one is ``None``.

    Source: CONTRACT 4.1 (lengths, trimming, ``""``) and 2 (control characters); ``texts``.
    """

    default_error_messages = {
        "invalid": "must be a string",
        "control": "must not contain control characters",
        "long": f"must have at most {MAX_TEXT} characters",
        "noncharacter": "must not contain noncharacters",
        "marks": f"must not have more than {MAX_MARKS} combining marks in a row",
    }
    control = CONTROL
    plain = rf"(?:{PLAIN_TEXT})?"
    refused = rf"\u0000-\u001f\u007f-\u009f{NONCHARACTER_BMP}"

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        must_have = "" if self.allow_none else rf"[^\s{self.refused}][^{self.refused}]*"
        pattern = rf"^[^{self.refused}]*{must_have}$"
        return {"type": "string", "maxLength": MAX_TEXT, "pattern": pattern}

    def plain_type(self) -> Any:
        """Answer the type of texts that are clean at a glance, or empty."""
        return Annotated[str, msgspec.Meta(pattern=rf"\A{self.plain}\Z")]

    def __init__(self, **kwargs: Any) -> None:
        # A null never reaches _deserialize, so what is required must not take one at all.
        super().__init__(allow_none=not kwargs.get("required", False), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str | None:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if self.control.search(value):
            raise self.make_error("control")
        text = clean_text(value)
        if len(text) > MAX_TEXT:
            raise self.make_error("long")
        if odd := find_odd_character(text):
            raise self.make_error(odd)
        return text or None


class Reference(Text):
    """A text that names something: nothing unseen may make two names look like one. Source: ours."""

    default_error_messages = {"invisible": "must not contain invisible characters"}
    refused = Text.refused + INVISIBLE_BMP

    def _deserialize(self, *args: Any, **kwargs: Any) -> str | None:
        text = super()._deserialize(*args, **kwargs)
        if text is not None and INVISIBLE.search(text):
            raise self.make_error("invisible")
        return text


class Barcode(Text):
    """A text that may hold FNC1 (0x1D), the separator of GS1-128."""

    control = CONTROL_BUT_FNC1
    refused = rf"\u0000-\u001c\u001e\u001f\u007f-\u009f{NONCHARACTER_BMP}"


class Bounded(Field):
    """A number between ``low`` and ``high``; ``above`` excludes the lower bound."""

    json_type = "number"
    default_error_messages = {"range": "must be between {low} and {high}"}

    def __init__(self, low: float, high: float, *, above: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high, self.above = low, high, above

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        low = "exclusiveMinimum" if self.above else "minimum"
        return {"type": self.json_type, low: self.low, "maximum": self.high}

    def plain_type(self) -> Any:
        """Answer the type of numbers within the bounds."""
        kind = int if self.json_type == "integer" else float
        bounds = (
            msgspec.Meta(gt=self.low, le=self.high)
            if self.above
            else msgspec.Meta(ge=self.low, le=self.high)
        )
        return Annotated[kind, bounds]

    def check_range(self, value: float) -> None:
        """Refuse a value outside the bounds."""
        if not self.low <= value <= self.high or (self.above and value == self.low):
            raise self.make_error("range", low=f"{self.low:,}", high=f"{self.high:,}")


class StrictInteger(Bounded):
    """A JSON integer: no ``"4"``, no ``4.0``, no ``true``. Source: CONTRACT 2."""

    json_type = "integer"
    default_error_messages = {"invalid": "must be an integer"}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        self.check_range(value)
        return value


class StrictNumber(Bounded):
    """A JSON number, held as a double; ``-0`` is 0, as both engines give it back."""

    default_error_messages = {"invalid": "must be a number"}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> float:
        if type(value) is not int and type(value) is not float:
            raise self.make_error("invalid")
        self.check_range(value)
        return float(value) + 0.0


class StrictBoolean(Field):
    """``true`` or ``false``, and nothing that merely looks like one."""

    default_error_messages = {"invalid": "must be true or false"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        return {"type": "boolean"}

    def plain_type(self) -> Any:
        """Answer the type of booleans."""
        return bool

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Choice(Field):
    """One of a few words, spelt exactly."""

    default_error_messages = {"invalid": "must be {words}"}

    def __init__(self, *words: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        return {"type": "string", "enum": list(self.words)}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if not isinstance(value, str) or value not in self.words:
            raise self.make_error("invalid", words=" or ".join(self.words))
        return value


class IsoDate(Field):
    """A real day as ``YYYY-MM-DD``, in ASCII digits."""

    default_error_messages = {"invalid": "must be a date as YYYY-MM-DD"}

    def describe(self) -> dict[str, Any]:
        """Answer the JSON Schema of what this field accepts, but for null."""
        return {"type": "string", "format": "date"}

    def plain_type(self) -> Any:
        """Answer the type of dates."""
        return date

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
