"""Expansion of a word of a shell script to the fields that a command gets."""

import re
from collections.abc import Callable, Iterator, Sequence

from virtscan.offload.persistence.shell.language.tokens import quoted_end

Word = str | None
"""A field; None stands for any number of fields with unknown text."""
Lookup = Callable[[str], tuple[Word, ...]]
"""Returns the value of a variable: several fields for `@` and arrays."""

SOME_TEXT = "\1"
"""A character in a field that stands for any text, such as the rest of a file name that is not known."""

BLANKS = " \t\n"
"""The default value of IFS."""
_VARIABLE = re.compile(
    r"\$(?:\{([A-Za-z_]\w*|[0-9@*#?]+)(\[[@*]\])?(?:(:?)[-=]([^{}]*)|:?\?[^{}$`\"'\\]*)?\}|([A-Za-z_]\w*|[0-9@*#?$!]))"
)
_PLAUSIBLE = re.compile(r"\$\{[#!]?(\w+|[@*#?$!-])(\[.*\])?([-=+%#/^,:@?].*)?\}", re.DOTALL)
_PLAUSIBLE_IN_DASH = re.compile(r"\$\{(#?(\w+|[@*#?$!-])|(\w+|[@*#?$!-])(:?[-=+?]|%|#).*)\}", re.DOTALL)
_PROGRAM = re.compile(r"[$`]\(?\s*(?:command -v|which|type -p)\s+([\w.-]+)\s*(?:2>\S+\s*)?[)`]")
"""A substitution that gives the path of a program, or nothing if the program is missing."""
_OF_BASH = re.compile(r"[$`]\(?\s*type\s+-")
_INSERTED = re.compile(r"\$(?:\w+|[#?$!]|\{[^{}]*\}|\([^()]*\))|`[^`]*`")
_VALUE = r"[-+~!\s]*(?:[A-Za-z_]\w*|0[xX][\da-fA-F]+|\d+)\s*"
_BINARY = r"(?:&&|\|\||<<|>>|[<>=!]=|[-+*/%<>&|^])"
_OPERATOR = r"(?:<<|>>|[-+*/%&^|])"
_ASSIGNS = rf"[A-Za-z_]\w*\s*{_OPERATOR}?=(?!=)"
_ARITHMETIC = re.compile(rf"(?!.*(?:\+\+|--))(?:\s*{_ASSIGNS})*{_VALUE}(?:{_BINARY}{_VALUE})*", re.DOTALL)
"""An expression of POSIX without brackets and conditional operators; dash ends at any other."""
_DIVISION = re.compile(r"[/%](?!\s*[1-9])|(?<!\w)0[0-7]*[89]")
_SET = re.compile(rf"([A-Za-z_]\w*)(?:\[[^]]*\])?\s*(?:{_OPERATOR}?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)")
_BASE, _ELEMENT = re.compile(r"\b(\d+)#(\w+|(?=[$]))"), re.compile(r"(?<=\w)\[[\w$]+\]")
_OF_BASH_ALONE = re.compile(
    r"\$\[(.*)\]|\$\{[#!]?(?:\w+|[@*])(?:\[([^]]*)\])?(?::(?![-=?+])(.*))?.*\}"
    r"|([A-Za-z_]\w*\[(?:[^]]*|\s*-.*\]\+?=.*))|[A-Za-z_]\w*\[(.*?)\]\+?=.*",
    re.DOTALL,
)
"""Arithmetic in `$[ ]`, in `${NAME:START:LENGTH}`, and in the place in an array, which may end in the next word."""
_INNERMOST = re.compile(r"\(([^()?:]*)\)|\?([^()?:]*):")
_NUMBER = re.compile(r"\s*(?:[-+]?(?:0[xX][\da-fA-F]+|0[0-7]*|[1-9]\d*))?\s*")
_HOME = re.compile(r"(?:[^'\"\\$`]*[=:])?~")
"""The home of a user at the start of a word, or of a part of a value."""
_FILES = re.compile(r"[*?]|\[[^]]+\]")
_BRACES = re.compile(r"\{[^{}]*(?:,|\.\.)[^{}]*\}")


def expand(word: str, lookup: Lookup, *, split: bool = True, matches_files: bool = True) -> list[Word]:
    """Expand one word.

    Args:
        word: The word as written.
        lookup: The variables.
        split: False for a word that is neither split nor matched with file names: in `[[`, `case`, an assignment.
        matches_files: False after `set -f`, with which patterns are plain words.
    """
    return _Expansion(lookup, split=split, matches_files=matches_files).fields_of(word)


def expand_pattern(word: str, lookup: Lookup) -> Word:
    """Expand a word that is a pattern; None if its text or what is quoted is unknown, or if shells differ on it."""
    text = (*expand(word, lookup, split=False), None)[0]
    is_quoted = re.search(r"['\"\\]", word) and re.search(r"[*?\[]", text or "")
    return None if is_quoted or re.search(rf"\[[\^\[]|{SOME_TEXT}", text or "") else text


def file_pattern(word: str, lookup: Lookup) -> str | None:
    """Return the pattern of absolute paths that a word gives; None for any other word."""
    bare = re.sub(r"\"[^\"]*\"|'[^']*'|\\.|\$(\w+|\{\w+\})", "", word)
    text = (*expand(word, lookup, split=False), None)[0]
    if text is None or not re.match(r"/[^*?[{]*[*?]", text) or re.search(r"[\[{`$]", bare):
        return None
    return text if re.findall(r"[*?[]", text) == re.findall(r"[*?]", bare) else None


def substituted(word: str) -> Iterator[str]:
    """Yield the commands in `$( )` and backquotes, which run when a word is expanded."""
    for part in expansions(word):
        if part[0] == "`":
            yield re.sub(r"\\([$`\\])", r"\1", part[1:-1])
        elif part.startswith("$(") and not part.startswith("$(("):
            yield part[2:-1]


def needed(word: str) -> Iterator[str]:
    """Yield the variables that a word uses without a default."""
    for part in expansions(word):
        if part.startswith("$(("):
            yield from re.findall(r"[A-Za-z_]\w*", part)
        found = _VARIABLE.match(part)
        if found is not None and found[4] is None:
            yield found[1] or found[5]


def assigned_in(word: str, lookup: Lookup) -> Iterator[tuple[str, tuple[Word, ...]]]:
    """Yield the variables that expansions set, with their values: `${NAME:=WORD}`, and assignments in arithmetic."""
    for part in expansions(word):
        if (found := re.match(r"\$\{([A-Za-z_]\w*):?=", part)) is not None:
            yield found[1], tuple(expand(part, lookup, split=False))
        elif part.startswith("$(("):
            yield from ((name, (None,)) for names in _SET.findall(part) for name in names if name)


def has_invalid_arithmetic(word: str, lookup: Lookup, *, is_bash: bool) -> bool:
    """Return True if an expansion may be a division by zero, or arithmetic that the shell refuses."""
    arithmetic = [part[3:-2] for part in expansions(word) if part.startswith("$((")]
    if is_bash:
        found = [match for part in (word, *expansions(word)) if (match := _OF_BASH_ALONE.fullmatch(part))]
        inner = [text.replace('"', "") for match in found for text in match.groups("")]
        more = [part for text in inner for part in (re.split(r":(?![^{]*\})", text) if "?" not in text else [text])]
        arithmetic += [text for text in more if text.strip() not in {"", "@", "*"}]
        arithmetic = [_ELEMENT.sub("", _BASE.sub(_digits, part)) for part in arithmetic]
        arithmetic = [re.sub(r"\*\*(?!\s*-)", "*", part) for part in arithmetic]
        arithmetic = [re.sub(r"\+\+|--", "", part).replace(",", "+") for part in arithmetic]
    return any(_DIVISION.search(part) or not _is_valid(part, lookup) for part in arithmetic)


def _digits(number: re.Match[str]) -> str:
    """Return a number in a base as another one; unchanged with a digit that the base does not have."""
    base = int(number[1])
    is_valid = 2 <= base <= 64 and (base > 36 or all(int(digit, 36) < base for digit in number[2] if digit != "_"))
    return number[2] and "1" if is_valid else number[0]


def may_fail(word: str, is_set: Callable[[str], bool], lookup: Lookup, *, is_bash: bool) -> bool:
    """Return True if an expansion other than arithmetic may end a script.

    Such are `${NAME?}`, `${NAME:?}`, an invalid one, and in dash one that only bash has.
    """
    plausible = _PLAUSIBLE if is_bash else _PLAUSIBLE_IN_DASH
    for part in expansions(word):
        if not is_bash and _OF_BASH.match(part):
            return True
        if part.startswith("${"):
            needs = re.match(r"\$\{(\w+)(:?)\?", part)
            if not plausible.fullmatch(part):
                return True
            if needs and not (is_set(needs[1]) and (not needs[2] or any(lookup(needs[1])))):
                return True
    return False


def _is_valid(expression: str, lookup: Lookup) -> bool:
    """Return True if dash accepts an arithmetic expression; an unknown value is assumed to be a number."""
    names = re.findall(r"(?<!\w)[A-Za-z_]\w*|(?<=\$)\d", expression)
    values = [value for name in names for value in lookup(name)[:1] if value is not None]
    text = _INSERTED.sub("1", expression)
    parts = []
    while (part := _INNERMOST.search(text)) is not None:
        parts.append(part[part.lastindex or 0])
        text = f"{text[: part.start()]}{' 1 ' if part.lastindex == 1 else '*'}{text[part.end() :]}"
    return all(map(_ARITHMETIC.fullmatch, (*parts, text))) and all(map(_NUMBER.fullmatch, values))


def expansions(word: str, *, quoted: bool = False) -> Iterator[str]:
    """Yield the expansions in a word, including nested ones."""
    place = 0
    while place < len(word):
        char, start = word[place], place
        if char not in "'\"`$\\" or (quoted and char == "'"):
            place += 1
            continue
        place = quoted_end(word, start)
        if char == '"':
            yield from expansions(word[start + 1 : place - 1], quoted=True)
        elif char == "$" and place == start + 1:
            yield word[start:]
        elif char in "`$":
            yield word[start:place]
            if not word.startswith("$(", start) or word.startswith("$((", start):
                yield from expansions(word[start + 2 : place - 1], quoted=True) if char == "$" else ()


class _Expansion:
    def __init__(self, lookup: Lookup, *, split: bool, matches_files: bool) -> None:
        self._lookup = lookup
        self._split = split
        self._matches_files = matches_files
        self._fields: list[Word] = []
        self._text = ""
        self._known = True
        self._present = False

    def fields_of(self, word: str) -> list[Word]:
        place = 0
        self._known = not _HOME.match(word)
        while place < len(word):
            if word[place] in "'\"`$\\":
                end = quoted_end(word, place)
                if word[place] == "$":
                    end = max(end, self._variable_end(word, place))
                if word[place:end] == "$" and word[end : end + 1] in {"'", '"'}:  # bash decodes or translates it
                    self._known = False
                self._part(word[place:end])
            else:
                end = next((at for at in range(place, len(word)) if word[at] in "'\"`$\\"), len(word))
                text = word[place:end]
                if self._split and (_BRACES.search(text) or (self._matches_files and _FILES.search(text))):
                    self._known = False
                self._add(word[place:end])
            place = end
        self._finish()
        return self._fields

    def _part(self, part: str) -> None:
        match part[0]:
            case "'":
                self._add(part[1:-1])
            case "\\":
                self._add("" if part[1:] == "\n" else part[1:])
            case '"':
                self._double_quoted(part[1:-1])
            case _:
                self._substitute(part, quoted=False)

    def _double_quoted(self, text: str) -> None:
        self._present = self._present or not text
        place = 0
        while place < len(text):
            end = place + 1
            if text[place] == "\\":
                end += 1
                escaped = text[place + 1 : end]
                self._add("" if escaped == "\n" else escaped if escaped in {"$", "`", '"', "\\"} else text[place:end])
            elif text[place] in "$`":
                end = quoted_end(text, place)
                if text[place] == "$":
                    end = max(end, self._variable_end(text, place))
                self._substitute(text[place:end], quoted=True)
            else:
                self._add(text[place])
            place = end

    @staticmethod
    def _variable_end(text: str, place: int) -> int:
        found = _VARIABLE.match(text, place)
        return place + 1 if found is None else found.end()

    def _substitute(self, part: str, *, quoted: bool) -> None:
        if part == "$":
            self._add(part)
            return
        if (program := _PROGRAM.fullmatch(part)) is not None:
            self._add("/sbin/ethtool" if program[1] == "ethtool" else f"{SOME_TEXT}/{program[1]}")
            return
        found = _VARIABLE.fullmatch(part)
        values = (None,) if found is None else self._value(found)
        several = found is not None and ((found[1] or found[5]) == "@" or found[2] == "[@]")
        if quoted and not several:
            known = [value for value in values if value is not None]
            joined = len(values) < 2 or self._splits_as_usual()
            self._known = self._known and len(known) == len(values) and joined
            self._add(" ".join(known))
        elif quoted or not self._split:
            self._several(list(values))
        else:
            self._several([word for value in values for word in self._fields_in(value)])

    def _value(self, found: re.Match[str]) -> tuple[Word, ...]:
        name = found[1] or found[5]
        values = self._lookup(name)
        if not found[2] and name not in {"@", "*"}:
            values = values[:1]  # of an array
        if found[4] is not None and not (any(values) if found[3] else values):
            return (None,) if None in values or re.search(r"[$`\"'\\]", found[4]) else (found[4],)
        return values

    def _splits_as_usual(self) -> bool:
        return self._lookup("IFS") in {(BLANKS,), ()}

    def _fields_in(self, value: Word) -> Sequence[Word]:
        if value is None:
            return [None]
        if not self._splits_as_usual():
            separators = self._lookup("IFS")
            if None in separators or re.search(r"\W", value) or not {*value}.isdisjoint("".join(map(str, separators))):
                return [None]
        return [None if self._matches_files and _FILES.search(word) else word for word in value.split()]

    def _several(self, values: list[Word]) -> None:
        for number, value in enumerate(values):
            if number:
                self._finish()
            if value is None:
                self._known = False
                self._present = True
            else:
                self._add(value)

    def _add(self, text: str) -> None:
        self._text += text
        self._present = True

    def _finish(self) -> None:
        if self._present or not self._split:
            self._fields.append(self._text if self._known else None)
        self._text, self._known, self._present = "", True, False
