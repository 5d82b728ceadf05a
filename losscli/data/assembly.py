"""From what a command says of models, truth and keys to tables that have everything in them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from losscli.data.keys import Join, JoinKeys, truth_pairs
from losscli.data.left_out import LeftOut
from losscli.data.sources import STANDARD_INPUT, Source
from losscli.data.table import Table
from losscli.data.where import Condition
from losscli.errors import UsageError
from losscli.records import dataclass, field

if TYPE_CHECKING:
    from losscli.data.joined import Truth

Opener: TypeAlias = Callable[[], Table]


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model and the files with its predictions, one after the other."""

    name: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How several files, or the rows of one, become one table.

    Attributes:
        models: at least two models with their files, or none.
        model_column: the column whose values are the models; not with `models`.
        baseline: the model to put first.
    """

    truth: Source | None = None
    keys: JoinKeys | None = None
    models: tuple[ModelFiles, ...] = ()
    model_column: str | None = None
    baseline: str | None = None
    join: Join = "strict"

    @property
    def plain(self) -> bool:
        """Whether nothing is to be brought together."""
        return self.truth is None and not self.models and self.model_column is None

    def check(self, files: Sequence[Source]) -> None:
        """See that the parts go together.

        Args:
            files: the inputs that the command names besides.

        Raises:
            UsageError: they do not.
        """
        self._check_models(files)
        if self.keys is None and self.truth is not None:
            raise UsageError("--truth needs --key", hint="--key id, or --key id=NAME_IN_TRUTH")
        if self.keys is not None and self.plain:
            raise UsageError("--key pairs rows with --truth, --model or --model-column; none of them is given")
        if self.keys is None and self.join == "inner":
            raise UsageError("--join inner needs --key: rows that are paired by position all have a partner")
        if self.truth is None and self.keys is not None and self.keys.renamed:
            pair = self.keys.renamed[0]
            raise UsageError(f"--key {pair.here}={pair.there} names a column of --truth, which is not given")
        if [source.name for source in self.sources(files)].count(STANDARD_INPUT) > 1:
            raise UsageError("standard input can be read once", hint="name - only once")

    def _check_models(self, files: Sequence[Source]) -> None:
        names = [model.name for model in self.models]
        if self.models and files:
            raise UsageError(
                f"--model names the files of each model, but {files[0].name} is given besides",
                hint=f"for instance --model NAME={files[0].name}",
            )
        if self.models and self.model_column is not None:
            raise UsageError("models come from --model or from --model-column, not from both")
        for name in names:
            if names.count(name) > 1:
                raise UsageError(f"--model {name!r} is given twice", hint="files of one model: --model NAME='PATTERN'")
        if len(names) == 1:
            raise UsageError("--model is given once; it takes two to compare", hint="--model old=A --model new=B")
        if self.models and self.baseline is not None and self.baseline not in names:
            from difflib import get_close_matches

            near = get_close_matches(self.baseline, names, n=3) or names[:20]
            raise UsageError(
                f"--baseline {self.baseline!r} is none of the models", f"did you mean {' or '.join(map(repr, near))}?"
            )

    def sources(self, files: Sequence[Source]) -> list[Source]:
        """All inputs that are read, in the order of the command."""
        found = [*files, *(source for model in self.models for source in model.sources)]
        return [*found, self.truth] if self.truth is not None else found


@dataclass(slots=True)
class Assembly:
    """What the engine reads.

    Attributes:
        openers: one for each table; each may be called again, unless `read_once`.
        sources: all files that are read, the truth last.
        read_once: whether a table can be opened once only, because a model's or the predictions' input is a stream.
        notes: what is to be said of files that are not read.
    """

    sources: list[Source]
    read_once: bool
    openers: list[Opener] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _counted: dict[Any, LeftOut] = field(default_factory=dict)
    _others: set[Any] = field(default_factory=set)

    def counts(self, part: Any, *, baseline: bool = True) -> LeftOut:
        """Where a part counts what it leaves out, anew each time that it is opened."""
        if not baseline:
            self._others.add(part)
        self._counted[part] = LeftOut()
        return self._counted[part]

    @property
    def left_out(self) -> LeftOut:
        """What inner joins left out in the last reading of all tables, and what is said of files."""
        total = LeftOut()
        total.notes += self.notes
        for part, found in self._counted.items():
            total.absorb(found, predictions=part not in self._others)
        return total


def assembled(files: Sequence[Source], how: Arrangement, conditions: Sequence[Condition] = ()) -> Assembly:
    """The tables that the files make.

    With `--truth` alone, one for each file. With models, a single one, a `PanelTable` or a `PivotTable`.

    Args:
        files: the inputs of the command; none where models name theirs.
        conditions: filters; rows that they leave out need no partner. The engine still has to leave them out.

    Raises:
        UsageError: what is asked for does not go together.
    """
    how.check(files)
    notes: list[str] = []
    if any(source.keys for source in files):
        from losscli.data.pruning import fitting_sources

        fitting = fitting_sources(files, conditions)
        files, notes = fitting.sources, fitting.notes()
    streams = [source for source in how.sources(files) if source.read_once and source is not how.truth]
    found = Assembly(how.sources(files), bool(streams) and how.model_column is None, notes=notes)
    make = _Maker(how, conditions, found)
    if how.models:
        found.openers.append(make.panel)
    elif how.model_column is not None:
        # read twice, for the names and for the rows
        found.openers.append(make.pivot([_reopened(source) for source in files], how.model_column))
    else:
        found.openers.extend(make.opener(source.open, source.read_once, (0, i)) for i, source in enumerate(files))
    return found


def _reopened(source: Source) -> Opener:
    """Opens an input any number of times; a stream is read into memory the first time."""
    kept: list[Source] = []

    def opened() -> Table:
        if not kept:
            kept.append(source.kept())
        return kept[0].open()

    return opened


class _Maker:
    """Makes tables as they are asked for, so that nothing is opened before.

    A single file is the common case, which starts without the code for several.
    """

    def __init__(self, how: Arrangement, conditions: Sequence[Condition], found: Assembly) -> None:
        self._how = how
        self._conditions = conditions
        self._found = found
        self._truth: Truth | None = None

    def opener(self, opened: Opener, once: bool, part: tuple[int, int]) -> Opener:
        """Opens predictions, with their truth where there is one."""
        if self._how.truth is None:
            return opened
        return lambda: self._joined(opened(), None if once else opened, part)

    def _joined(self, predictions: Table, again: Opener | None, part: tuple[int, int]) -> Table:
        from losscli.data.joined import JoinedTable

        how = self._how
        try:
            truth = self._shared_truth()
        except BaseException:
            predictions.close()
            raise
        try:
            several = bool(how.models) or how.model_column is not None
            keys = truth_pairs(how.keys or JoinKeys(()), predictions, truth, several_models=several)
        except BaseException:
            predictions.close()
            truth.close()
            raise
        left_out = self._found.counts(part, baseline=part[0] == 0)
        return JoinedTable(predictions, truth, keys, how.join, again, self._conditions, left_out)

    def _shared_truth(self) -> "Truth":
        if self._truth is None:
            from losscli.data.joined import Truth

            source = self._how.truth
            if source is None:
                raise UsageError("there is no --truth")
            self._truth = Truth(_reopened(source))
        return self._truth

    def _keys(self) -> tuple[str, ...] | None:
        return self._how.keys.here if self._how.keys is not None else None

    def panel(self) -> Table:
        """All models, the baseline first."""
        from losscli.data.chained import ChainTable
        from losscli.data.panel import PanelTable, Side

        how = self._how
        models = sorted(how.models, key=lambda model: model.name != how.baseline) if how.baseline else how.models
        sides: list[Side] = []
        try:
            for i, model in enumerate(models):
                openers = [self.opener(source.open, source.read_once, (i, j)) for j, source in enumerate(model.sources)]
                table = openers[0]() if len(openers) == 1 else ChainTable(openers)
                sides.append(Side(model.name, table))
            left_out = self._found.counts("panel")
            return PanelTable(sides, self._keys(), how.join, self._conditions, left_out)
        except BaseException:
            for side in sides:
                side.table.close()
            raise

    def pivot(self, files: Sequence[Opener], column: str) -> Opener:
        """The models of a column."""
        from losscli.data.chained import ChainTable
        from losscli.data.pivot import PivotTable

        openers = [self.opener(opened, False, (0, i)) for i, opened in enumerate(files)]
        together = openers[0] if len(openers) == 1 else lambda: ChainTable(openers)

        def opened() -> Table:
            how = self._how
            return PivotTable(
                together,
                column,
                self._keys(),
                how.join,
                baseline=how.baseline,
                conditions=self._conditions,
                left_out=self._found.counts("pivot"),
            )

        return opened
