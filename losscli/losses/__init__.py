"""Every loss of the catalogue as a plain function on arrays: `losscli.losses.huber(target, pred, delta=1.0)`."""

# each family exports its losses, so that no second list has to be kept; their order is that of the catalogue
# ruff: isort: skip_file
from losscli.losses.regression import *  # noqa: F403
from losscli.losses.probabilistic import *  # noqa: F403
from losscli.losses.binary import *  # noqa: F403
from losscli.losses.classification import *  # noqa: F403
from losscli.losses.segmentation import *  # noqa: F403
from losscli.losses.boxes import *  # noqa: F403
from losscli.losses.embeddings import *  # noqa: F403
from losscli.losses.generative import *  # noqa: F403
