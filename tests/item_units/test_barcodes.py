"""What a barcode says of the expiration date."""

from datetime import date

import pytest
import time_machine

from app.item_units.barcodes import expiration_date

NEW_YEARS_EVE = date(2016, 12, 31)
GTIN = "04012345123456"


@pytest.mark.parametrize(
    "barcode",
    [
        f"(01){GTIN}(17)161231(10)ABC",
        "(10)45566(17)161231",
        f"01{GTIN}17161231",
        "10ABC\x1d17161231",
        "\x1d10ABC\x1d17161231",
        f"]C101{GTIN}17161231",
        "]C117161231",
        "(17)161200",
    ],
)
def test_a_gs1_string_with_ai_17_gives_its_date(barcode: str) -> None:
    assert expiration_date(barcode) == NEW_YEARS_EVE


@pytest.mark.parametrize(
    "barcode",
    [
        "",
        "PACKET",
        "17161231",
        "96385074",
        "4012345123456",
        "17161231171612",
        "(17)161331",
        "(17)160230",
        "(15)161231",
        "(01)04012345123457(17)161231",
        f"(01){GTIN}(17161231",
        "(17)161231 ",
        "(17)161231(17)171231",
        "10ABC17161231",
        "\uff1117161231",
        "(17)١٦١٢٣١",
        "]C1",
        "(",
        "()",
    ],
)
def test_anything_else_gives_none(barcode: str) -> None:
    assert expiration_date(barcode) is None


def test_day_00_is_the_last_day_of_the_month_in_leap_years_too() -> None:
    assert expiration_date("(17)160200") == date(2016, 2, 29)
    assert expiration_date("(17)150200") == date(2015, 2, 28)


def test_the_century_is_the_one_nearest_to_today() -> None:
    with time_machine.travel("2026-11-21"):
        assert expiration_date("(17)760101") == date(2076, 1, 1)
        assert expiration_date("(17)770101") == date(1977, 1, 1)
