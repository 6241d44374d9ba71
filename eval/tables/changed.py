"""How many texts the views of a run change, as the encoder reads them: a cased change is none to an uncased one."""

from runner import Runner
from trial import MODEL, Trial

from textcl.data.views import texts_of
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.recipe.load import load_recipe
from textcl.types.text import Role
from textcl.workflows.run.build import build_sources
from textcl.workflows.run.data import build_parts

SAMPLE = 2_000  # rows


def changed_share(runner: Runner, trial: Trial) -> float:
    """Return the percentage of rows of which a view is not the tokens of its text, in the first epoch.

    A view whose input is changed inside the encoder counts as changed.

    Raises:
        TextclError: The views cannot be built here.
    """
    changes = [f"data.sources.0.path={runner.corpora[trial.corpus]}", f"encoder.backbone={MODEL}", *trial.changes]
    recipe = load_recipe(str(trial.recipe), changes)
    [part] = build_parts(recipe, build_sources(recipe))
    views = part.views
    if any(view.input for view in views):
        return 100.0
    encoder = open_encoder(MODEL, precision="float32", device="cpu")
    assert isinstance(encoder, Encoder), "MODEL is one tower"
    assert isinstance(recipe.data.max_length, int), "trials cut all texts alike"
    encoder.max_length = recipe.data.max_length
    rows = range(min(SAMPLE, len(part.source)))
    texts = [texts_of(part.source[row], views, trial.seed, 0) for row in rows]
    pairs = [(view.text, view.original) for row in texts for view in row]
    made, own = (encoder.tokenize(side, Role.ANCHOR).ids for side in zip(*pairs, strict=True))
    is_other = [first.tolist() != second.tolist() for first, second in zip(made, own, strict=True)]
    return 100 * sum(any(is_other[row * len(views) :][: len(views)]) for row in rows) / len(rows)
