"""The options that the catalogue makes: a flag for each role and each parameter of its losses."""

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

from losscli.catalogue import Loss, all_losses
from losscli.cli.flags import COLUMN_PANEL, PARAMETER_PANEL, flag_option, keyword, text_option
from losscli.errors import UsageError
from losscli.records import dataclass


@dataclass(frozen=True)
class CatalogueOptions:
    """What was given of the flags that the catalogue makes.

    Attributes:
        roles: the flags that are given once.
        repeated: those that are given several times: once for each model.
        parameters: the parameters beside the names of the losses.
    """

    roles: dict[str, str]
    repeated: dict[str, list[str]]
    parameters: dict[str, str | bool]

    def check_single(self) -> None:
        """Refuse several models where there can be one.

        Raises:
            UsageError: a role is given more than once.
        """
        for name, texts in self.repeated.items():
            raise UsageError(
                f"--{name.replace('_', '-')} is given {len(texts)} times",
                hint="several columns of one prediction are a comma list: a,b; losscli compare takes several models",
            )


_SHORT = {"target": "-t", "pred": "-p"}


def role_flags() -> Iterator[tuple[str, str]]:
    """Each role of the catalogue once, with the help that the docstrings give."""
    readers: dict[str, list[Loss]] = {}
    for loss in all_losses():
        for role in loss.roles:
            readers.setdefault(role.name, []).append(loss)
    for name, losses in readers.items():
        # what most losses say of the role
        texts = Counter(loss.doc.arguments.get(name, "") for loss in losses)
        help_text = texts.most_common(1)[0][0].split(", instead of")[0].rstrip(".")
        every = len(losses) == len(readers["target"])
        yield (
            name,
            help_text if every or name == "pred" else f"{help_text} [{', '.join(x.name for x in losses)}]",
        )


def parameter_flags() -> Iterator[tuple[str, bool, str]]:
    """Each parameter of the catalogue once: its name, whether it is a mere flag, and its help by loss."""
    owners: dict[str, list[Loss]] = {}
    for loss in all_losses():
        for parameter in loss.parameters:
            owners.setdefault(parameter.name, []).append(loss)
    for name, losses in owners.items():
        parameters = [next(p for p in loss.parameters if p.name == name) for loss in losses]
        texts: dict[str, list[str]] = {}
        for loss in losses:
            texts.setdefault(loss.doc.arguments.get(name, ""), []).append(loss.name)
        shown = " ".join(f"{', '.join(names)}: {text}" for text, names in texts.items())
        default = parameters[0].default
        ending = f" (default {default:g})" if isinstance(default, float) else ""
        yield name, all(parameter.is_flag for parameter in parameters), shown.rstrip(".") + ending + "."


def catalogue_parameters() -> Iterator[inspect.Parameter]:
    """The options of the catalogue as parameters of a command."""
    for name, help_text in role_flags():
        flags = [f"--{name.replace('_', '-')}", *([_SHORT[name]] if name in _SHORT else [])]
        option = text_option(*flags, help=help_text, metavar="COLUMN", panel=COLUMN_PANEL)
        # repeated flags are collected so that a second one is another model, or refused, instead of winning silently
        yield keyword(f"role_{name}", Annotated[list[str] | None, option], None)
    for name, is_flag, help_text in parameter_flags():
        flag = f"--{name.replace('_', '-')}"
        if is_flag:
            yield keyword(
                f"param_{name}", Annotated[bool, flag_option(flag, help=help_text, panel=PARAMETER_PANEL)], False
            )
        else:
            option = text_option(flag, help=help_text, metavar="VALUE", panel=PARAMETER_PANEL)
            yield keyword(f"param_{name}", Annotated[str | None, option], None)


def catalogue_options(values: dict[str, Any]) -> CatalogueOptions:
    """What was given of them."""
    roles: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    parameters: dict[str, str | bool] = {}
    for key, value in values.items():
        kind, _, name = key.partition("_")
        if kind == "role" and value:
            if len(value) > 1:
                repeated[name] = value
            else:
                roles[name] = value[0]
        elif kind == "param" and value is not None and value is not False:
            parameters[name] = value
    return CatalogueOptions(roles, repeated, parameters)
