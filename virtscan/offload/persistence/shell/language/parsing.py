"""The parser proper: from operators and words to a syntax tree."""

import re
from collections.abc import Iterator
from itertools import pairwise

from virtscan.offload.persistence.shell.language import syntax
from virtscan.offload.persistence.shell.language.syntax import Block, Dialect, Node, ShellSyntaxError
from virtscan.offload.persistence.shell.language.tokens import Token, tokenize

_ENDS = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_NAME = re.compile(r"[A-Za-z_][\w.:-]*")
_DEPTH = 60
_END = Token("", operator=True)


def parse(script: str, *, dialect: Dialect = Dialect.BASH) -> Block:
    """Parse a script.

    Args:
        script: The text.
        dialect: The shell that runs it, which may refuse some syntax of bash.

    Raises:
        ShellSyntaxError: It is not a shell script, or it has unsupported syntax.
    """
    return tuple(node for line in parse_lines(script, dialect=dialect) for node in line)


def parse_lines(script: str, *, dialect: Dialect) -> Iterator[Block]:
    """Parse a script and yield the commands of each line; a command that takes several lines counts as one."""
    parser = _Parser(tokenize(script, dialect=dialect), dialect)
    block = parser.block()
    if parser.token is not _END:
        raise ShellSyntaxError(f"unexpected {parser.token.text!r}")
    return (block[start:end] for start, end in pairwise((*parser.lines, len(block))) if start < end)


class _Parser:
    def __init__(self, tokens: list[Token], dialect: Dialect) -> None:
        self._tokens = tokens
        self._dialect = dialect
        self._place = 0
        self._depth = 0
        self.lines = [0]
        self._files: list[tuple[str, str]] = []
        self._names: list[str] = []
        self._open = {"0", "1", "2"}

    @property
    def token(self) -> Token:
        return self._tokens[self._place] if self._place < len(self._tokens) else _END

    def block(self) -> Block:
        """Parse commands up to a word or operator that ends them."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise ShellSyntaxError("nested too deeply")
        found: list[Node] = []
        while True:
            while self._at_operator("\n", ";"):
                if self._depth == 1 and self._at_operator("\n"):
                    self.lines.append(len(found))
                self._place += 1
            if self.token is _END or self._at_operator(")", ";;", ";&", ";;&") or self._at_word(*_ENDS):
                self._depth -= 1
                return tuple(found)
            node = self._and_or()
            if self._at_operator("&"):
                self._place += 1
                node = syntax.GroupCommand(body=(node,), subshell=True, background=True)
            found.append(node)

    def _and_or(self) -> Node:
        first = self._pipe()
        rest: list[tuple[str, Node]] = []
        while self._at_operator("&&", "||"):
            operator = self._next().text
            self._skip_lines()
            rest.append((operator, self._pipe()))
        return syntax.AndOr(first=first, rest=tuple(rest)) if rest else first

    def _pipe(self) -> Node:
        negated = self._at_word("!")
        self._place += negated
        commands = [self._command()]
        while self._at_operator("|"):
            self._place += 1
            self._skip_lines()
            commands.append(self._command())
        if len(commands) == 1 and not negated:
            return commands[0]
        return syntax.Pipe(commands=tuple(commands), negated=negated)

    def _command(self) -> Node:
        outer, self._files, self._names = (self._files, self._names), [], []
        body = self._body_of_command()
        files, names = tuple(self._files), tuple(self._names)
        self._files, self._names = outer
        return syntax.Redirected(body=body, files=files, names=names) if files or names else body

    def _body_of_command(self) -> Node:  # noqa: PLR0911  a table of commands
        if self._at_operator("("):
            return self._group(")", subshell=True)
        match "" if self.token.operator else self.token.text:
            case "{":
                return self._group("}", subshell=False)
            case "if":
                return self._if()
            case "for":
                return self._for()
            case "while" | "until":
                return self._loop()
            case "case":
                return self._case()
            case "function":
                return self._function()
            case "[[":
                return self._double_bracket()
        following = self._tokens[self._place + 1 : self._place + 3]
        if not self.token.operator and following == [Token("(", operator=True), Token(")", operator=True)]:
            return self._function()
        return self._simple()

    def _simple(self) -> Node:
        words: list[str] = []
        documents: list[str] = []
        while True:
            if not self.token.operator:
                words.append(self._next().text)
            elif (document := self._redirection()) is None:
                break
            else:
                documents.append(document)
        if (not words and not documents) or words[:1] == ["!"]:
            raise ShellSyntaxError(f"unexpected {self.token.text!r}")
        return syntax.Simple(words=tuple(words), document="\n".join(documents))

    def _redirection(self) -> str | None:
        """Skip a redirection and return the here-document or the file; None without a redirection."""
        operator, descriptor = self.token.text, self.token.descriptor
        if not re.fullmatch(r"&?[<>].*", operator):
            return None
        self._place += 1
        document, word = self.token.document, self._word()
        duplicates = operator in {"<&", ">&"}
        if duplicates and self._dialect is Dialect.UNKNOWN and not re.match(r"\d|-|.*[$`]", word):
            raise ShellSyntaxError("a file descriptor that dash refuses")
        is_open = duplicates and word.removesuffix("-") in self._open
        if "<<" not in operator and not is_open:
            commands = "(" if re.match(r"\$\((?!\()", word) else ""  # of `>( )`
            self._files.append((f"{operator}{commands}", word))
        self._open.add(descriptor)
        if descriptor.startswith("{"):
            self._names.append(descriptor[1:-1])
        return word if operator in {"<<<", "<"} else document

    def _redirections(self) -> None:
        while self._redirection() is not None:
            pass

    def _double_bracket(self) -> Node:
        words: list[str] = []
        while words[-1:] != ["]]"]:
            if self.token is _END or self._at_operator("\n", ";"):
                raise ShellSyntaxError("[[ is not closed")
            words.append(self._next().text)
        return syntax.Simple(words=tuple(words))

    def _group(self, closing: str, *, subshell: bool) -> Node:
        self._place += 1
        body = self.block()
        self._expect(closing)
        self._redirections()
        return syntax.GroupCommand(body=body, subshell=subshell)

    def _if(self) -> Node:
        branches: list[tuple[Block, Block]] = []
        otherwise: Block = ()
        while self._at_word("if", "elif"):
            self._place += 1
            condition = self.block()
            self._expect("then")
            branches.append((condition, self.block()))
        if self._at_word("else"):
            self._place += 1
            otherwise = self.block()
        self._expect("fi")
        self._redirections()
        return syntax.If(branches=tuple(branches), otherwise=otherwise)

    def _for(self) -> Node:
        self._place += 1
        name = self._word()
        if not _NAME.fullmatch(name):
            raise ShellSyntaxError(f"a loop over {name!r}")
        self._skip_lines()
        words = ['"$@"']
        if self._at_word("in"):
            self._place += 1
            words = []
            while not self.token.operator:
                words.append(self._next().text)
        return syntax.For(name=name, words=tuple(words), body=self._body())

    def _loop(self) -> Node:
        until = self._next().text == "until"
        condition = self.block()
        return syntax.Loop(condition=condition, body=self._body(), until=until)

    def _body(self) -> Block:
        while self._at_operator("\n", ";"):
            self._place += 1
        self._expect("do")
        body = self.block()
        self._expect("done")
        self._redirections()
        return body

    def _case(self) -> Node:
        self._place += 1
        word = self._word()
        self._skip_lines()
        self._expect("in")
        branches: list[tuple[tuple[str, ...], Block]] = []
        self._skip_lines()
        while not self._at_word("esac"):
            if self._at_operator("("):
                self._place += 1
            patterns = [self._word()]
            while self._at_operator("|"):
                self._place += 1
                patterns.append(self._word())
            self._expect(")")
            branches.append((tuple(patterns), self.block()))
            if self._at_operator(";&", ";;&"):
                raise ShellSyntaxError("a branch that leads to the next")
            if self._at_operator(";;"):
                self._place += 1
            self._skip_lines()
        self._place += 1
        self._redirections()
        return syntax.CaseCommand(word=word, branches=tuple(branches))

    def _function(self) -> Node:
        if self._at_word("function"):
            if self._dialect is Dialect.UNKNOWN:
                raise ShellSyntaxError("a keyword of bash")
            self._place += 1
        name = self._word()
        if self._at_operator("("):
            self._place += 1
            self._expect(")")
        self._skip_lines()
        return syntax.Function(name=name, body=self._command())

    def _at_operator(self, *texts: str) -> bool:
        return self.token.operator and self.token.text in texts

    def _at_word(self, *texts: str) -> bool:
        return not self.token.operator and self.token.text in texts

    def _skip_lines(self) -> None:
        while self._at_operator("\n"):
            self._place += 1

    def _next(self) -> Token:
        token = self.token
        self._place += 1
        return token

    def _word(self) -> str:
        if self.token.operator:
            raise ShellSyntaxError(f"unexpected {self.token.text!r}")
        return self._next().text

    def _expect(self, text: str) -> None:
        if self._next().text != text:
            raise ShellSyntaxError(f"{text!r} is missing")
