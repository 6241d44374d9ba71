"""A first recipe for a user's own file: commented, and to be run as it is."""

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from textcl.errors import DataError, TextclError
from textcl.files.yaml import read_yaml
from textcl.recipe.load import parse
from textcl.survey.roles import WITHOUT_COLUMNS, Reading, Trial, read_columns, try_rows
from textcl.survey.survey import UNKNOWN, Survey, survey
from textcl.util.atomic import new_file, refuse_location
from textcl.workflows.run.build import build_data
from textcl.workflows.run.held_out import held_out_tasks

ENGLISH = "sentence-transformers/all-MiniLM-L6-v2"
MULTILINGUAL = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
# Scripts that the multilingual encoder's tokenizer knows, as the names of Unicode begin.
_KNOWN_SCRIPTS = {
    "LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN", "DEVANAGARI", "BENGALI", "GURMUKHI",
    "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "MYANMAR", "KHMER",
    "ETHIOPIC", "HIRAGANA", "KATAKANA", "CJK", "HANGUL",
}  # fmt: skip
_LENGTHS = (32, 64, 128, 256, 512)  # tokens, of which the shortest that fits is taken
_TOKENS_PER_WORD = 1.5
_SYMMETRIC = "{use: InfoNCE, directions: [query_to_doc, doc_to_query], partition_mode: per_direction}"
_SCORED = "it orders pairs by their scores, whatever their scale"


@dataclass(frozen=True, slots=True)
class _Choice:
    """What suits a kind of data."""

    objective: str
    why: str
    batch_size: int  # rows
    more: tuple[str, ...] = ()  # lines of the data section
    rates: str = "learning_rate: 2.0e-5"
    warning: tuple[str, ...] = ()  # comments


_CROP = "[{use: SpanCrop, low: 0.3, high: 1.0}]"
_CHOICES = {
    "sentences": _Choice(
        "{use: SimCLR}",
        "two random crops of a sentence look for each other in the batch, through a head that is thrown away",
        64,
        ("views:", f"  - {{role: anchor, augment: {_CROP}}}", f"  - {{role: positive, augment: {_CROP}}}"),
        "learning_rate: 2.0e-5, objective_learning_rate: 1.0e-3",
        ("# Pairs teach more: by crops alone an encoder that is tuned already may get worse at search. Score it.",),
    ),
    "pairs": _Choice(_SYMMETRIC, "each side looks for its partner among those of the batch", 128),
    "triplets": _Choice("{use: InfoNCE}", "an anchor looks for its positive among all positives and negatives", 64),
    "judged triplets": _Choice(
        "{use: ListwiseKL, temperature: 0.05, teacher_temperature: 0.05}",
        "the texts of a row are ranked as the judge scored them",
        32,
    ),
    "scored pairs": _Choice("{use: CoSENT}", _SCORED, 64),
    "labelled pairs": _Choice("{use: Contrastive}", "pairs of 1 are pulled together, pairs of 0 pushed apart", 64),
    "labelled texts": _Choice(
        "{use: SupCon}",
        "texts of one label are each other's positives",
        64,
        ("rows_per_label: 4 # that a batch holds together",),
    ),
}


def first_recipe(
    found: Survey, reading: Reading, trial: Trial, backbone: str | None = None, *, holds_out: bool = True
) -> str:
    """Return the text of a recipe that suits a file.

    Args:
        found: What the file holds.
        reading: What its columns are for.
        trial: What came of reading its rows so.
        backbone: The encoder to start from; None: a small one of the language that was found.
        holds_out: Whether rows are held out, where there are enough of them.

    Raises:
        DataError: The file holds too few rows to train on.
    """
    if found.rows < 2:
        raise DataError(f"{found.path}: found {found.rows} rows of data; contrast needs at least 2.")
    choice = _CHOICES[reading.holds]
    if reading.holds == "judged triplets" and not _are_cosines(found, reading):
        choice = replace(
            choice, objective=choice.objective.replace("teacher_temperature: 0.05", "teacher_temperature: 1")
        )
    languages = sorted({found.column(name).language for name in reading.texts} - {""})
    scripts = sorted({found.column(name).script for name in reading.texts} - {""})
    guess = _language(languages, [] if backbone else scripts)
    name = re.sub(r"[^\w-]+", "-", stem(found.path)).strip("-") or "mine"
    lines = [
        f"# {found.path.name} seems to hold {reading.holds}: written by `textcl init` from {_looked(found)}.",
        "# textcl check FILE shows what it would do, textcl train FILE does it; every setting: data_recipes/README.md",
        *choice.warning,
        f"name: {_plain(name)} # the run goes to runs/{name}",
        "data:",
        "  sources:",
        f"    - {_source(found, reading)}{_doubt(reading)}",
        *(f"  {line}" for line in (*choice.more, *_negative_views(trial))),
        f"  max_length: {max_length(found, reading)} # tokens; {_length(found, reading)}",
        f"  {_held_out(found) if holds_out else _NONE_HELD_OUT}",
        f"  batch_size: {min(choice.batch_size, found.rows)} # rows; more give more negatives, memory stays the same",
        "encoder:",
        f"  backbone: {_plain(backbone or suited_backbone(languages, scripts))} # {guess}",
        f"objective: {choice.objective} # {choice.why}",
        f"training: {{epochs: 1, {choice.rates}, warmup: 0.1}}",
        "evaluation:",
        "  after: [] # beside the held-out rows; [sts]: seven sets of English pairs; better is a set of your own",
    ]
    text = "\n".join(lines) + "\n"
    parse(read_yaml(text, name))  # what we write must load
    return text


def _are_cosines(found: Survey, reading: Reading) -> bool:
    """Say whether scores may be cosines; others are taken for logits, as a cross-encoder gives them."""
    of_positive = found.column(reading.score[0])
    return of_positive.low >= -1 and of_positive.high <= 1


_FEW, _SOME, _MANY = 100, 1000, 20_000  # rows
_NONE_HELD_OUT = "held_out: null # too few rows stand alone; scores need rows of their own: name a file of such"


def _held_out(found: Survey) -> str:
    """Return how many rows are kept from training, to be scored before and after it."""
    if found.rows < _FEW and found.is_whole:
        return _NONE_HELD_OUT
    if found.rows >= _MANY or not found.is_whole:
        return "held_out: 1000 # rows that are scored before and after, and share no text with those trained on"
    share = 0.1 if found.rows < _SOME else 0.05
    return f"held_out: {share} # of the rows: scored before and after, and share no text with those trained on"


def suited_backbone(languages: list[str], scripts: list[str]) -> str:
    """Return a small encoder for these languages; one in Latin script that is not known is taken for English."""
    is_english = set(languages) <= {"en", UNKNOWN} and set(scripts) <= {"LATIN"}
    return ENGLISH if is_english else MULTILINGUAL


def _language(languages: list[str], scripts: list[str]) -> str:
    """Say which languages were guessed, and which scripts neither encoder knows."""
    said = f"language, a guess: {', '.join(languages)}"
    strange = [script for script in scripts if script not in _KNOWN_SCRIPTS]
    if not strange:
        return said
    return f"{said}; this encoder does not know the script {', '.join(strange)}, name one that does"


def max_length(found: Survey, reading: Reading) -> int:
    """Return how many tokens hold all but the longest texts."""
    tokens = max(_tokens(found, name) for name in reading.texts)
    return next((length for length in _LENGTHS if length >= tokens), _LENGTHS[-1])


def stem(path: Path) -> str:
    """Return what a file's run and recipe are called: its own name, not that of what it links to, without endings."""
    name = path.resolve().name if path.name in ("", "..") else path.name
    return name.split(".")[0] or "mine"


def _negative_views(trial: Trial) -> list[str]:
    """Return the views of rows with negatives of varying number, where a view a negative would be too many."""
    if trial.fewest == trial.most:
        return []
    negatives = f"  - {{role: negative}} # rows have {trial.fewest} to {trial.most}; an epoch draws from them"
    others = ["  - {role: negative}"] * max(0, trial.fewest - 1)
    return ["views:", "  - {role: anchor}", "  - {role: positive}", negatives, *others]


def _tokens(found: Survey, name: str) -> int:
    """Estimate the tokens that 99 in 100 texts of a column do not exceed, special tokens included."""
    column = found.column(name)
    # where there are no blanks, a sign is a token
    return 2 + (column.most_characters if column.is_unspaced else math.ceil(column.longest * _TOKENS_PER_WORD))


def _length(found: Survey, reading: Reading) -> str:
    column = found.column(max(reading.texts, key=lambda name: _tokens(found, name)))
    size = f"{column.most_characters:,} characters" if column.is_unspaced else f"{column.longest:,} words"
    return f"99 in 100 texts have at most {size}"


def _source(found: Survey, reading: Reading) -> str:
    settings: dict[str, object] = {"use": found.use, "path": str(found.path)}
    if found.use not in WITHOUT_COLUMNS:
        settings |= {"anchor": reading.anchor, "positive": _named(reading.positives)}
        settings |= {"negative": _named(reading.negatives)} if reading.negatives else {}
        settings |= {"score": _named(reading.score)} if reading.score else {}
        settings |= {"label": reading.label} if reading.label else {}
    settings |= found.settings
    return "{" + ", ".join(f"{name}: {_plain(value)}" for name, value in settings.items()) + "}"


def _named(columns: tuple[str, ...]) -> object:
    return columns[0] if len(columns) == 1 else list(columns) or None


def _plain(value: object) -> str:
    """Return a value as YAML, quoted where it would be read as something else."""
    if isinstance(value, str) and re.fullmatch(r"[\w./~][\w./~-]*", value) and read_yaml(value, value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _doubt(reading: Reading) -> str:
    if not reading.guessed:
        return ""
    names = " ".join(" and ".join(reading.guessed).split())  # a name may hold line breaks, a comment may not
    return f" # {names} guessed from what stands there: check it"


def _looked(found: Survey) -> str:
    return f"all its {found.rows:,} rows" if found.is_whole else f"its first {found.rows:,} rows"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was found in a file, and the recipe that was written for it."""

    found: Survey
    reading: Reading
    trial: Trial
    recipe: Path
    text: str


def begin(path: Path, out: Path | None = None, backbone: str | None = None, *, force: bool = False) -> Beginning:
    """Look at a file and write a recipe that trains on it.

    Args:
        path: The file, or a folder of text files.
        out: Where the recipe goes; None: into the current folder, named after the file.
        backbone: The encoder to start from; None: one for the language of the texts.
        force: Replace a recipe that is there.

    Raises:
        DataError: A recipe is there already; the file cannot be read, or holds nothing to train on.
    """
    path = path.expanduser()
    recipe = out or Path(f"{stem(path)}.yaml")
    refuse_location(recipe, force=force)
    found = survey(path)
    reading = read_columns(found)
    trial = try_rows(found, reading)
    text = first_recipe(found, reading, trial, backbone)
    if found.is_whole and not _can_hold_out(text, recipe.stem):
        text = first_recipe(found, reading, trial, backbone, holds_out=False)
    with new_file(recipe) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Beginning(found, reading, trial, recipe, text)


def _can_hold_out(text: str, name: str) -> bool:
    """Say whether the rows of a recipe can be divided as it says; other errors are left to who runs it."""
    recipe = parse(read_yaml(text, name))
    try:
        if recipe.data.held_out is not None:
            held_out_tasks(recipe, build_data(recipe).held)
    except TextclError as error:
        return not str(error).startswith("data.held_out")
    return True
