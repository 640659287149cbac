"""Personal data that has a form: addresses, phone numbers, account and card numbers."""

from __future__ import annotations

import re

from factory.text.arabic import DIGITS

_EMAIL = re.compile(r"(?<![\w.+@/-])[\w.+-]++@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++")
_IP = re.compile(r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)")
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:\+|00)[1-9]\d{0,2}[\s.-]?(?:\(\d{1,4}\)[\s.-]?)?\d(?:[\s.-]?\d){6,11}(?!\d)"  # international
    r"|(?<![\w.+/-])\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?![\d-])"  # North America
    r"|(?<![\w.+/-])0(?:5\d{8}|1[0125]\d{8}|7\d{9}"
    r"|[67]\d{8})(?!\d)"  # mobile numbers of the Gulf, Egypt, Iraq, Maghreb
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<![\w.])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\w.]*\d)")
_EXAMPLES = re.compile(
    r"@(?:[\w-]+\.)*(?:example|test|invalid|localhost)(?:\.\w+)?$|^(?:user|name|email|your\W?\w*)@", re.IGNORECASE
)
_NOT_PUBLIC = re.compile(
    r"^(?:0\.|10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|255\."
    r"|22[4-9]\.|1\.2\.3\.4$)"
)

KINDS = ("email", "ip", "phone", "iban", "card")


def personal_data(text: str) -> list[tuple[str, str]]:
    """(kind, what was found) in the text; Arabic digits count as ASCII ones.

    >>> personal_data("Write to ali.hassan@mail.org or pay with 4111 1111 1111 1111.")
    [('email', 'ali.hassan@mail.org'), ('card', '4111 1111 1111 1111')]
    """
    text = text if text.isascii() else text.translate(DIGITS)
    found = [("email", m) for m in _EMAIL.findall(text) if not _EXAMPLES.search(m)] if "@" in text else []
    found += [("ip", m) for m in _IP.findall(text) if not _NOT_PUBLIC.match(m)]
    ibans = [m for m in _IBAN.findall(text) if is_iban(m)]
    cards = [m for m in _CARD.findall(text) if passes_luhn(m)]
    found += [("iban", m) for m in ibans] + [("card", m) for m in cards]
    for taken in (*ibans, *cards):
        text = text.replace(taken, " ")
    return found + [("phone", m) for m in _PHONE.findall(text)]


def passes_luhn(number: str) -> bool:
    """Does a card number of 13 to 19 digits pass the test of ISO/IEC 7812-1, annex B?

    >>> passes_luhn("4111-1111-1111-1111"), passes_luhn("4111-1111-1111-1112")
    (True, False)
    """
    digits = [int(character) for character in number if character.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Is the checksum of an account number right (ISO 13616: remainder 1 modulo 97)?

    >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB82 WEST 1234 5698 7654 33")
    (True, False)
    """
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1
