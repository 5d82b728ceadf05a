"""What was counted and noticed, as JSON and back."""

from typing import Any

from losscli.notices import Notices
from losscli.strict import Fields, listed, mapped, text, whole
from losscli.tally import Tally

_MOST_CLASSES = 1 << 20


def tally_fields(tally: Tally) -> dict[str, Any]:
    """A tally as JSON, without complaints: where they are refused there is no state."""
    return {
        "skipped": dict(tally.skipped),
        "clipped": tally.clipped,
        "observed": dict(tally.observed),
        "classes": tally.classes,
        "seen": sorted(tally.seen),
        "undefined": tally.undefined,
    }


def tally_of(value: Any, place: str) -> Tally:
    """The tally that `tally_fields` wrote.

    Raises:
        UnfitError: it is damaged.
    """
    fields = Fields(value, place, ("skipped", "clipped", "observed", "classes", "seen", "undefined"))
    return Tally(
        skipped=fields.counts("skipped"),
        clipped=fields.whole("clipped"),
        observed=fields.counts("observed"),
        classes=fields.whole("classes", 0, _MOST_CLASSES),
        seen={whole(label, place, 0, _MOST_CLASSES) for label in fields.listed("seen")},
        undefined=fields.whole("undefined"),
    )


def notices_fields(notices: Notices) -> dict[str, Any]:
    """Notices as JSON."""
    return {
        "rounded": dict(notices.rounded),
        "narrow": dict(notices.narrow),
        "watched": {name: sorted(values) for name, values in notices.watched.items()},
    }


def notices_of(value: Any, place: str) -> Notices:
    """The notices that `notices_fields` wrote.

    Raises:
        UnfitError: they are damaged.
    """
    fields = Fields(value, place, ("rounded", "narrow", "watched"))
    narrow = {name: text(kind, place) for name, kind in mapped(*fields.at("narrow")).items()}
    watched = {
        name: {text(entry, place) for entry in listed(values, place)}
        for name, values in mapped(*fields.at("watched")).items()
    }
    return Notices(fields.counts("rounded"), narrow, watched)
