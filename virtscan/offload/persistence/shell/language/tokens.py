"""Tokenizer of shell scripts: operators and words, without comments and line continuations."""

import re

import msgspec

from virtscan.offload.persistence.shell.language.syntax import Dialect, ShellSyntaxError

_OPERATOR = re.compile(r"&&|\|\||;;&|;;|;&|&>>|&>|<<<|<<-|<<|>>|>&|<&|>\||<>|[\n;&|()<>]")
_BLANK = re.compile(r"(?:[ \t]|\\\n)+|#.*")
_PLAIN = re.compile(r"[^ \t\n;&|()<>'\"`$\\]+")
_WITH_ESCAPES = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_SIMPLE_ESCAPES = re.compile(r"(?:[\0-\x5b\]-\x7f]|\\[abfnrtv\\\"]|\\[0-7]{1,3})*")
_ARRAY = re.compile(r"[A-Za-z_]\w*\+?=")
_REFUSED = {
    Dialect.BASH: re.compile("(?!)"),
    Dialect.POSIX_BASH: re.compile(r"[<>]\("),
    Dialect.UNKNOWN: re.compile(r"[<>]\(|<<<|[A-Za-z_]\w*\+?=\(|\{[A-Za-z_]\w*\}[<>]"),
}
"""Syntax that a shell may refuse: bash before 5.1 has no process substitution in POSIX mode."""
_DESCRIPTOR = re.compile(r"\d+|\{[A-Za-z_]\w*\}")
"""The number of a file descriptor, or the variable that gets it."""
_BEFORE_COMMANDS = frozenset({"if", "elif", "then", "else", "while", "until", "do", "!", "{"})
_CLOSING = {"(": ")", "{": "}", "[": "]"}


class Token(msgspec.Struct, frozen=True):
    """An operator or a word as written; after `<<` a word has its here-document.

    `descriptor` is the number before a redirection.
    """

    text: str
    operator: bool = False
    document: str = ""
    descriptor: str = ""


def tokenize(text: str, *, dialect: Dialect) -> list[Token]:
    """Split a script.

    Raises:
        ShellSyntaxError: A quote or bracket is not closed, or a shell that may run it refuses its syntax.
    """
    tokens: list[Token] = []
    pending: list[int] = []
    place = 0
    descriptor = ""
    while place < len(text):
        if (blank := _BLANK.match(text, place)) is not None:
            place = blank.end()
        elif _REFUSED[dialect].match(text, place):
            raise ShellSyntaxError("syntax of another shell")
        elif (bracketed := _bracketed(text, place, tokens[-1:])) is not None:
            found, place = bracketed
            tokens += found
        elif (operator := _OPERATOR.match(text, place)) is not None:
            place = operator.end()
            tokens.append(Token(operator[0], operator=True, descriptor=descriptor))
            descriptor = ""
            if operator[0] == "\n":
                for number in pending:
                    is_indented = tokens[number - 1].text == "<<-"
                    tokens[number], place = _with_document(tokens[number], text, place, is_indented=is_indented)
                pending = []
        else:
            end = word_end(text, place)
            if _DESCRIPTOR.fullmatch(text, place, end) and text[end : end + 1] in {"<", ">"}:
                descriptor, place = text[place:end], end
                continue
            if tokens and tokens[-1].text in {"<<", "<<-"}:
                pending.append(len(tokens))
            word = text[place:end]
            tokens.append(Token(word if dialect is Dialect.UNKNOWN else _decoded(word)))
            place = end
    return tokens


def _bracketed(text: str, place: int, before: list[Token]) -> tuple[list[Token], int] | None:
    """Return `<( )` as a word with commands or `(( ))` as `let`, and the index after it; None if there is neither."""
    if text.startswith(("<(", ">("), place):
        end = _bracket_end(text, place + 1)
        return [Token(f"$( {text[place + 2 : end]}")], end  # the blank tells it from arithmetic
    if text.startswith("((", place) and all(token.operator or token.text in _BEFORE_COMMANDS for token in before):
        end = _bracket_end(text, place)
        expression = text[place + 2 : end - 2].replace('"', "")
        return [Token("let"), Token(f'"{expression}"')], end
    return None


def word_end(text: str, start: int) -> int:
    """Return the index after the word that starts here.

    Raises:
        ShellSyntaxError: A quote or bracket is not closed.
    """
    place = start
    while place < len(text):
        if (found := _PLAIN.match(text, place) or _WITH_ESCAPES.match(text, place)) is not None:
            if r"\'" in found[0]:  # which ends there in dash
                raise ShellSyntaxError("an escaped quote")
            place = found.end()
        elif text[place] in "'\"`$\\":
            place = quoted_end(text, place)
        elif text[place] == "(" and _ARRAY.fullmatch(text, start, place):
            place = _bracket_end(text, place)
        else:
            break
    return place


def _decoded(word: str) -> str:
    r"""Return a word with its escapes of bash, as in `$'\n'`, in plain quotes."""
    parts, place = [], 0
    while place < len(word):
        start = place
        if (found := _WITH_ESCAPES.match(word, place)) is not None:
            place = found.end()
            text = found[1].encode().decode("unicode_escape") if _SIMPLE_ESCAPES.fullmatch(found[1]) else None
            parts.append(found[0] if text is None else "'{}'".format(text.replace("'", "'\\''")))
            continue
        place = quoted_end(word, place) if word[place] in "'\"`$\\" else place + 1
        parts.append(word[start:place])
    return "".join(parts)


def quoted_end(text: str, start: int) -> int:
    """Return the index after the quoted text, escape or expansion that starts here.

    Raises:
        ShellSyntaxError: It is not closed.
    """
    char = text[start]
    if char == "\\":
        return start + 2
    if char == "$":
        return _bracket_end(text, start + 1) if text[start + 1 : start + 2] in _CLOSING else start + 1
    place = start + 1
    while place < len(text):
        if text[place] == char:
            return place + 1
        if char == '"' and text[place] in "\\$`":
            place = quoted_end(text, place)
        else:
            place += 2 if char == "`" and text[place] == "\\" else 1
    raise ShellSyntaxError(f"{char} is not closed")


def _bracket_end(text: str, start: int) -> int:
    opening, closing = text[start], _CLOSING[text[start]]
    depth, place = 0, start
    commands = opening == "(" and not text.startswith("((", start)
    while place < len(text):
        if commands and text.startswith("<<", place):
            raise ShellSyntaxError("a here-document in brackets")
        if commands and text[place] == "#" and text[place - 1] in " \t\n;&|(":
            place = _line_end(text, place)
            continue
        if text[place] in "'\"`\\":
            place = quoted_end(text, place)
            continue
        depth += (text[place] == opening) - (text[place] == closing)
        place += 1
        if depth == 0:
            return place
    raise ShellSyntaxError(f"{opening} is not closed")


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _with_document(delimiter: Token, text: str, start: int, *, is_indented: bool) -> tuple[Token, int]:
    """Return a delimiter with the here-document that starts here, and the index after it."""
    word = delimiter.text.replace("\\\n", "")
    wanted = re.sub(r"[\"'\\]", "", word)
    place, lines = start, []
    while place < len(text):
        end = _line_end(text, place)
        while word == wanted and text.startswith("\\\n", end - 1):  # without quotes, a line is continued
            end = _line_end(text, end + 1)
        line, place = text[place:end], end + 1
        if (line.lstrip("\t") if is_indented else line) == wanted:
            break
        lines.append(line)
    return Token(delimiter.text, document="\n".join(lines)), min(place, len(text))
