"""Which language a message is in: by script first, then by small words, then by habit.

Scripts decide at once (kana: Japanese; Han without kana: Chinese; Hangul, Arabic, Cyrillic, ...).
Among languages in Latin letters about twenty of the commonest small words of each are counted;
where nothing speaks, the person's last language holds, else English. A learned identifier (1.6 to
2.4 s to load) was left out, for a quick start: Latin languages that are not listed here, very
short lines ("ok lol") and languages written in foreign letters are taken for English or for the
last language. The text model itself reads them all with the same network.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict

ENGLISH, CHINESE = "en", "zh"

# Small words, each distinctive enough among the languages here that one or two decide.
_SMALL_WORDS: dict[str, str] = {
    "en": "the and i you is it to of that my me so was are not this with have for we they what "
    "im just feel really like your don't i'm it's can't but at on be do she he a an as if no all "
    "one or from out up am are know how who got get",
    "es": "el los las que y es en un una por con para mi estoy muy me pero como más yo soy hoy "
    "qué está nada siento tengo todo gracias hola",
    "fr": "le les des et est un une je tu il elle pas pour dans que qui sur mon ma suis très mais "
    "avec ce c'est j'ai moi nous vous aujourd'hui merci bonjour",
    "de": "der die das und ist ich du nicht ein eine mit auf für mich mir sehr bin habe aber wie "
    "so es wir sie heute danke von zu auch",
    "it": "il gli che è di un una per con non mi sono molto ma come io oggi della questo ho più "
    "anche niente sto ciao grazie",
    "pt": "o os as que e é um uma por com para não meu minha estou muito mas como eu hoje sou mais "
    "você tudo isso obrigado obrigada olá",
    "nl": "de het een en is ik je niet van met voor mijn ben zo maar wat heb dat heel vandaag er "
    "wij ook dank",
}
_WORDS: dict[str, frozenset[str]] = {k: frozenset(v.split()) for k, v in _SMALL_WORDS.items()}

# Letters that hardly occur outside the languages named: as good as half a small word.
_LETTERS: dict[str, str] = {
    "ñ": "es", "¿": "es", "¡": "es", "ß": "de", "ä": "de", "ö": "de", "ü": "de", "ã": "pt",
    "õ": "pt", "œ": "fr", "è": "fr", "ù": "it", "ò": "it", "ì": "it",
}  # fmt: skip

_SCRIPTS: dict[str, str] = {
    "CYRILLIC": "ru", "ARABIC": "ar", "DEVANAGARI": "hi", "HANGUL": "ko", "GREEK": "el",
    "HEBREW": "he", "THAI": "th", "BENGALI": "bn", "TAMIL": "ta", "GEORGIAN": "ka",
    "ARMENIAN": "hy",
}  # fmt: skip
_KANA = frozenset({"HIRAGANA", "KATAKANA"})

# Characters per word where words are not spaced, to weigh them against words that are.
_HAN_PER_WORD, _KANA_PER_WORD = 1.6, 2.5
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MAX_CHARACTERS = 2_000
SHORT = 2  # words in Latin letters that say nothing of their language


def detect(text: str, last: str | None = None) -> str:
    """The ISO 639-1 code of the language of most of the words; `last` where the text is silent.

    `last` is the language of the person's message before, if any.
    """
    words, latin = _weighed(text)
    if last == CHINESE and "CJK" in words:
        words["CJK"] += 1  # whoever mixes goes on in Chinese: 感觉要 get fired
    if not words or not max(words.values()):
        return last or ENGLISH
    leading = max(words, key=lambda script: words[script])
    if leading == "LATIN":
        return _among_latin(latin, last)
    return {"KANA": "ja", "CJK": CHINESE}.get(leading) or _SCRIPTS[leading]


def _weighed(text: str) -> tuple[dict[str, float], list[str]]:
    """The weight of each script's words, "LATIN" still undivided, and the words in that."""
    words: defaultdict[str, float] = defaultdict(float)
    latin: list[str] = []
    # A link is no language.
    for token in _TOKEN.findall(re.sub(r"https?://\S+|@\w+", " ", text[:MAX_CHARACTERS])):
        scripts = Counter(_script(character) for character in token)
        for script, count in scripts.items():
            if script == "CJK":
                # A lone 刚 or 了 among foreign words is a word.
                words["CJK"] += max(1.0, count / _HAN_PER_WORD)
            elif script in _KANA:
                words["KANA"] += count / _KANA_PER_WORD
            elif script == "LATIN":
                words["LATIN"] += 1
                latin.append(token.lower().replace("’", "'"))
            elif script in _SCRIPTS:
                words[script] += 1
    if words["KANA"]:
        words["KANA"] += words.pop("CJK", 0)
    return words, latin


def _among_latin(words: list[str], last: str | None) -> str:
    scores: Counter[str] = Counter()
    for word in words:
        for language, small in _WORDS.items():
            scores[language] += 2 * (word in small)
        for letter in set(word) & _LETTERS.keys():
            scores[_LETTERS[letter]] += 1
    best = max(scores.values(), default=0)
    leaders = [language for language, score in scores.items() if score == best]
    at_home = last if last in _WORDS else ENGLISH
    if best == 0:
        # "ok", "haha" or a name are written in any language; a whole line is not.
        return last or ENGLISH if len(words) <= SHORT else at_home
    return at_home if at_home in leaders else leaders[0]


def _script(character: str) -> str:
    if character.isascii():
        return "LATIN"
    return unicodedata.name(character, "OTHER").split(" ")[0].split("-")[0]
