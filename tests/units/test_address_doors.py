"""The address key under attack: every small change of a door, and every harmless one, by country."""

import unicodedata
from collections.abc import Callable

import pytest

from app.units.addresses import canonical_text

DOORS = {
    "US": [("1208 N Maple Grove Ave", "Apt 14B"), ("4501 SW 23rd Ter", "Bldg 6 Apt 12"),
           ("915 Saint Charles Pl", "Floor 3"), ("2200 County Road 48", "Lot 17")],
    "CA": [("1450 Rue Sherbrooke Ouest", "app. 302"), ("88 Bloor St E", "Unit 1204")],
    "GB": [("23A Marlborough Gdns", "Flat 7"), ("14 Upper Brook St", "First Floor Flat")],
    "IE": [("14 Lower Baggot Street", "Apt 6"), ("30 Dock Road", "Unit 11")],
    "AU": [("142 Collins Street", "Unit 6"), ("88 George St", "Level 4, Suite 12")],
    "NZ": [("47 Tory Street", "Flat 3"), ("18B Kauri Ave", "Unit 2")],
    "DE": [("Lindenstraße 14a", "2. OG rechts"), ("Goethestr. 23", "2. Hinterhaus"),
           ("Straße des 17. Juni 135", "Whg 12")],
    "AT": [("Lindengasse 7", "Stiege 3 Tür 12"), ("Ringstr. 18", "Top 4")],
    "CH": [("Bahnhofstrasse 17", "4. Stock"), ("Rue du Mont-Blanc 22", "Bât. 4")],
    "FR": [("24 bis avenue Victor-Hugo", "Bât C appt 12"), ("7 rue du Port", "esc 2 porte 4")],
    "BE": [("Avenue Louise 214", "bte 7"), ("Meirstraat 48", "bus 3")],
    "NL": [("Prinsengracht 263", "app 2"), ("Damrak 17A", "2e verdieping")],
    "ES": [("Calle de Fuencarral 42", "3º B"), ("Avda. Diagonal 211", "4º 2ª"),
           ("Plaza del Pilar 7", "esc 4 2º izq")],
    "IT": [("Via Garibaldi 27/B", "scala C int 14"), ("Corso Francia 118", "piano 3")],
    "PT": [("Rua da Prata 87", "2º Esq"), ("Av. Almirante Reis 14", "3º Dto")],
    "BR": [("Avenida Paulista 1374", "Bloco 3 apto 82"), ("Rua das Palmeiras 9", "casa 2")],
    "PL": [("ul. Nowowiejska 14", "m. 23"), ("os. Kolorowe 9", "klatka 2 m. 14")],
}  # fmt: skip
ROWS = [(country, door) for country, doors in DOORS.items() for door in doors]


def form(country: str, line_1: str, line_2: str = "", unit_number: str | None = None) -> str:
    """Answer the canonical form of two lines in a country."""
    address = {"address_line_1": line_1, "address_line_2": line_2, "country": country}
    return canonical_text(address, unit_number)


def changed(text: str) -> list[str]:
    """Answer the text with every digit changed, dropped, doubled, lettered or split off."""
    answer = []
    for at in (at for at, char in enumerate(text) if char.isdigit()):
        others = [digit for digit in "0123456789" if digit != text[at]]
        others += ["", text[at] * 2, text[at] + "x"]
        if text[at + 1 : at + 2].isdigit():
            others += [text[at] + " ", text[at] + "-", text[at] + "/"]
        answer += [text[:at] + other + text[at + 1 :] for other in others]
    return answer


@pytest.mark.parametrize(("country", "door"), ROWS)
def test_no_change_of_a_number_keeps_the_key(country: str, door: tuple[str, str]) -> None:
    line_1, line_2 = door
    others = [(line, line_2) for line in changed(line_1)] + [(line_1, x) for x in changed(line_2)]
    whole = form(country, *door)
    assert [other for other in [*others, (line_1, "")] if form(country, *other) == whole] == []


@pytest.mark.parametrize(("country", "door"), ROWS)
def test_no_change_of_a_name_keeps_the_key(country: str, door: tuple[str, str]) -> None:
    line_1, line_2 = door
    name = max(line_1.replace("-", " ").split(), key=len)
    at = line_1.index(name) + 1
    letters = [char for char in "bdgkpvzаео" if char != line_1[at].lower()]
    others = [line_1[:at] + char + line_1[at + 1 :] for char in [*letters, "", line_1[at] + "q"]]
    whole = form(country, *door)
    assert [other for other in others if form(country, other, line_2) == whole] == []


HARMLESS: tuple[Callable[[str], str], ...] = (
    str.upper,
    str.lower,
    lambda text: text.replace(" ", "\u00a0 "),
    lambda text: f" {text}, ",
    lambda text: unicodedata.normalize("NFD", text),
)


@pytest.mark.parametrize(("country", "door"), ROWS)
def test_case_space_and_the_place_of_the_flat_keep_the_key(
    country: str, door: tuple[str, str]
) -> None:
    line_1, line_2 = door
    spelt = [(change(line_1), change(line_2), None) for change in HARMLESS]
    spelt += [(f"{line_1}{sign}{line_2}", "", None) for sign in (", ", " ", " - ")]
    spelt += [(line_2, line_1, None), (f"{line_2}, {line_1}", "", None), (line_1, "", line_2)]
    whole = form(country, *door)
    assert [row for row in spelt if form(country, *row) != whole] == []
