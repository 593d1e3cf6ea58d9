"""Small numbers as people type them: 12, １２, 十二, twelve."""

from __future__ import annotations

import unicodedata

ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100}
CHINESE = f"[{''.join((*DIGITS, *TENS))}]"  # one character of a number, as a pattern
NUMBER = rf"(?:\d{{1,9}}|{CHINESE}{{1,6}}|(?:{'|'.join(ENGLISH)})(?![a-z]))"


def plain(typed: str) -> str:
    """What was typed in small letters, with wide characters made narrow: ９：００ is 9:00."""
    return unicodedata.normalize("NFKC", typed).casefold().strip()


def read(number: str) -> int:
    """What a match of NUMBER says."""
    if number.isdecimal():
        return int(number)
    if number in ENGLISH:
        return ENGLISH[number]
    if not TENS.keys() & set(number):  # digit after digit: 三零
        return int("".join(str(DIGITS[digit]) for digit in number))
    total = last = 0
    for character in number:
        if character in TENS:
            total += (last or 1) * TENS[character]
            last = 0
        else:
            last = DIGITS[character]
    return total + last
