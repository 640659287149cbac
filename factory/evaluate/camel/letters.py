"""The letters of choices as CAMEL-Bench maps them."""

ARABIC = "أبجدهوزحطيكلمنعفصرس"
LATIN = "ABCDEFGHIJKLMNOPQRS"
BY_LATIN = {**dict(zip(LATIN, ARABIC, strict=True)), "ا": "أ"}
"""Character -> the letter of a choice that it means, as the original has it: capitals, and an alef without hamza."""
