"""Every run behind the table of objectives: what is trained, from which start, on which texts."""

from collections.abc import Iterator
from dataclasses import replace

from trial import FOUR, LENGTH, MODEL, SEEDS, Trial

STARTS = {
    "tuned": (FOUR,),  # the lower layers of a model that was tuned for sentences
    "random": (FOUR, "encoder.random_init=true"),
}
# What STS-B dev chooses a learning rate from, and after how many steps: random weights tell nothing after 64.
_RATES = ("3e-5", "1e-4", "3e-4", "1e-3")
SEARCH = {"tuned": (64, _RATES), "random": (156, _RATES)}
# Rates that are good for few steps can be high for many: from the tuned layers, where the short runs are a fifth of a
# whole one, the best two go a whole run of the first seed; and STS-B dev keeps the best model of each run on the way.
FINALISTS = {"tuned": 2, "random": 1}
BEST_ON_DEV = "evaluation.during={suite: sts-dev, every: 52, keep_best_by: stsb-dev/spearman}"
FAMILIES = {
    "InfoNCE": "crops",
    "SimCLR": "simclr",
    "MoCo": "moco",
    "BYOL": "byol",
    "SimSiam": "simsiam",
    "SwAV": "swav",
    "BarlowTwins": "barlow-twins",
    "VICReg": "vicreg",
}
_INFO_NCE = "{use: InfoNCE, temperature: 0.05}"  # as in the recipe `crops`
# Beside the families, from the tuned layers alone: the recipe, and what makes it another row.
BESIDE = {
    "TSDAE": ("tsdae", ("data.batch_size=64", "encoder.pooling=mean")),
    "SwAV, queue of 1,024": ("swav", ("objective.queue_size=1024", "objective.queue_delay=64")),
    "InfoNCE, GlobalOrthogonalRegularization": (
        "crops",
        (f"objective={{use: Sum, objectives: [{_INFO_NCE}, {{use: GlobalOrthogonalRegularization}}]}}",),
    ),
}
WHOLE = ("encoder.layers=null", "data.max_length=64")  # all six layers, for labelled data


def all_trials() -> list[Trial]:
    """Return every run of the table, the seeds of a row far apart, so that a table cut short shows all rows."""
    return [replace(trial, seed=seed) for seed in SEEDS for trial in _rows()]


def _rows() -> Iterator[Trial]:
    first = SEEDS[0]
    for name, recipe in FAMILIES.items():
        for start, changes in STARTS.items():
            yield Trial("families", name, start, first, recipe, "wiki", (*changes, f"data.max_length={LENGTH}"))
    for name, (recipe, more) in BESIDE.items():
        changes = (*STARTS["tuned"], f"data.max_length={LENGTH}", *more)
        yield Trial("families", name, "tuned", first, recipe, "wiki", changes)
    dropout = (*STARTS["tuned"], "encoder.pooling=mean", f"data.max_length={LENGTH}", "training.learning_rate=3e-5")
    yield Trial("parity", "textcl", "tuned", first, "simcse", "wiki", dropout)
    yield Trial("parity", "sentence-transformers", "tuned", first, None, "wiki")
    yield Trial("supervised", "InfoNCE, hard negatives", "whole", first, "triplets", "nli", WHOLE)
    margin = "objective={use: Triplet}"
    yield Trial("supervised", "Triplet", "whole", first, "triplets", "nli", (*WHOLE, margin))
    nested = "objective={use: Matryoshka, objective: {use: InfoNCE}, dimensions: [384, 128, 64]}"
    widths = ("sts", "sts@128", "sts@64", "scifact")
    inner = nested.removeprefix("objective=")
    layers = f"objective={{use: AdaptiveLayers, objective: {inner}, layers: [2, 4]}}"
    deep = (*widths, "sts@4-layers", "sts@2-layers")
    yield Trial("supervised", "Matryoshka", "whole", first, "triplets", "nli", (*WHOLE, nested), deep)
    yield Trial("supervised", "AdaptiveLayers of Matryoshka", "whole", first, "triplets", "nli", (*WHOLE, layers), deep)
    for name, recipe, more in (
        ("CoSENT", "cosent", ()),
        ("AnglE", "angle", ()),
        ("CosineRegression", "cosine-regression", ("objective.score_scale=5.0",)),
    ):
        yield Trial("supervised", name, "whole", first, recipe, "stsb", (*WHOLE, *more), ("stsb-test",))
    towers = (*WHOLE, f"encoder.documents={{backbone: '{MODEL}'}}")
    yield Trial("supervised", "CLIP, two towers", "whole", first, "two-tower", "en-de", towers, ("tatoeba",))
