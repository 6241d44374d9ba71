"""Read what a model folder says beside its weights: sentence-transformers' format, or a plain transformers folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textcl.encoder.dense import KINDS, Layer, Unit, read_layer
from textcl.encoder.folder_files import Settings, check_ends, read_json
from textcl.encoder.pooling import LayerMix, modes_of, read_mix, read_pooling
from textcl.encoder.prompts import Prompts
from textcl.errors import ModelError
from textcl.types.text import Role
from textcl.util.foreign import below

MODULES = "modules.json"
_TYPE = "sentence_transformers.models.{}"  # resolved by every release that has the class
_OUR_OWN = "sentence_transformers."
STATIC = "StaticEmbedding"  # the module of a model that has token embeddings in the place of a backbone
ROUTER = ("Router", "Asym")  # the latter as old releases write it
WAY_OUT = "Encode with what made the model, or name another model."  # where modules cannot be opened
_KNOWN = ("Transformer", LayerMix.kind, "Pooling", *KINDS, STATIC, *ROUTER)


@dataclass(frozen=True, slots=True)
class Module:
    """A module: the name of its class, and its own folder."""

    kind: str
    folder: Path


def backbone_folder(folder: Path) -> Path:
    """Return where a model folder keeps its transformer: at its root, or where its list of modules says."""
    modules = listed_modules(folder)
    return modules[0].folder if modules else folder


def read_modules(folder: Path) -> list[Module]:
    """Return the modules that a model folder lists, in the order in which they run; none where it has no list.

    Raises:
        ModelError: textcl does not know one of them, or the list is none.
    """
    file = folder / MODULES
    return [Module(kind_of(module.kind, file), module.folder) for module in listed_modules(folder)]


def listed_kinds(folder: Path) -> list[str]:
    """Return the class names of the modules that a model folder lists, known or not."""
    return [_class_name(module.kind) for module in listed_modules(folder)]


def is_static(folder: Path) -> bool:
    """Say whether a model folder holds token embeddings."""
    return listed_kinds(folder)[:1] == [STATIC]


def listed_modules(folder: Path) -> list[Module]:
    """Return the modules that a model folder lists, known or not, each with the dotted path of its class.

    Raises:
        ModelError: The list is none, or a module lies outside the folder.
    """
    file = folder / MODULES
    if not file.exists():
        if parts := sorted(folder.glob("[0-9]_*/config.json")):
            raise ModelError(f"{file} is missing, but {parts[0]} is of a module that it lists; copy the model again.")
        return []
    listed = read_json(file)
    if not isinstance(listed, list) or not listed:
        raise ModelError(f"{file}: it must be a list of modules, each with path and type; copy or download it again.")
    return [_listed(Settings(file, module), folder) for module in listed]


def _listed(module: Settings, folder: Path) -> Module:
    kind, path = module.text("type"), module.text("path")
    if kind is None or path is None:
        raise ModelError(f"{module.file}: a module has no {'type' if kind is None else 'path'}.")
    return Module(kind, below(folder, path, module.file))


def kind_of(path: object, file: Path) -> str:
    """Return the class name of a module.

    Args:
        path: Its dotted path, as the folder writes it.
        file: Where that stands, for messages.

    Raises:
        ModelError: textcl does not know it.
    """
    kind = _class_name(path)
    if not str(path).startswith(_OUR_OWN) or kind not in _KNOWN:
        raise ModelError(f"{file}: textcl does not know the module {path}; it opens {', '.join(_KNOWN)}. {WAY_OUT}")
    return kind


def type_of(kind: str) -> str:
    """Return the dotted path to write for a class of sentence-transformers."""
    return _TYPE.format(kind)


def _class_name(path: object) -> str:
    return str(path).rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Width:
    """How many numbers a vector has, and the file that says so."""

    numbers: int
    file: Path


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """How texts become vectors around a backbone. The defaults are those of a folder that says nothing."""

    pooling: str = "mean"
    pool_prompt: bool = True
    prompts: Prompts = field(default_factory=Prompts)
    max_length: int | None = None  # tokens
    lengths: Mapping[Role, int] = field(default_factory=dict)  # tokens of the roles that have fewer
    lowercase: bool = False  # whether texts are lower-cased before the tokenizer's own steps
    dense: tuple[Layer, ...] = ()
    layer_mix: LayerMix | None = None  # between the backbone and the pooling
    truncate_dim: int | None = None  # numbers of a vector that are kept, the first
    beside: Mapping[str, object] = field(default_factory=dict)  # what changes no vector, to be written again
    width: Width | None = None  # of the pooled vectors, as the folder says it


@dataclass(frozen=True, slots=True)
class Tower:
    """An encoder of a model folder: where its first module lies, and how texts become vectors around it."""

    folder: Path
    settings: FolderSettings
    is_static: bool = False  # whether it has token embeddings in the place of a transformer
    is_default: bool = False  # of two, whether it embeds texts that are neither queries nor documents


def read_settings(folder: Path) -> FolderSettings:
    """Read a model folder's settings; a folder without a list of modules has the defaults.

    Raises:
        ModelError: The folder holds a module that would give other vectors than textcl computes.
    """
    modules = read_modules(folder)
    if modules:
        return settings_of(modules, folder, folder / MODULES)
    config = read_model_settings(folder, is_normalised=False)
    return FolderSettings(prompts=config.prompts, truncate_dim=config.truncate_dim, beside=config.beside)


def settings_of(modules: Sequence[Module], folder: Path, file: Path) -> FolderSettings:
    """Read the settings of one encoder.

    Args:
        modules: The encoder's, in the order in which they run.
        folder: The model folder, which has the prompts.
        file: Where the modules are listed, for messages.

    Raises:
        ModelError: The modules would give other vectors than textcl computes.
    """
    transformer, mixing, pooling_module, after = _parted(modules, file)
    pooling = Settings.read(pooling_module.folder / "config.json")
    text = _text_settings(transformer.folder)
    layers, is_unit = read_layers(after)
    width = check_widths(pooling, layers)
    config = read_model_settings(folder, is_normalised=is_unit)
    hands_out = Settings.read_if_there(transformer.folder / "config.json").flag("output_hidden_states", False)
    longest = text.count("max_seq_length")
    return FolderSettings(
        pooling=read_pooling(pooling),
        pool_prompt=pooling.flag("include_prompt", True),
        prompts=config.prompts,
        max_length=longest,
        lengths=_lengths(text, longest),
        lowercase=text.flag("do_lower_case", False),
        dense=tuple(layer for _, layer in layers),
        layer_mix=None if mixing is None else read_mix(mixing.folder, hands_out),
        truncate_dim=config.truncate_dim,
        beside=config.beside,
        width=width,
    )


def _parted(modules: Sequence[Module], file: Path) -> tuple[Module, Module | None, Module, list[Module]]:
    """Return the transformer, what mixes its layers, the pooling, and the layers after it.

    Raises:
        ModelError: There are others, or in another order.
    """
    kinds = [module.kind for module in modules]
    mixing = modules[1] if kinds[1:2] == [LayerMix.kind] else None
    rest = modules[1:] if mixing is None else modules[2:]
    after = list(rest[1:])
    is_known = kinds[0] == "Transformer" and rest[:1] and rest[0].kind == "Pooling"
    if not is_known or {module.kind for module in after} - set(KINDS):
        raise ModelError(
            f"{file}: the modules are {', '.join(kinds[:9])}; textcl opens Transformer, perhaps {LayerMix.kind}, "
            f"Pooling, then any number of {', '.join(KINDS)}; or {STATIC} and then these. {WAY_OUT}"
        )
    return modules[0], mixing, rest[0], after


def read_layers(modules: Sequence[Module]) -> tuple[list[tuple[Path, Layer]], bool]:
    """Read the layers that follow a pooling, each with its folder, and whether the last one gives unit length.

    That one is left out: it is what every encoder does with its vectors at last.

    Raises:
        ModelError: One of them is of a form that textcl does not know.
    """
    is_unit = bool(modules) and modules[-1].kind == Unit.kind
    if is_unit:
        check_ends(Settings.read_if_there(modules[-1].folder / "config.json"), Unit.kind)
        modules = modules[:-1]
    return [(module.folder, read_layer(module.kind, module.folder)) for module in modules], is_unit


def _lengths(text: Settings, longest: int | None) -> dict[Role, int]:
    """Return the lengths of roles that have one of their own, as `encode_query` and `encode_document` have them."""
    said = {Role.ANCHOR: text.count("query_length"), Role.POSITIVE: text.count("document_length")}
    own = {role: length for role, length in said.items() if length is not None and length != longest}
    return own | ({Role.NEGATIVE: own[Role.POSITIVE]} if Role.POSITIVE in own else {})


def check_widths(pooling: Settings, layers: Sequence[tuple[Path, Layer]]) -> Width | None:
    """Return the width of the token vectors, None where the folder does not say it.

    Args:
        pooling: The settings of the pooling.
        layers: Those after it, each with its folder.

    Raises:
        ModelError: A layer takes vectors of another width than the one before it gives.
    """
    said = pooling.count("word_embedding_dimension") or pooling.count("embedding_dimension")
    joined = len(modes_of(read_pooling(pooling)))
    of_tokens = None if said is None else Width(said, pooling.file)
    before = None if said is None else Width(said * joined, pooling.file)
    first = check_chain(before, layers)
    return Width(first.numbers // joined, first.file) if of_tokens is None and first is not None else of_tokens


def check_chain(before: Width | None, layers: Sequence[tuple[Path, Layer]]) -> Width | None:
    """Return the width of what goes into layers, as the first that has one says it.

    Args:
        before: As what stands before them says it; None: it does not.
        layers: Each with its folder.

    Raises:
        ModelError: A layer takes vectors of another width than the one before it gives.
    """
    first = None
    for folder, layer in layers:
        if layer.taken is None or layer.width is None:
            continue
        taken = Width(layer.taken, folder / "config.json")
        if before is not None and taken.numbers != before.numbers:
            raise ModelError(
                f"{taken.file}: it takes vectors of {taken.numbers} numbers, but {before.file} says {before.numbers}."
            )
        first = first or taken
        before = Width(layer.width, taken.file)
    return first


def _text_settings(folder: Path) -> Settings:
    """Read `sentence_bert_config.json`, or what older releases called it after the architecture."""
    files = sorted(folder.glob("sentence_*_config.json"))
    text = Settings.read(files[0]) if files else Settings(folder / "sentence_bert_config.json", {})
    task = text.text("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise ModelError(f"{text.file}: the model is made for {task}; textcl opens models for feature-extraction.")
    return text


_MODEL_SETTINGS = "config_sentence_transformers.json"
_READ = ("prompts", "default_prompt_name", "truncate_dim", "__version__")
_ALWAYS_THERE = ("query", "document")  # prompts that sentence-transformers gives every model, empty ones
_KIND = "SentenceTransformer"  # of models; the others of sentence-transformers give no vector of a text
_COSINE, _LIKE_COSINE = "cosine", ("dot", "euclidean")  # of unit vectors the latter order as the cosine does


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What a model folder says of the model as a whole."""

    prompts: Prompts
    truncate_dim: int | None
    beside: dict[str, object]


def read_model_settings(folder: Path, *, is_normalised: bool) -> ModelSettings:
    """Read prompts, width and similarity.

    Args:
        folder: The model folder.
        is_normalised: Whether the model itself gives vectors of unit length.

    Raises:
        ModelError: A value is of the wrong kind, or the vectors are to be compared by another function than the cosine.
    """
    config = Settings.read_if_there(folder / _MODEL_SETTINGS)
    if (kind := config.text("model_type", _KIND)) != _KIND:
        raise ModelError(
            f"{config.file}: model_type is {kind!r}; textcl opens a {_KIND}, which gives a text one vector."
        )
    named, default = config.texts("prompts"), config.text("default_prompt_name")
    if default is not None and default not in (*named, *_ALWAYS_THERE):
        known = ", ".join(named) or "none"
        raise ModelError(f"{config.file}: default_prompt_name is {default!r}, but the prompts are {known}.")
    truncate_dim = config.count("truncate_dim")
    _check_similarity(config, is_unit=is_normalised and truncate_dim is None)
    beside = {name: value for name, value in config.content.items() if name not in _READ}
    return ModelSettings(Prompts(named, default), truncate_dim, beside)


def _check_similarity(config: Settings, is_unit: bool) -> None:
    similarity = config.text("similarity_fn_name", _COSINE)
    if similarity == _COSINE or (is_unit and similarity in _LIKE_COSINE):
        return
    raise ModelError(
        f"{config.file}: similarity_fn_name is {similarity!r}, and the model's vectors are not of unit length; textcl "
        "compares by the cosine, which orders them otherwise."
        if similarity in _LIKE_COSINE
        else f"{config.file}: similarity_fn_name is {similarity!r}; textcl compares by the cosine."
    )
