"""The address key under attack: every small change of a door, and every harmless one, by country."""

import itertools
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


GRIDS = {
    "FR": ("{n} {t} {s}", "1|11|12|12 bis|12 ter|12A|12-14|112|21",
           "rue|avenue|place|chemin|impasse|allée|allées|cours|cour|quai|passage|villa|port",
           "de la Paix|Foch|du Foch|Saint-Jean|Sainte-Jean|Jean|du Col|du Colonel|A|4|du 8 Mai",
           "|apt 1|apt 12|bât A|bât A apt 1|esc A|étage 1|étage 1 apt 2|étage 2 apt 1|porte 1|rdc"),
    "DE": ("{s}{t} {n}", "1|11|12|12a|12b|112|21|12-14|12/14",
           "straße|platz|gasse|allee|weg|ring|damm|ufer|hof|berg|markt",
           "Haupt|Neue |Neuer |Berliner |Rosen|Rose|König|Königs|Am Mühl|Sankt-Jakobs-|Jakobs-",
           ("|Whg 1|Whg 2|1. OG|2. OG|EG|UG|2. UG|UG Whg 2|1. OG links|1. OG rechts|1. OG vorn|"
            "Hinterhaus|2. Hinterhaus|Hinterhaus Whg 2|Hinterhaus 1. OG|1. OG hinten|Gartenhaus")),
    "ES": ("{t} {s} {n}", "1|11|12|12 A|12 bis|112|21|s/n|km 12",
           "Calle|Avenida|Plaza|Paseo|Carretera|Camino|Ronda|Pasaje|Rambla|Alameda|Plazuela",
           "Mayor|Menor|San Juan|Santa Juan|Juan|del Mar|Principal|Bajo|A|2|2 de Mayo|de la Luz",
           ("|1º|2º|1º A|2º A|1º izq|1º dcha|1º 1ª|1º 12ª|12º|bajo|bajo A|ático|sótano|esc A|"
            "esc A 1º B|esc B 1º A|portal 1 1º B|bloque 1 1º B|puerta A|local 1|interior|trasera")),
    "IT": ("{t} {s} {n}", "1|11|12|12/A|12/B|12/1|12 bis|112|21|snc|km 12|12r",
           "Via|Viale|Piazza|Piazzale|Corso|Largo|Vicolo|Strada|Contrada|Borgo|Vico|Salita",
           "Roma|di Roma|San Carlo|Santa Carlo|Carlo|Fratelli Rossi|F. Rossi|XX Settembre|Rossi",
           ("|int 1|int 2|int 12|int A|scala A|scala A int 1|scala 1|piano 1|piano 1 int 2|"
            "piano 2 int 1|piano terra|attico|palazzina A|lotto 1|isolato 1|piano 1 dx|piano 1 sx")),
    "BR": ("{t} {s} {n}", "1|11|12|12A|112|21|s/n|km 12",
           "Rua|Avenida|Travessa|Praça|Largo|Alameda|Estrada|Rodovia|Beco|Vila|Ladeira",
           "Augusta|São João|Santo João|João|do Mar|do Marechal|do Pé|do Padre|15|A|da Flor",
           ("|apto 1|apto 12|apto A|bloco A|bloco A apto 1|bloco 1 apto 2|bloco 2 apto 1|torre 1|"
            "casa 1|sala 1|loja 1|fundos|frente|1º|1º Esq|1º Dto|lote 1|quadra 1 lote 2")),
    "PL": ("{t} {s} {n}", "1|11|12|12A|112|21|12-14", "ul.|al.|pl.|os.|rondo|bulwar|park",
           "Długa|Długie|3 Maja|1 Maja|Św. Jana|Jana|Jana Pawła II|Gen. Maczka|Maczka|Górna",
           "|m. 1|m. 2|m. 12|klatka 1|klatka 1 m. 2|klatka 2 m. 1|piętro 1|parter|blok 1|oficyna"),
}  # fmt: skip


@pytest.mark.parametrize("country", GRIDS)
@pytest.mark.parametrize("sign", ["", ", "])
def test_no_two_doors_of_a_country_share_a_key(country: str, sign: str) -> None:
    """The flat stands in line 2, or after a comma in line 1."""
    pattern, *parts = GRIDS[country]
    seen: dict[str, tuple[str, ...]] = {}
    wrong = []
    for number, kind, name, unit in itertools.product(*(part.split("|") for part in parts)):
        line = pattern.format(n=number, t=kind, s=name)
        whole = form(country, f"{line}{sign}{unit}") if sign else form(country, line, unit)
        other = seen.setdefault(whole, (line, unit))
        if other != (line, unit):
            wrong.append((other, (line, unit)))
    assert wrong == []
    assert len(seen) > 5_000
