"""How text becomes the words of an address key: letters, signs, numbers, phrases, tables."""

import pytest

from app.units.addresses.english import ordinal_figures
from app.units.addresses.text import LIMIT, fold, plain, sealed, shortened, words
from app.units.addresses.words import Phrases, Words, country_code, replaced, words_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Main St.", "main st."),
        ("12–14", "12-14"),
        ("12\u2044 14", "12/ 14"),
        ("\u0661\u0662 Main", "12 main"),  # Arabic digits
        ("Ma\u00adin", "main"),  # a soft hyphen
        ("5 «Rose» €", "5  rose   "),
        ("Łódź Ærø Þór Straße", "lodz aero thor strasse"),
        ("Ｍａｉｎ", "main"),
        ("ﬁrst", "first"),
        ("Ленина", "ленина"),
        ("й", "й"),
        ("ạ̈", "a"),
        ("12½", "12 1/2 "),
        ("12²", "12 2 "),
        ("①", " 1 "),
        ("O'Neill’s", "oneills"),
        ("a & b", "a  and  b"),
        ("c/o (rear) [x]", "c/o ,rear, ,x,"),
        ("a_b*c", "a b c"),
        ("Nº 5", "no  5"),
        ("N° 5", "no  5"),
        ("nº5", "no 5"),
        ("n°5", "no 5"),
        ("Nº5", "no 5"),
        ("N°5", "no 5"),
        ("2º", "2o "),
        ("2.º", "2o "),
        ("2°", "2o "),
        ("2ª", "2ra "),
        ("2.ª", "2ra "),
        ("N.º 5", "no  5"),
        ("5、6", "5,6"),
        ("5₤", "5 "),
        (" - . ", ""),
        ("", ""),
        (None, ""),
        (12, ""),
        ("東京", "東京"),
        ("\U0001f600", ""),
    ],
)
def test_text_is_folded_to_plain_letters_digits_and_few_signs(text: object, folded: str) -> None:
    assert fold(text) == folded


def test_umlauts_are_two_letters_only_where_german_is_spoken() -> None:
    assert fold("Größe Übel Ähre", umlauts=True) == "groesse uebel aehre"
    assert fold("u\u0308", umlauts=True) == "ue"
    assert fold("Größe Übel Ähre") == "grosse ubel ahre"
    assert plain("Größe", umlauts=True) == ["groesse"]
    assert plain("Größe") == ["grosse"]


@pytest.mark.parametrize(
    ("folded", "expected"),
    [
        ("12-14", ["12-14"]),
        ("12 - 14", ["12-14"]),
        ("12  -  14", ["12-14"]),
        ("12 / 14 a", ["12/14", "a"]),
        ("1/2", ["1/2"]),
        ("12-a", ["12a"]),
        ("12/b, x", ["12b", ",", "x"]),
        ("12-ab", ["12", "ab"]),
        ("saint-jean", ["saint", "jean"]),
        ("2.01", ["2.01"]),
        ("st. main", ["st", "main"]),
        ("1.", ["1"]),
        ("a.b", ["a", "b"]),
        ("n.340", ["n", "340"]),
        ("floor -1", ["floor", "minus1"]),
        ("floor - 1", ["floor", "1"]),
        ("-1", ["minus1"]),
        ("12 -1", ["12-1"]),
        ("no -1", ["no", "minus1"]),
        ("5a-7", ["5a-7"]),
        ("a,b#4", ["a", ",", "b", "#", "4"]),
        ("#4", ["#", "4"]),
    ],
)
def test_numbers_stay_whole_and_other_signs_part_words(folded: str, expected: list[str]) -> None:
    assert words(folded) == expected


def test_plain_words_have_a_letter_or_a_digit() -> None:
    assert plain("St. Louis, # 4 / -") == ["st", "louis", "4"]


def test_text_over_the_limit_is_told_apart_by_its_hash() -> None:
    longest, longer = "a" * LIMIT, "a" * (LIMIT + 1)
    assert (shortened(longest), fold(longest)) == (longest, longest)
    assert shortened("a  " * 250) == " ".join("a" * 250)
    assert shortened(f"{longest[2:]}  b") == f"{longest[2:]} b"
    assert shortened(longer) == sealed(longer) == fold(longer)
    assert sealed(longer) != sealed(longer + "a")
    assert sealed(longer).isalpha()
    assert len(sealed(longer)) == 64
    assert fold(sealed(longer)) == sealed(longer)
    assert len(sealed("\ud800")) == 64
    assert shortened(None) == shortened(5) == ""


def test_text_that_grows_over_the_limit_is_told_apart_too() -> None:
    grown, whole = "&" * 121 + "a", "&" * 119 + "a" * 5
    assert len(fold(whole)) == LIMIT
    assert fold(grown) == sealed(grown)


@pytest.mark.parametrize(
    ("number", "ordinal"),
    [
        ("1", "1st"), ("2", "2nd"), ("3", "3rd"), ("4", "4th"), ("10", "10th"), ("11", "11th"),
        ("12", "12th"), ("13", "13th"), ("21", "21st"), ("22", "22nd"), ("23", "23rd"),
        ("111", "111th"), ("112", "112th"), ("113", "113th"), ("121", "121st"), ("20", "20th"),
        ("5a", "5a"), ("main", "main"),
    ],
)  # fmt: skip
def test_a_number_as_an_english_ordinal(number: str, ordinal: str) -> None:
    assert ordinal_figures(number) == ordinal


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States of America", "US"),
        ("U.S.A.", "US"),
        ("u s", "US"),
        ("N. L.", "NL"),
        ("unitedkingdom", "unitedkingdom"),
        ("Österreich", "AT"),
        ("De", "DE"),
        ("", ""),
        (None, ""),
        ("New Atlantis", "new atlantis"),
    ],
)
def test_a_country_is_its_iso_code_however_spelt(name: object, code: str) -> None:
    assert country_code(name) == code


def test_a_country_without_a_table_shares_the_english_words() -> None:
    assert words_of("SE") == words_of("") == words_of("XX")
    assert words_of("SE").types_last["st"] == "street"
    assert words_of("US").country == "US"


PHRASES: Phrases = (
    (("c", "d", "e"), ("long",)),
    (("c", "d"), ("short",)),
    (("c",), ("k", "c")),
)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("a b", "a b"),
        ("c d e f", "long f"),
        ("c d f", "short f"),
        ("x c d", "x short"),
        ("c d c d e", "short long"),
        ("c x", "k c x"),
        ("k c x", "k c x"),
        ("x k c", "x k c"),
        ("k k c", "k k c"),
        ("x c", "x k c"),
    ],
)
def test_the_longest_phrase_is_written_in_its_canonical_words(tokens: str, expected: str) -> None:
    """A phrase whose canonical words end in it is left alone where they already stand."""
    assert replaced(tokens.split(), Words(phrases={"c": PHRASES})) == expected.split()
