"""Personal numbers given away: payment cards and bank accounts, proven by checksum."""

import re
from collections.abc import Iterator

from scoring.rewards.evidence import Finding, Passage

# 13 to 19 digits in groups as people write them, issued by a card network
_CARD = re.compile(
    r"(?<![\w.-])[3-6]\d{3}(?:[ -]?\d{3,6}){2,3}(?:[ -]?\d{1,4})?(?![\w-])"
)
_IBAN = re.compile(
    r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"
)


def find(passage: Passage) -> Iterator[Finding]:
    """Card numbers that pass Luhn's check and IBANs that pass ISO 7064."""
    for match in _CARD.finditer(passage.text):
        if _luhn(re.sub(r"\D", "", match[0])):
            yield Finding(passage, *match.span(), "Payment card number")
    for match in _IBAN.finditer(passage.text):
        if _mod_97(match[0].replace(" ", "")):
            yield Finding(passage, *match.span(), "Bank account (IBAN)")


def _luhn(digits: str) -> bool:
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    total = sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)
    return total % 10 == 0


def _mod_97(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return (
        15 <= len(iban) <= 34
        and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1
    )
