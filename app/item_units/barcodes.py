"""What a barcode says of the expiration date. Pure, but that the century is reckoned from today."""

from datetime import date

from biip import ParseError
from biip.gs1_messages import GS1Message

GTIN_LENGTHS = (8, 12, 13, 14)
GS1_128 = "]C1"


def expiration_date(barcode: str) -> date | None:
    """Answer the date of AI (17) if ``barcode`` is a valid GS1 string, else None.

    Bracketed, raw with FNC1 (0x1D), or with the prefix ``]C1``. A bare number as long as a GTIN is
    one, whatever else it might spell; a wrong check digit makes the whole string invalid. Day 00 is the
    last day of the month. Source: S2, CONTRACT 6.
    """
    if not barcode.isascii() or (barcode.isdigit() and len(barcode) in GTIN_LENGTHS):
        return None
    try:
        message = _parse(barcode)
    except (ParseError, ValueError):
        return None
    elements = message.element_strings
    if any(e.gtin_error or e.sscc_error or e.gln_error for e in elements):
        return None
    dates = {element.date for element in elements if element.ai.ai == "17"}
    return dates.pop() if len(dates) == 1 else None


def _parse(barcode: str) -> GS1Message:
    if not barcode.startswith("("):
        return GS1Message.parse(barcode.removeprefix(GS1_128))
    message = GS1Message.parse_hri(barcode)
    # The parser passes over a bracket that is never closed; what it read must be all there was.
    if "".join(element.as_hri() for element in message.element_strings) != barcode:
        raise ValueError("more than GS1 element strings")
    return message
