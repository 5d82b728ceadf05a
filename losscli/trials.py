"""Proposed commands tried on the rows of a file: what `compute` would leave out or refuse, without computing it."""

from collections.abc import Sequence

from losscli.arrays import np
from losscli.block import Block, chosen_rows
from losscli.column_facts import as_input
from losscli.data.table import CellError, Table
from losscli.errors import LosscliError
from losscli.plan import Term
from losscli.proposals import Proposal
from losscli.records import dataclass, field
from losscli.request import make_request
from losscli.tally import Tally
from losscli.units import units_of

_OPTIONS = frozenset(["group", "classes", "positive_class"])


@dataclass(slots=True)
class Trial:
    """How one proposal fares.

    Attributes:
        proposal: what is tried.
        term: the loss bound to columns; None where that cannot be done, or where something is unsaid.
        tally: what was met in the rows.
        used: how many rows or elements are left to evaluate.
        problem: why it fails whatever is skipped; empty where it does not.
        compared, equal: rows of one target and one prediction, and those in which they are the same.
        lost: whether it is a guess that some row refutes, of which nothing more is counted.
    """

    proposal: Proposal
    term: Term | None
    tally: Tally = field(default_factory=Tally)
    used: int = 0
    problem: str = ""
    compared: int = 0
    equal: int = 0
    lost: bool = False

    @classmethod
    def of(cls, proposal: Proposal, table: Table) -> "Trial":
        """The proposal bound to the columns of a table, exactly as `compute` binds it."""
        parameters = {name: value for name, value in proposal.flags.items() if name not in _OPTIONS}
        # what is unsaid is not known, but the columns can be looked at all the same
        stand_in = {name: "0.5" for name in proposal.unsaid if name not in ("batch_size", "classes")}
        try:
            request = make_request(
                [proposal.loss.name],
                proposal.roles,
                {**parameters, **stand_in},
                command="",
                weight=None,
                where=[],
                missing="error",
                invalid="error",
                transform=None,
                group=proposal.flags.get("group"),
                batch_size="2" if "batch_size" in proposal.unsaid else None,
                classes=proposal.flags.get("classes"),
                positive_class=proposal.flags.get("positive_class"),
            )
            return cls(proposal, request.plan(table).terms[0])
        except LosscliError as error:
            return cls(proposal, None, problem=error.message)

    def new(self) -> "Trial":
        """The same before any row."""
        return Trial(self.proposal, self.term, problem=self.problem, lost=self.lost)

    def look(self, block: Block, here: frozenset[str]) -> None:
        """Try the rows of a block; `here` are the columns that its file has."""
        if self.term is None or self.problem or self.lost:
            return
        lacking = {name for names in self.term.roles.values() for name in names} - here
        if lacking:
            self.problem = f"a file has no column {sorted(lacking)[0]!r}"
            return
        try:
            units = units_of(self.term, block, self.tally)
            self._compare(block)
        except CellError as error:
            self.problem = f"{error.problem}; {error.hint}" if error.hint else error.problem
            return
        except LosscliError as error:
            self.problem = error.message
            return
        self.used += len(units.losses)
        self.lost = self._is_refuted()

    def _is_refuted(self) -> bool:
        """Whether it is a guess with a row that is not allowed; of boxes the rows say which format is meant."""
        boxes = any(role.domain.width == 4 for role in self.proposal.loss.roles)
        return not self.proposal.by_name and not boxes and bool(self.tally.skipped.get("invalid"))

    def _compare(self, block: Block) -> None:
        """Count the rows in which a single target and a single prediction are the same number."""
        columns = [names for role, names in self.proposal.columns.items() if role in ("target", "pred")]
        if len(columns) != 2 or len(columns[0]) != 1 or len(columns[1]) != 1 or self._coded():
            return
        truth, predicted = (block.column(as_input(names[0]), names[0]) for names in columns)
        rows = chosen_rows(block)
        if truth.values.ndim > 1 or predicted.values.ndim > 1:
            return
        there = ~(truth.missing | predicted.missing)
        if rows is not None:
            there = there & np.isin(np.arange(block.size), rows)
        self.compared += int(np.count_nonzero(there))
        self.equal += int(np.count_nonzero((truth.values == predicted.values) & there))

    def _coded(self) -> bool:
        return any(entry.coding is not None for entry in self.term.inputs) if self.term else True

    def absorb(self, other: "Trial", rows_before: int) -> None:
        """Add how the rows that follow fare."""
        self.tally.absorb(other.tally, rows_before)
        self.used += other.used
        self.problem = self.problem or other.problem
        self.lost = self.lost or other.lost
        self.compared += other.compared
        self.equal += other.equal


def trials_of(proposals: Sequence[Proposal], table: Table) -> list[Trial]:
    """Each proposal, ready to be tried."""
    return [Trial.of(proposal, table) for proposal in proposals]
