"""The options of the gate."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from losscli.cli.flags import flag_option, text_option
from losscli.cli.options import OutputOptions
from losscli.errors import UsageError
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.gates.rule import Rule

RULE_PANEL = "Rules"
BASELINE_PANEL = "Baseline"


@dataclass(frozen=True)
class GateOptions:
    """A rule on the command line, and what is done with rules."""

    config: Annotated[
        str | None,
        text_option(
            "--config",
            help="Configuration (default losscli.toml, or [tool.losscli] of pyproject.toml).",
            metavar="FILE",
            panel=RULE_PANEL,
        ),
    ] = None
    max: Annotated[
        str | None,
        text_option("--max", help="The loss must be at most so much.", metavar="LIMIT", panel=RULE_PANEL),
    ] = None
    min: Annotated[
        str | None,
        text_option("--min", help="The loss must be at least so much.", metavar="LIMIT", panel=RULE_PANEL),
    ] = None
    max_regression: Annotated[
        str | None,
        text_option(
            "--max-regression",
            help="So much worse than the baseline is allowed: 2%, or a number in units of the loss.",
            metavar="PERCENT|NUMBER",
            panel=RULE_PANEL,
        ),
    ] = None
    floor: Annotated[
        str | None,
        text_option(
            "--floor", help="Beside a percent: so much worse is always allowed.", metavar="NUMBER", panel=RULE_PANEL
        ),
    ] = None
    min_rows: Annotated[
        str | None,
        text_option("--min-rows", help="With fewer rows there is no verdict.", metavar="N", panel=RULE_PANEL),
    ] = None
    on: Annotated[
        str | None,
        text_option(
            "--on",
            help="What the limit holds: the value, or a bound of its interval (default value; lower for paired "
            "regressions).",
            metavar="value|upper|lower",
            panel=RULE_PANEL,
        ),
    ] = None
    severity: Annotated[
        str | None,
        text_option("--level", help="warn: the rule stops nothing.", metavar="error|warn", panel=RULE_PANEL),
    ] = None
    on_inconclusive: Annotated[
        str | None,
        text_option(
            "--on-inconclusive",
            help="Where nothing failed but a rule could not be decided: end with 1, or with 0 (default 4).",
            metavar="fail|warn|pass",
            panel=RULE_PANEL,
        ),
    ] = None
    update_limits: Annotated[
        bool,
        flag_option(
            "--update-limits",
            help="Write the present values into the configuration and show what changes.",
            panel=RULE_PANEL,
        ),
    ] = False
    slack: Annotated[
        str | None,
        text_option(
            "--slack",
            help="With --update-limits: how far limits are from the values: 5%, or a number.",
            metavar="PERCENT|NUMBER",
            panel=RULE_PANEL,
        ),
    ] = None
    baseline: Annotated[
        str | None,
        text_option(
            "--baseline",
            help="What to compare with: a model's name, a saved result, or a prediction file.",
            metavar="NAME|FILE",
            panel=BASELINE_PANEL,
        ),
    ] = None
    save_baseline: Annotated[
        str | None,
        text_option(
            "--save-baseline",
            help="Write the result, to compare later ones with.",
            metavar="FILE",
            panel=BASELINE_PANEL,
        ),
    ] = None
    missing_baseline: Annotated[
        str | None,
        text_option(
            "--missing-baseline",
            help="Where the baseline file does not exist: fail (default), warn, or create it from this run.",
            metavar="fail|warn|create",
            panel=BASELINE_PANEL,
        ),
    ] = None

    def rules(self, losses: Sequence[str], parameters: Mapping[str, Any]) -> "list[Rule]":
        """A rule for each loss of the command line; none where it has no limit and no loss.

        Raises:
            UsageError: a limit without a loss or a loss without a limit; a limit that is no number.
        """
        from losscli.gates.rule import rule_of
        from losscli.specs import parse_spec, with_parameters

        given = {
            "max": self.max,
            "min": self.min,
            "max_regression": self.max_regression,
            "floor": self.floor,
            "min_rows": self.min_rows,
            "on": self.on,
            "level": self.severity,
        }
        said = [f"--{name.replace('_', '-')}" for name, text in given.items() if text is not None]
        if said and not losses:
            raise UsageError(f"{' and '.join(said)} without a loss", hint="--loss NAME")
        if not losses:
            return []
        specs = with_parameters([parse_spec(text) for text in losses], parameters)
        return [rule_of(spec, **given) for spec in specs]

    def check_words(self) -> None:
        """Refuse a word that an option does not take, and an option that has nothing to act on.

        Raises:
            UsageError: with what is allowed.
        """
        from losscli.gates.configuration import MISSING_BASELINE, ON_INCONCLUSIVE

        words = (
            ("--on-inconclusive", self.on_inconclusive, ON_INCONCLUSIVE),
            ("--missing-baseline", self.missing_baseline, MISSING_BASELINE),
        )
        for flag, word, allowed in words:
            if word is not None and word not in allowed:
                raise UsageError(f"{flag} takes {' or '.join(allowed)}, not {word!r}")
        for flag, name in (("--config", self.config), ("--baseline", self.baseline)):
            if name == "":
                raise UsageError(f"{flag} names nothing", hint=f"{flag} FILE")
        if self.save_baseline == "":
            raise UsageError("--save-baseline names nothing", hint="--save-baseline FILE")
        if self.slack is not None and not self.update_limits:
            raise UsageError("--slack stands beside --update-limits", hint="leave it out, or add --update-limits")

    def check_update(self, losses: Sequence[str], output: OutputOptions) -> None:
        """Refuse what a run that writes limits has no use for.

        Raises:
            UsageError: rules on the line, or a place for a result.
        """
        given = {
            "--loss": losses,
            "--save-baseline": self.save_baseline,
            "--output": output.output,
            "--json": output.json,
        }
        for flag, value in given.items():
            if value:
                raise UsageError(
                    f"--update-limits writes the limits of the configuration, and {flag} has no use there",
                    hint="leave it out",
                )
