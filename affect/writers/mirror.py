"""Saying an event back in the person's own words: "he moved my shift" -> "He moved your shift."

A restatement for when no written entry is near. Only short clauses that tell an event are said
back, with "I" and "you" turned round; verdicts, doubts, questions, insults and anything that could
wound or harm in another's mouth are not. In doubt there is no mirror.
"""

from __future__ import annotations

import re

from affect.writers.lexicon import listed

FEWEST_WORDS, MOST_WORDS = 4, 13
FEWEST_CHARACTERS, MOST_CHARACTERS = 6, 24

_CLAUSE_END = re.compile(
    r"[.!?;:,\n()]|\s[-–—]+\s|\b(because|so (?=(i|we|he|she|they|it|that|my|now)\b)|which|"
    r"although|though|even though|but|and (i|it|now|we|they|he|she|my|then))\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(and|but|so|well|oh|ok|okay|honestly|just|like|today|yeah|also|then|now|i think|"
    r"basically|actually|apparently)[\s,]+",
    re.IGNORECASE,
)
_ADVERB = r"( (just|finally|again|suddenly|already|really|still|also))?"
# One noun or two: both are tried, because only the verb list tells where the subject ends.
_SUBJECTS = tuple(
    re.compile(rf"({who}){_ADVERB} (?P<verb>[a-z]+)", re.IGNORECASE)
    for who in (
        (
            r"i|we|he|she|they|it|someone|somebody|(my|the|two|three|four|some|all|half) [\w'-]+"
            r"|me and my \w+"
        ),
        r"(my|the) [\w'-]+ [\w'-]+",
    )
)
# A clause that was cut so that it ends with one of these is no sentence.
_DANGLING = re.compile(
    r"\b(is|are|was|were|am|be|been|a|an|the|my|his|her|their|our|to|of|in|on|at|for|with|from|by"
    r"|and|or|if|than|that|so|very|too|really|has|had|have|will|would|can|could|not)$",
    re.IGNORECASE,
)
_COPULA = frozenset({"is", "are", "was", "were"})
_TURN = {
    "i": "you",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "i'm": "you're",
    "i've": "you've",
    "i'd": "you'd",
    "i'll": "you'll",
}
_BARE = re.compile(
    r"(?<!my )(?<!the )(?<!her )(?<!his )\b(mom|mum|dad|grandma|grandpa)\b", re.IGNORECASE
)
_DAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)day\b")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_CHINESE_CLAUSE = re.compile(r"[，。！？；、,.!?;\s~～…]+")
_PROPER = frozenset({"I", "I'm", "I've", "I'd", "I'll"})


def mirror(said: str, language: str) -> str | None:
    """One sentence that says the first event back, or None."""
    return _chinese(said) if language == "zh" else _english(said)


_FRAGMENT = re.compile(
    r"(over|in front of|at|after|since|because of|by|from|through|during|for|on|about|without)"
    r"( [a-z'-]+){1,6}|(almost |nearly |over |about )?(\d+|two|three|four|five|six|seven|eight|nine"
    r"|ten|a few|a couple of) (days|weeks|months|years|hours|times)|(a|one) (day|week|month|year)",
    re.IGNORECASE,
)


def fragment(said: str) -> str | None:
    """A short English line that is no sentence ("over text", "yeah, three years"), said back."""
    plain = said.replace("’", "'").strip(" .!…")
    while (shorter := _LEAD.sub("", plain)) != plain:
        plain = shorter
    found = _ENGLISH_WORD.findall(plain)
    if (
        not (_FRAGMENT.fullmatch(plain) or _is_bit(plain, found))
        or _forbidden_word(found)
        or _named(found)
    ):
        return None
    return _turned(plain)


def _is_bit(plain: str, found: list[str]) -> bool:
    """Whether it is a few words without a verb: "organic chem", "third one without him"."""
    low = {word.lower() for word in found}
    verbs = listed("en", "event_verbs") | _COPULA | listed("en", "no_bit")
    few = (
        not re.search(r"[!?]", plain)
        and 2 <= len(found) <= BIT_WORDS
        and len(plain.split()) == len(found)
    )
    fits = few and not low & verbs and not any("'" in word for word in low)
    return fits and not any(word.isupper() and len(word) > 1 for word in found)


BIT_WORDS = 5


def retold(said: str, language: str) -> str | None:
    """What was told, as a clause to go after "you told me": "your dog died on saturday"."""
    if language == "zh":
        clause = _chinese(said)
        return clause.rstrip("。") if clause else None
    clause = _CLAUSE_END.split(re.split(r"(?<=[.!?])\s|\n", said.replace("’", "'").strip())[0])[0]
    while (shorter := _LEAD.sub("", clause)) != clause:
        clause = shorter
    clause = clause.strip(" ,'-")
    found = _ENGLISH_WORD.findall(clause)
    ours = re.search(r"\b(we|us|our|ours)\b", clause, re.IGNORECASE)
    fits = not ours and 3 <= len(found) <= MOST_WORDS and not _DANGLING.search(clause)
    if not fits or "?" in said or not _SUBJECT.match(clause) or _forbidden_word(found):
        return None
    turned = _turned(clause).rstrip(".")
    return turned[0].lower() + turned[1:]


_SUBJECT = re.compile(
    r"(i|he|she|they|it|there|(my|our|the|two|three) [\w'-]+)('m|'re|'s|'ve|'d)?"
    r"( [\w'-]+){1,}",
    re.IGNORECASE,
)


def _english(said: str) -> str | None:
    first = re.split(r"(?<=[.!?])\s|\n", said.replace("’", "'").strip())[0]
    if "?" in first or re.search(r"[\"“”@#/\\<>{}*_`]|\d{3}", first):
        return None
    while (shorter := _LEAD.sub("", first)) != first:
        first = shorter
    clause = _CLAUSE_END.split(first)[0].strip()
    # What cannot be said back whole may have a first half that can.
    halves = dict.fromkeys([clause, clause.split(" and ")[0]])
    return next((_turned(half) for half in halves if _may_be_said_back(half)), None)


def _may_be_said_back(clause: str) -> bool:
    found = _ENGLISH_WORD.findall(clause)
    whole = not _DANGLING.search(clause.rstrip(" ,'-"))
    fits = FEWEST_WORDS <= len(found) <= MOST_WORDS and whole
    return fits and not _forbidden_word(found) and _tells_event(clause) and not _named(found)


def _turned(clause: str) -> str:
    """The clause said to the person: "I" and "you" turned round, "mom" made "your mom"."""
    clause = _BARE.sub(lambda found: f"your {found.group().lower()}", clause)
    turned = _ENGLISH_WORD.sub(lambda word: _TURN.get(word.group().lower(), word.group()), clause)
    turned = re.sub(r"\byou was\b", "you were", re.sub(r"\byou am\b", "you are", turned))
    turned = _DAY.sub(lambda found: found.group().capitalize(), turned)
    return turned[0].upper() + turned[1:].rstrip(" ,'-") + "."


def _forbidden_word(found: list[str]) -> bool:
    low = {word.lower() for word in found}
    whole = " ".join(found).lower()
    if any(phrase in whole for phrase in listed("en", "never_mirrored_phrases")):
        return True
    blocked = listed("en", "blocked") - listed("en", "harmless_inside")
    return bool(low & (listed("en", "never_mirrored") | blocked))


def _tells_event(clause: str) -> bool:
    return any(_begins_event(subject.match(clause), clause) for subject in _SUBJECTS)


def _begins_event(match: re.Match[str] | None, clause: str) -> bool:
    if not match:
        return False
    verb = match.group("verb").lower()
    if verb in _COPULA:
        # "My shift was moved" tells an event; "my boss is a clown" is a verdict.
        return bool(
            re.match(
                r" \w+(ed|ing|late|sick|broken|back)\b| (still|at|in|with|out|away)\b",
                clause[match.end() :],
            )
        )
    return verb in listed("en", "event_verbs") or verb.endswith("ed")


def _named(found: list[str]) -> bool:
    """Whether somebody or some place is called by name."""
    known = _PROPER | listed("en", "weekdays") | listed("en", "months")
    return any(word[0].isupper() and word not in known for word in found[1:])


def _chinese(said: str) -> str | None:
    clauses = [part for part in _CHINESE_CLAUSE.split(said.strip()) if part]
    if not clauses or "？" in said or "?" in said:
        return None
    clause = clauses[0]
    if len(clauses) > 1 and len(clause) < FEWEST_CHARACTERS:
        clause = f"{clause}，{clauses[1]}"
    if not FEWEST_CHARACTERS <= len(clause) <= MOST_CHARACTERS:
        return None
    if any(word in clause for word in listed("zh", "never_mirrored") | listed("zh", "blocked")):
        return None
    clause = re.sub(r"^(对了|今天|就是|然后|所以|唉|哎|啊|嗯)+[，,]?", "", clause)
    if len(clause) < FEWEST_CHARACTERS - 1:
        return None
    # 你妈 alone can sound like swearing.
    return re.sub("我妈(?!妈)", "你妈妈", clause).replace("我", "你") + "。"
