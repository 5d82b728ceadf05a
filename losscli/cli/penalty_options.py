"""The options of regularisation."""

from typing import TYPE_CHECKING, Annotated

from losscli.cli.flags import PARAMETER_PANEL, text_option
from losscli.records import dataclass

if TYPE_CHECKING:
    from losscli.results import Penalty


@dataclass(frozen=True)
class PenaltyOptions:
    """What the parameters of the model add to the risk."""

    l1: Annotated[
        str | None,
        text_option("--l1", help="Add so many times the sum of |theta|.", metavar="LAMBDA", panel=PARAMETER_PANEL),
    ] = None
    l2: Annotated[
        str | None,
        text_option("--l2", help="Add so many times the sum of theta^2.", metavar="LAMBDA", panel=PARAMETER_PANEL),
    ] = None
    params: Annotated[
        str | None,
        text_option(
            "--params",
            help="File with the model's parameters theta: .npy, .npz, CSV or Parquet, all columns of numbers.",
            metavar="FILE",
            panel=PARAMETER_PANEL,
        ),
    ] = None

    def penalties(self) -> "tuple[Penalty, ...]":
        """What they come to; the file is read."""
        if self.l1 is self.l2 is self.params is None:
            return ()
        from losscli.penalties import Strengths, penalties_of

        return penalties_of(Strengths.of(self.l1, self.l2), self.params)
