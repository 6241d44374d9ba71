"""Attacks by a recipe: code that it names, and paths that it or the command line names."""

import os
from pathlib import Path

from tests.faults.attack import CODE, OWNED, Attack

_USES = (
    "sympy:Lambda", "builtins:eval", "builtins:exec", "os:system", "subprocess:Popen", "textcl.util.atomic:os",
    "textcl.util.atomic:shutil.rmtree", "textcl.files.lines:gzip.open", "textcl.errors:Path", "textcl:load",
    "textcl.data:TextLines.__init__", "textcl.recipe.consent:importlib", "evil:Loud", "evil.py:Loud", "./evil.py:Loud",
    "torch.nn:Module", "numpy:ndarray", "functools:partial", "types:FunctionType", "pathlib:Path", "__main__:main",
    "code:InteractiveConsole", "textcl.objectives:heads", "SpanCrop.__init__", "\uff54extcl.util.atomic:os", "evil:",
    ":evil", "textcl.augment:evil", "textcl.types:Augmentation", "textcl.types.protocols:Objective", "__import__",
    "evil",
)  # fmt: skip
_COMPONENTS = (
    "data.sources=[{use: USE, path: x, signature: x, expr: CODE}]",
    "data.sources=[{use: Concatenation, sources: [{use: USE}]}]",
    "data.sources=[{name: a, source: {use: JsonLines, path: pairs.jsonl}, objective: {use: USE}}]",
    "data.views=[{role: anchor, augment: [{use: USE, signature: x, expr: CODE}]}, {role: positive}]",
    "data.views=[{role: anchor, augment: [{use: Sometimes, p: 1, of: {use: USE}}]}, {role: positive}]",
    "data.views=[{role: anchor, augment: [{use: OneOf, of: [{use: USE}]}]}, {role: positive}]",
    "data.views=[{role: anchor, input: [{use: USE}]}, {role: positive}]",
    "objective={use: USE, signature: x, expr: CODE}",
    "objective={use: Sum, objectives: [{use: InfoNCE}, {use: USE}]}",
    "objective={use: Matryoshka, dimensions: [8], objective: {use: USE}}",
    "evaluation.after=[{name: own, source: {use: USE, path: x}}]",
    "objective={use: InfoNCE, _target_: USE}",
    "objective={use: InfoNCE, temperature: {use: USE}}",
    "objective={use: InfoNCE, allow_code: [evil]}",
    "allow_code=[evil]",
    f"name=!!python/object/apply:os.system ['touch {OWNED}']",
    f"name=!!python/object/new:os.system ['touch {OWNED}']",
)
RECIPE_VERBS = (
    ["check", "recipe.yaml"],
    ["train", "recipe.yaml", "--out", "run"],
    ["reproduce", "done", "--out", "run"],
)


def code_by_recipes() -> list[Attack]:
    """Return recipes that name code of others wherever a component stands."""
    changes = [part.replace("USE", f"'{use}'").replace("CODE", f'"{CODE}"') for part in _COMPONENTS for use in _USES]
    return [
        Attack(f"{words[0]} {change}", [*words, change], is_refused=True)
        for words in RECIPE_VERBS
        for change in dict.fromkeys(changes)
    ]


_PATHS = (
    "/dev/zero", "/dev/random", "/dev/full", "/dev/stdin", "/dev/tty", "/proc/self/mem", "/proc/self/environ",
    "/proc/kmsg", "pipe", "loop", "https://localhost/x.jsonl", "file:///etc/passwd", "~root/x", "~nobody_there/x",
    "outside/../../..", "\x1b]0;owned\x07", "[/red]x", "a\nb", "x" * 300, "$(touch OWNED)", "`touch OWNED`",
    "; touch OWNED",
)  # fmt: skip
_VIEWS = "data.views=[{role: anchor, augment: [{use: %s, path: 'PATH'}]}, {role: positive}]"
_SETTINGS = (
    *(
        f"data.sources=[{{use: {use}, path: 'PATH'}}]"
        for use in ("JsonLines", "TextLines", "CSV", "TSV", "Parquet", "Arrow", "BEIR", "WordNet")
    ),
    "data.sources=[{use: FolderLines, path: 'PATH', pattern: '*'}]",
    "data.sources=[{use: FolderTexts, path: 'PATH', pattern: '*'}]",
    "encoder.backbone='PATH'",
    "evaluation.after=['sts:PATH']",
    "evaluation={data_dir: 'PATH', after: [sts]}",
    _VIEWS % "BackTranslated",
    _VIEWS % "Synonyms",
)
_READERS = (
    *(["check", "recipe.yaml", setting] for setting in _SETTINGS),
    ["check", "recipe.yaml", "objective={use: Distillation}", "encoder.teacher='PATH'"],
    ["check", "PATH"], ["train", "PATH"], ["report", "PATH"], ["push", "PATH", "me/x", "--dry-run"],
    ["reproduce", "PATH", "--out", "run"], ["evaluate", "PATH", "sts:sts.jsonl"], ["evaluate", "model", "PATH"],
    ["evaluate", "model", "sts:PATH"], ["compare", "PATH", "PATH"], ["leaks", "PATH", "./suite.yaml"],
    ["encode", "model", "PATH", "--out", "v.npy"], ["encode", "PATH", "texts.txt", "--out", "v.npy"],
    ["index", "model", "PATH", "--out", "own"], ["search", "PATH", "x"], ["init", "PATH", "--out", "i.yaml"],
    ["clean", "PATH", "--out", "c.jsonl"], ["mine", "PATH", "--model", "model", "--out", "m.jsonl", "--range", "0:20"],
)  # fmt: skip


def paths() -> list[Attack]:
    """Return paths that never end, lead elsewhere, or are more than a path to a shell, wherever one is named."""

    def prepare(folder: Path) -> None:
        os.mkfifo(folder / "pipe")
        (folder / "loop").symlink_to("loop")

    return [
        Attack(f"{' '.join(words)} {path[:30]!a}", [word.replace("PATH", path) for word in words], prepare)
        for words in _READERS
        for path in _PATHS
    ]
