"""What stands beside the street: flats, floors, buildings and their order, one line a case."""

import pytest

from tests.units.test_address_rules import canonical


@pytest.mark.parametrize(
    ("country", "spelt", "expected"),
    [
        ("US", "12 Main St|Apt B 4", "12 main street|unit b4"),
        ("US", "12 Main St|Apt B 4 Rear", "12 main street|rear unit b unit 4"),
        ("US", "12 Main St|Apt 4 B Rear", "12 main street|rear unit 4b"),
        ("US", "12 Main St|Apt No", "12 main street|unit no"),
        ("US", "12 Main St|Apt No 4", "12 main street|unit 4"),
        ("US", "12 Main St|Apt No B", "12 main street|unit no b"),
        ("US", "12 Main St|Flat 2nd Floor", "12 main street|floor 2 unit"),
        ("US", "12 Main St|Suite Garden", "12 main street|suite garden"),
        ("US", "12 Main St|Suite Garden, Floor 2", "12 main street|floor 2 suite garden"),
        ("US", "12 Main St|Suite Garden Floor 2", "12 main street|floor 2 suite garden"),
        ("US", "12 Main St|Suite Garden Court 4", "12 main street|suite garden court 4"),
        ("US", "12 Main St|Fl2", "12 main street|floor 2"),
        ("US", "12 Main St|Floor Second", "12 main street|floor 2"),
        ("US", "12 Main St|2nd floor A Rear", "12 main street|floor 2a rear"),
        ("US", "12 Main St|3rd Left", "12 main street|left unit 3rd"),
        ("US", "12 Main St|# Rear", "12 main street|rear"),
        ("US", "# Apt 4, 12 Main St", "12 main street|unit 4"),
        ("US", "12 Lake Front Apt 4", "12 lake front|unit 4"),
        ("US", "Apt 4", "|unit 4"),
        ("US", "12 Main St||Blue Door", "12 main street|unit blue door"),
        ("US", "12 Main St||12 B", "12 main street|unit 12b"),
        ("US", "12 Main St||4, Rear", "12 main street|rear unit 4"),
        ("US", "12 Main St||Apt", "12 main street|unit"),
        ("US", "12 Main St|Rear4", "12 main street|unit rear4"),
        ("GB", "Flat 2 Rose House, 5 Kings Rd, Leeds", "rose house 5 kings road leeds|unit 2"),
        ("GB", "Room 4 Rose House, 5 Kings Rd", "rose house 5 kings road|room 4"),
        ("GB", "5 Kings Rd|12 Msnt Hill", "5 kings road|unit 12 maisonette hill"),
        ("DE", "Hauptstr. 2 Hinterhaus", "hauptstrasse 2|rear"),
        ("DE", "Hauptstr. 5|Links Hinterhaus", "hauptstrasse 5|rear left"),
        ("DE", "Hauptstr. 5|OG III", "hauptstrasse 5|floor 3"),
        ("DE", "Hauptstr. 5|III. OG", "hauptstrasse 5|floor 3"),
        ("DE", "Hauptstr. 5 Mitte 2. Hinterhaus", "hauptstrasse 5 mitte 2|rear"),
        ("PL", "Długa 5 A m. 2", "dluga 5a|unit 2"),
        ("PL", "Długa|m. 4", "dluga|unit 4"),
        ("PL", "Rondo 5 m2", "rondo 5|unit 2"),
        ("ES", "Calle Mayor 5|planta II", "calle mayor 5|floor 2"),
        ("ES", "Calle Mayor 5|bloque 3 2 B", "calle mayor 5|block 3 unit 2b"),
        ("ES", "Calle Mayor 5|bloque 3 2 izda", "calle mayor 5|block 3 floor 2 left"),
        ("ES", "Calle Mayor 5|piso 2B", "calle mayor 5|unit 2b"),
        ("ES", "Calle Mayor 5 2º 12A", "calle mayor 5|unit 2-12a"),
        ("ES", "Calle Mayor 5|2º puerta 12", "calle mayor 5|unit 2-12"),
        ("ES", "2º B", "|unit 2b"),
        ("ES", "Calle Mayor 5|2º 1ª B", "calle mayor 5|floor 2 unit 1 unit b"),
        ("ES", "Calle Mayor 5|piso -1 B", "calle mayor 5|floor minus1b"),
        ("FR", "5 rue Foch|bât A 3e gauche", "rue foch 5|building a floor 3 left"),
        ("FR", "apt 4", "|unit 4"),
        ("AU", "Unit 3", "|unit 3"),
        ("AU", "3/12 Smith St|Unit 4", "3/12 smith street|unit 4"),
        ("CA", "12 Main St|Floor 2E", "12 main street|floor 2e"),
        ("CA", "Unit 3/12 Main St", "12 main street|unit 3"),
        ("CA", "10a-600 Main St", "600 main street|unit 10a"),
        ("CA", "1234567890-1234567991 Main St", "1234567991 main street|unit 1234567890"),
        ("BE", "Kerkstraat 5|app 3 bus 4", "kerkstraat 5|unit 3 unit 4"),
        ("CH", "Rue Foch 5|et. III", "rue foch 5|floor 3"),
        ("BR", "Rua Foch 5|2º 5A", "rua foch 5|unit 2-5a"),
        ("BR", "Fazenda Kings 5|andar 4b", "fazenda kings 5|unit 4b"),
    ],
)
def test_flats_floors_and_buildings_are_told_from_the_street(
    country: str, spelt: str, expected: str
) -> None:
    assert canonical(country, spelt) == expected
