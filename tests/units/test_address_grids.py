"""Grids of all doors of small towns: no two of them may have one key."""

import itertools

import pytest

from tests.units.test_address_doors import form

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
    "GB": ("{n} {s} {t}", "1|11|12|12A|12-14|112|21|1A",
           ("Street|Road|Lane|Close|Court|Crescent|Gardens|Grove|Green|Mews|Park|Place|"
            "Square|View"),
           ("High|Kings|King|Park|St James|St James's|Mill|North|Upper North|Church|Queens|"
            "Queen's Park"),
           ("|Flat 1|Flat 2|Flat A|Flat 1A|Ground Floor Flat|First Floor Flat|Floor 1|"
            "Basement|Basement Flat|Suite 1|Room 1|Maisonette|Rear")),
    "IE": ("{n} {s} {t}", "1|11|12|12A|12-14|112|21",
           ("Street|Street Upper|Street Lower|Road|Terrace|Square|Place|Avenue|Park|Court|"
            "Close"),
           "Main|O'Connell|Connell|St. Mary's|St. Mary|Mary|Upper|Lower|Church|Eyre",
           ("|Apt 1|Apt 2|Suite 1|Floor 1|Ground Floor|Basement|Block A|Block A Apt 1|"
            "Block B Apt 1|Block 1 Apt 2|Block 2 Apt 1")),
    "AU": ("{n} {s} {t}", "1|11|12|1/12|2/12|12/1|12A|12-14|112|21|A/12|1A/12",
           ("Street|Road|Parade|Esplanade|Court|Circuit|Close|Place|Parkway|Terrace|Avenue|"
            "Drive"),
           "Smith|King|Kings|St Georges|George|North|Collins|The|5th",
           "|Shop 1|Suite 1|Level 1|Level 1 Suite 2|Level 2 Suite 1|Office 1|Rear|Tower 1"),
    "NZ": ("{n} {s} {t}", "1|11|12|12A|1/12|2/12|12/1|112|21|12-14",
           "Street|Road|Avenue|Place|Crescent|Terrace|Quay|Drive|Heights|Lane|Way",
           "Queen|Queens|High|Great North|Great South|Main|North|Upper Queen",
           "|Level 1|Level 2|Suite 1|Shop 1|Level 1 Suite 2|Level 2 Suite 1|Rear"),
    "CA": ("{n} {s} {t}", "1|11|12|12A|1-112|2-112|112|21|12-14|101-12",
           ("Street|Road|Avenue|Boulevard|Crescent|Court|Circle|Drive|Way|Street N|Street S|"
            "Street NW|Avenue W"),
           "Main|King|Kings|St-Jean|St-Charles|5th|10th|North|Lake",
           "|Suite 1|Floor 1|Bldg 1|Bldg 2|Basement|Main Floor|PH|Room 1"),
    "AT": ("{s}{t} {n}", "1|11|12|12a|12/1|12/2|12/1/2|12/2/1|12/3|112|21|12-14|1/12",
           "straße|gasse|platz|weg|ring|allee|zeile",
           "Haupt|Neu|Linden|Wiener |Am Ring |Maria-Theresien-|St.-Veit-|Veit-",
           "|1. Stock|2. Stock|EG|DG|Hinterhaus|1. Stock links"),
    "CH": ("{s}{t} {n}", "1|11|12|12a|12b|112|21|12.1",
           "strasse|gasse|platz|weg|rain|halde|matte|ring",
           "Bahnhof|Haupt|Linden|Zürcher|Alte |Neue |Unter|Ober|St. Gallen-|Gallen-",
           ("|1. Stock|2. Stock|EG|Wohnung 1|Wohnung 2|UG|links|rechts|1. Stock links|"
            "1. Stock rechts|DG")),
    "BE": ("{t} {s} {n}", "1|11|12|12A|112|21|12-14|12/1",
           "rue|avenue|place|chaussée|chemin|allée|square|boulevard|quai",
           ("Haute|Basse|de la Loi|de Loi|du Roi|de Namur|Saint-Jean|Sainte-Jeanne|Neuve|"
            "des Neuves"),
           "|bte 1|bte 2|bte 12|étage 1|étage 2|rdc|bloc 1 bte 2|bloc 2 bte 1|bte A"),
    "NL": ("{s}{t} {n}", "1|11|12|12A|12B|12-1|12-2|112|21|12 bis|12-14|12 hs|12 rood",
           "straat|laan|plein|gracht|kade|singel|weg|dijk|hof|steeg",
           "Kerk|Nieuwe |Oude |Prinsen|Prinses|St. Jans|Jans|1e Jan |2e Jan |Lange ",
           "|app 1|app 2|1e verdieping|2e verdieping|achter|kamer 1|begane grond"),
    "PT": ("{t} {s} {n}", "1|11|12|12A|112|21|lote 1|lote 12",
           "Rua|Avenida|Travessa|Praça|Largo|Estrada|Beco|Alameda|Calçada",
           ("Augusta|do Mar|dos Mares|de São João|de Santa Joana|João|do Carmo|da Luz|15|"
            "5 de Outubro"),
           ("|1º|2º|1º Esq|1º Dto|2º Esq|r/c|r/c Esq|r/c Dto|1º A|1º B|cave|bloco A 1º B|"
            "bloco B 1º A|loja 1|1º Frente")),
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
    assert len(seen) > 4_000
