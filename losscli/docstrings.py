"""Reads the docstring of a loss: a summary, and sections that begin with `Name:` at the margin."""

import inspect
import re

from losscli.records import dataclass

_SECTION = re.compile(r"^([A-Z][a-z]+):(?: (.*))?$")
_ENTRY = re.compile(r"^([\w-]+): (.*)$")


@dataclass(frozen=True, slots=True)
class Docstring:
    """The parts of a docstring.

    Attributes:
        summary: the first paragraph in one line.
        sections: the text of each section by its name.
        arguments: what is said of each role and parameter.
    """

    summary: str
    sections: dict[str, str]
    arguments: dict[str, str]

    @classmethod
    def parse(cls, text: str) -> "Docstring":
        """Split a docstring into its parts."""
        paragraphs = inspect.cleandoc(text).split("\n\n", 1)
        sections: dict[str, list[str]] = {}
        current: list[str] = []
        for line in (paragraphs[1] if len(paragraphs) > 1 else "").splitlines():
            heading = _SECTION.match(line)
            if heading:
                current = sections.setdefault(heading[1], [])
                if heading[2]:
                    current.append(heading[2])
            else:
                current.append(line.removeprefix("    "))
        texts = {name: "\n".join(lines).strip() for name, lines in sections.items()}
        return cls(" ".join(paragraphs[0].split()), texts, _entries(texts.get("Args", "")))

    @property
    def libraries(self) -> dict[str, str]:
        """What is said of each library that has the loss, or has it not, by its name."""
        return _entries(self.sections.get("Libraries", ""))


def _entries(text: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        start = _ENTRY.match(line)
        if start:
            name = start[1]
            entries[name] = start[2]
        elif name and line.strip():
            entries[name] += " " + line.strip()
    return entries
