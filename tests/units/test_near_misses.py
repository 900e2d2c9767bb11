"""Near misses: what looks like a typo is told, a clear neighbour is not."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.units.addresses import canonical_fields
from app.units.near_misses import COMPARED, Known, LookAlikes, compare

NAMES = ("address_line_1", "address_line_2", "city", "state", "postal_code", "country")
US = ("12 Main Street", "Apt 4", "Springfield", "IL", "62701", "US")
HOUSE = ("1234 N Lake Shore Drive", None, "Chicago", "IL", "60611", "US")
GB = ("12 Kings Road", "Flat 3", "London", None, "SW3 4RP", "GB")
DE = ("Hauptstraße 15", None, "München", None, "80331", "DE")
FR = ("16 rue de la République", None, "Lyon", None, "69002", "FR")
ES = ("Calle de Alcalá 50", "3º B", "Madrid", None, "28014", "ES")


def fields(parts: Any) -> dict[str, str]:
    return canonical_fields(dict(zip(NAMES, parts, strict=True)))


def but(parts: Any, **changes: Any) -> Any:
    """Answer an address with some of its fields changed."""
    return tuple({**dict(zip(NAMES, parts, strict=True)), **changes}.values())


TYPOS = [
    pytest.param(US, but(US, address_line_1="12 Mian Street"), ["street"], id="letters swapped"),
    pytest.param(US, but(US, address_line_1="12 Maim St."), ["street"], id="a letter wrong"),
    pytest.param(HOUSE, but(HOUSE, address_line_1="1234 N Lake Shor Dr"), ["street"], id="missing"),
    pytest.param(US, but(US, address_line_1="12 Main Avenue"), ["street"], id="wrong type"),
    pytest.param(US, but(US, address_line_1="12 Main"), ["street"], id="no type"),
    pytest.param(
        HOUSE, but(HOUSE, address_line_1="1234 Lake Shore Dr"), ["street"], id="no direction"
    ),
    pytest.param(
        HOUSE, but(HOUSE, address_line_1="1234 N Lakeshore Dr"), ["street"], id="words joined"
    ),
    pytest.param(
        HOUSE,
        but(HOUSE, address_line_1="1324 N Lake Shore Dr"),
        ["house_number"],
        id="digits swapped",
    ),
    pytest.param(
        HOUSE,
        but(HOUSE, address_line_1="124 N Lake Shore Dr"),
        ["house_number"],
        id="digit dropped",
    ),
    pytest.param(HOUSE, but(HOUSE, city="Chicgo"), ["city"], id="letter missing in the city"),
    pytest.param(US, but(US, city="Sherman"), ["city"], id="another city, same postal code"),
    pytest.param(US, but(US, postal_code="62710"), ["postal_code"], id="postal digits swapped"),
    pytest.param(US, but(US, postal_code="6271"), ["postal_code"], id="postal digit missing"),
    pytest.param(
        HOUSE,
        but(HOUSE, address_line_1="1234 Nroth Lake Shore Dr"),
        ["street"],
        id="direction misspelt",
    ),
    pytest.param(US, but(US, postal_code="62701-1234"), ["postal_code"], id="ZIP+4"),
    pytest.param(US, but(US, postal_code=None), ["postal_code"], id="no postal code"),
    pytest.param(US, but(US, state="IN"), ["state"], id="another state, same postal code"),
    pytest.param(US, but(US, country=None), ["country"], id="no country"),
    pytest.param(
        US,
        but(US, city=None, state=None, postal_code=None),
        ["city", "state", "postal_code"],
        id="street only",
    ),
    pytest.param(US, but(US, address_line_2="Suite 4"), ["unit"], id="suite for flat"),
    pytest.param(US, but(US, address_line_2="Apt 04"), ["unit"], id="a zero in front"),
    pytest.param(US, but(US, address_line_2="Floor 2 Apt 4"), ["unit"], id="a floor more"),
    pytest.param(
        but(US, address_line_2="Apt 1204"), but(US, address_line_2="Apt 1240"), ["unit"], id="flat"
    ),
    pytest.param(
        US,
        but(US, address_line_1="12 Mian St", postal_code="62710"),
        ["street", "postal_code"],
        id="two slips",
    ),
    pytest.param(GB, but(GB, address_line_1="12 King Road"), ["street"], id="GB plural"),
    pytest.param(GB, but(GB, postal_code="SW3 4PR"), ["postal_code"], id="GB postcode"),
    pytest.param(DE, but(DE, address_line_1="Haubtstr. 15"), ["street"], id="DE letter"),
    pytest.param(DE, but(DE, address_line_1="Hauptweg 15"), ["street"], id="DE type"),
    pytest.param(DE, but(DE, city="Müchen"), ["city"], id="DE city"),
    pytest.param(DE, but(DE, postal_code="80313"), ["postal_code"], id="DE postal code"),
    pytest.param(FR, but(FR, address_line_1="16 rue de la Republque"), ["street"], id="FR letter"),
    pytest.param(
        FR, but(FR, address_line_1="16 avenue de la République"), ["street"], id="FR type"
    ),
    pytest.param(ES, but(ES, address_line_1="Calle Alclá 50"), ["street"], id="ES letter"),
]

NEIGHBOURS = [
    pytest.param(US, but(US, address_line_1="14 Main Street"), id="next house"),
    pytest.param(US, but(US, address_line_1="21 Main Street"), id="short number turned round"),
    pytest.param(US, but(US, address_line_1="112 Main Street"), id="short number and a digit"),
    pytest.param(US, but(US, address_line_1="12A Main Street"), id="12 and 12A"),
    pytest.param(US, but(US, address_line_1="12-14 Main Street"), id="a range"),
    pytest.param(HOUSE, but(HOUSE, address_line_1="1235 N Lake Shore Drive"), id="1234 and 1235"),
    pytest.param(HOUSE, but(HOUSE, address_line_1="1234 S Lake Shore Drive"), id="north and south"),
    pytest.param(US, but(US, address_line_2="Apt 5"), id="next flat"),
    pytest.param(US, but(US, address_line_2="Apt 14"), id="flat and a digit"),
    pytest.param(
        but(US, address_line_2="Apt 112"), but(US, address_line_2="Apt 121"), id="flats of floors"
    ),
    pytest.param(US, but(US, address_line_2=None), id="building and flat"),
    pytest.param(US, but(US, address_line_2="Floor 4"), id="floor and flat"),
    pytest.param(
        but(US, address_line_2="Bldg 2 Apt 4"),
        but(US, address_line_2="Bldg 3 Apt 4"),
        id="buildings",
    ),
    pytest.param(US, but(US, address_line_1="12 Oak Street"), id="another street"),
    pytest.param(US, but(US, address_line_1="12 Elm Street"), id="yet another street"),
    pytest.param(
        but(US, address_line_1="12 W 95th Street"),
        but(US, address_line_1="12 W 96th Street"),
        id="numbered streets",
    ),
    pytest.param(
        but(US, address_line_1="12 Avenue A"), but(US, address_line_1="12 Avenue B"), id="lettered"
    ),
    pytest.param(US, but(US, city="Peoria", postal_code="61602"), id="another town"),
    pytest.param(GB, but(GB, postal_code="E17 9AA"), id="the same name across London"),
    pytest.param(US, but(US, state="MA", postal_code=None), id="another Springfield"),
    pytest.param(US, but(US, country="CA", state="ON", postal_code="K1A 0B1"), id="abroad"),
    pytest.param(DE, but(DE, address_line_1="Hauptstraße 16"), id="DE next house"),
    pytest.param(DE, but(DE, address_line_1="Bahnhofstraße 15"), id="DE another street"),
    pytest.param(FR, but(FR, address_line_1="16 rue de la Bourse"), id="FR another street"),
    pytest.param(US, US, id="the same door"),
]


@pytest.mark.parametrize(("stored", "sent", "differs"), TYPOS)
def test_a_typo_is_a_near_miss(stored: Any, sent: Any, differs: list[str]) -> None:
    found = LookAlikes([Known(7, "A-1", fields(stored))]).find(fields(sent))

    assert [(miss["id"], miss["identifier"], miss["differs"]) for miss in found] == [
        (7, "A-1", differs)
    ]
    assert 50 <= found[0]["score"] < 100


@pytest.mark.parametrize(("stored", "sent"), NEIGHBOURS)
def test_a_neighbour_is_none(stored: Any, sent: Any) -> None:
    known = LookAlikes([Known(7, None, fields(stored))])

    assert known.find(fields(sent)) == []
    assert compare(fields(sent), fields(stored)) is None


def test_a_building_name_may_be_missing_or_misspelt_but_not_another() -> None:
    def named(name: str | None) -> dict[str, str]:
        return canonical_fields({"address_line_1": "12 High St", "building_name": name})

    rose = named("Rose House")
    assert compare(rose, named(None)) is not None
    assert compare(rose, named("Rose Huose")) is not None
    assert compare(rose, named("Oak House")) is None
    assert compare(named("Tower 1"), named("Tower 2")) is None


def test_up_to_three_are_told_the_most_alike_first() -> None:
    sent = fields(but(US, address_line_1="12 Mian Street"))
    streets = ["12 Main", "12 Main Street", "12 Main Avenue", "12 Mian Avenue", "12 Oak St"]
    stored = [Known(n, None, fields(but(US, address_line_1=s))) for n, s in enumerate(streets)]

    found = LookAlikes(stored).find(sent)

    assert found[0]["id"] == 1
    assert len(found) == 3
    assert [miss["score"] for miss in found] == sorted(
        (miss["score"] for miss in found), reverse=True
    )
    assert found[0]["address"] == "12 main street | unit 4 |  | springfield | IL | 62701 | US"


def test_the_typo_is_found_among_very_many_with_the_same_number() -> None:
    crowd = [
        Known(n, None, fields(but(US, address_line_1=f"12 {chr(97 + n % 26) * 3}{n}x Street")))
        for n in range(COMPARED * 5)
    ]
    target = Known(9999, None, fields(US))

    found = LookAlikes([*crowd, target]).find(fields(but(US, address_line_1="12 Mian Street")))

    assert [miss["id"] for miss in found] == [9999]


WORD = st.sampled_from(["main", "lake", "north", "12", "street", "5th", "a", "", "/", "unit", "Ü"])
TEXT = st.lists(WORD, max_size=5).map(" ".join) | st.text(max_size=30)
ADDRESS = st.fixed_dictionaries(dict.fromkeys(NAMES, TEXT))


@given(one=ADDRESS, other=ADDRESS)
def test_any_two_addresses_can_be_compared_either_way(one: Any, other: Any) -> None:
    first, second = canonical_fields(one), canonical_fields(other)
    there, back = compare(first, second), compare(second, first)

    assert (there is None) == (back is None)
    if there is not None:
        assert 0 < there[0] < 100
        assert there[1]
    LookAlikes([Known(1, None, first)]).find(second)


def test_hostile_text_takes_no_time() -> None:
    long = {"address_line_1": "1 " * 120, "city": "x" * 255, "building_name": "y " * 127}
    stored = [Known(n, None, canonical_fields({**long, "state": f"{n}"})) for n in range(2000)]
    started = time.perf_counter()

    known = LookAlikes(stored)
    for _ in range(10):
        known.find(canonical_fields({**long, "state": "z"}))

    assert time.perf_counter() - started < 5
