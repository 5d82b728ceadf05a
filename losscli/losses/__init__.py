"""Every loss of the catalogue as a plain function on arrays: `losscli.losses.huber(target, pred, delta=1.0)`."""

from losscli.losses.regression import *  # noqa: F403 - each family exports its losses; no second list
