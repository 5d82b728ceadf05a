"""Writes the pages and tables that follow from the code; with --check it only says whether they are in step.

Generated are docs/catalogue.md, docs/commands.md, docs/conventions.md, losscli/schemas/ and, in README.md, what stands
between marks such as `<!-- output: losscli ... -->` and `<!-- end -->`: the output of that very command.
"""

import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from docs.result_schema import result_schema  # noqa: E402 - this checkout, wherever the script is started
from losscli.catalogue import all_losses  # noqa: E402
from losscli.reports.catalogue import catalogue_page  # noqa: E402
from losscli.reports.conventions import conventions_page  # noqa: E402
from tests.cli import run_process  # noqa: E402

COMMANDS = (
    *("compute", "compare", "check", "init", "list", "explain", "inspect", "weights", "worst"),
    *("merge", "verify", "schema"),
)
MARKED = re.compile(r"(<!-- output: (?P<line>[^\n]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
WIDTH = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}


def main() -> int:
    """Write or check; the exit code is 1 where a page is out of step."""
    pages = {
        ROOT / "docs" / "catalogue.md": catalogue_page(list(all_losses())),
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "conventions.md": conventions_page(list(all_losses())),
        ROOT / "losscli" / "schemas" / "result-1.json": result_schema(),
        ROOT / "README.md": filled((ROOT / "README.md").read_text()),
    }
    stale = [page for page, text in pages.items() if not page.exists() or page.read_text() != text]
    for page in stale:
        print(f"{page.relative_to(ROOT)} is out of step with the code: make docs writes it again")
        if "--check" not in sys.argv:
            page.write_text(pages[page])
    return 1 if stale and "--check" in sys.argv else 0


def commands_page() -> str:
    """The help of every command, as it is printed."""
    parts = ["# Commands", "", "Generated from `--help` by `make docs`."]
    for words in ([], *([name] for name in COMMANDS)):
        name = " ".join(["losscli", *words])
        parts += ["", f"## {name}", "", "```text", run(f"{name} --help"), "```"]
    return "\n".join(parts) + "\n"


def filled(text: str) -> str:
    """The text with the output of each marked command."""

    def output(match: re.Match[str]) -> str:
        return f"{match[1]}```text\n$ {match['line']}\n{run(match['line'])}\n```\n{match[4]}"

    return MARKED.sub(output, text)


def run(line: str) -> str:
    """What a command line prints on standard output."""
    outcome = run_process(shlex.split(line)[1:], env=WIDTH)
    if outcome.code != 0:
        raise SystemExit(f"{line} ended with {outcome.code}: {outcome.err}")
    return outcome.out.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main())
