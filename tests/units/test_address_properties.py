"""What holds for the address key on any text (Hypothesis)."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.units.addresses import address_key, canonical_fields
from app.units.addresses.words import words_of

COUNTRIES = (
    "US", "CA", "GB", "IE", "AU", "NZ", "DE", "AT", "CH", "FR", "BE", "NL", "ES", "IT", "PT", "BR",
    "PL", "LU", "RU", "JP",
)  # fmt: skip
PLAIN = (
    "12", "5", "3/12", "12-14", "10-123", "12/2/4", "1/2", "12a", "a", "b", "n", "s", "e", "w",
    "5th", "fifth", "twenty", "first", "2º", "2ª", "1ª", "no", "nº", "#", ",", ".", "-", "main",
    "st", "street", "ave", "dr", "rd", "saint", "o'neill", "l'", "é", "ł", "ß", "½", "iii",
    "kings", "po", "box", "unit", "4b", "2.01", "1.578", "floor",
)  # fmt: skip


def vocabulary(country: str) -> list[str]:
    """Answer words that mean something in a country, and some that always do."""
    words = words_of(country)
    sections = (words.types_last, words.types_first, words.levels, words.words, words.ids)
    return [*PLAIN, *(word for section in sections for word in section)]


@st.composite
def addresses(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an address of words that the tables know, mixed with any text."""
    country = draw(st.sampled_from(["", *COUNTRIES]))
    word = st.one_of(st.sampled_from(vocabulary(country)), st.text(max_size=6))
    line = st.one_of(st.none(), st.lists(word, max_size=7).map(" ".join), st.text())
    fields = ("building_name", "address_line_1", "address_line_2", "city", "state", "postal_code")
    return {**{name: draw(line) for name in fields}, "country": country}


UNIT = st.one_of(st.none(), st.sampled_from(["4", "12B", "Apt 4", "#4", "2º B"]), st.text())


@settings(max_examples=1000, deadline=None)
@given(addresses(), UNIT)
def test_the_canonical_form_of_a_canonical_form_is_itself(
    address: dict[str, Any], unit_number: str | None
) -> None:
    fields = canonical_fields(address, unit_number)
    assert canonical_fields(fields) == fields
    assert address_key(fields) == address_key(address, unit_number)


@settings(max_examples=300, deadline=None)
@given(addresses(), addresses(), UNIT)
def test_keys_are_equal_exactly_when_canonical_forms_are(
    first: dict[str, Any], second: dict[str, Any], unit_number: str | None
) -> None:
    alike = canonical_fields(first, unit_number) == canonical_fields(second)
    assert (address_key(first, unit_number) == address_key(second)) == alike


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["address_line_1", "address_line_2", "city", "state", "country", "x"]),
        st.one_of(
            st.none(),
            st.integers(),
            st.lists(st.text()),
            st.text(),
            st.characters().map(lambda c: c * 300),
        ),
    ),
    st.one_of(st.none(), st.text()),
    st.text(),
)
def test_it_never_raises(address: dict[str, Any], unit_number: str | None, default: str) -> None:
    assert len(address_key(address, unit_number, default)) == 64


TYPES = st.sampled_from(["St", "Street", "Ave", "Rd", "Blvd", "Court", "Way", ""])
NAMES = st.sampled_from(["Main", "Oak Hill", "5th", "St James", "O'Neill", "Côte Vertu", "Lake"])


@st.composite
def doors(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a plain address in the United States."""
    number = draw(st.integers(1, 9999))
    line = f"{number} {draw(st.sampled_from(['', 'N ', 'SW ']))}{draw(NAMES)} {draw(TYPES)}"
    unit = draw(st.sampled_from([None, "Apt 4", "Ste 200", "Bldg 2, Apt 3", "12B", "Floor 2"]))
    return {
        "address_line_1": line.strip(),
        "address_line_2": unit,
        "city": draw(st.sampled_from(["St. Louis", "New York", "Springfield"])),
        "state": "NY",
        "postal_code": "62701",
        "country": "US",
    }


def changed(address: dict[str, Any], change: Any) -> dict[str, Any]:
    """Change every text of an address."""
    return {name: change(value) if value else value for name, value in address.items()}


@given(doors(), st.sampled_from([str.upper, str.lower, str.swapcase, str.title]))
def test_case_does_not_matter(address: dict[str, Any], change: Any) -> None:
    assert address_key(changed(address, change)) == address_key(address)


@given(doors(), st.sampled_from(["  ", "\t", "\u00a0", "\u2003", " . ", " \u200b"]))
def test_space_does_not_matter(address: dict[str, Any], space: str) -> None:
    wide = changed(address, lambda text: f"{space}{text.replace(' ', space)}{space}")
    assert address_key(wide) == address_key(address)


@given(doors(), st.sampled_from([". ", " * ", "; ", " _ ", ", "]))
def test_signs_at_the_end_of_a_field_do_not_matter(address: dict[str, Any], sign: str) -> None:
    signed = changed(address, lambda text: f"{sign}{text}{sign}")
    assert address_key(signed) == address_key(address)


@given(doors(), st.integers(1, 9999))
def test_another_number_is_another_door(address: dict[str, Any], number: int) -> None:
    before, _, rest = address["address_line_1"].partition(" ")
    other = {**address, "address_line_1": f"{number} {rest}"}
    assert (address_key(other) == address_key(address)) == (int(before) == number)
