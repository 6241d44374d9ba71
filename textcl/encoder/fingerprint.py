"""A digest of an encoder: two with one fingerprint give a text the same vector."""

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version

from transformers import PreTrainedTokenizerBase

from textcl.encoder.encoder import Encoder
from textcl.encoder.locate import find_folder, read_name
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.types.text import Role

# What configs and tokenizers carry along that no vector depends on; padding and truncation are set by each call.
_CONFIG_NOISE = {
    "_name_or_path",
    "architectures",
    "dtype",
    "gradient_checkpointing",
    "torch_dtype",
    "transformers_version",
    "use_cache",
}
_TOKENIZER_NOISE = {"padding", "truncation", "version"}


def fingerprint(encoder: TextEncoder) -> str:
    """Digest the weights, the configs and the tokenizers of an encoder, as 32 hexadecimal digits.

    Prompts and precision are left out: they belong to how a text was embedded, and are kept beside its vector.
    """
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().data)
    if isinstance(encoder, TwoTower) and encoder.default is not Role.ANCHOR:
        digest.update(encoder.default.encode())
    for tower in _towers(encoder):
        for setting in _settings(tower):
            digest.update(json.dumps(setting, sort_keys=True, default=str).encode())
    return digest.hexdigest()


def files_stamp(model: str) -> str:
    """Digest names, sizes and times of the files of a model: while it stays, nobody has written to one of them.

    A digest of the contents says the same and reads all weights; this reads none. The times are those of the file
    system, which no program sets, so a copy of a model has another stamp.

    Raises:
        ModelError: There is no such model.
    """
    named = read_name(model)
    folder = find_folder(named.model, named.export)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    digest = hashlib.blake2b(str(folder.resolve()).encode(errors="surrogateescape"), digest_size=16)
    for name, stat in stats:
        digest.update(f"{name} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}\n".encode())
    return digest.hexdigest()


def token_key(encoder: TextEncoder, role: Role) -> str | None:
    """Digest what decides how texts of a role are cut into tokens; None where a tokenizer cannot be told from others.

    That is the tokenizer with all its rules, the libraries that follow them, the prompt and the length.
    """
    tower = encoder.tower(role) if isinstance(encoder, TwoTower) else encoder
    if not isinstance(tower, Encoder) or not tower.tokenizer.is_fast:
        return None
    tokenizer = tower.tokenizer
    named = [type(tokenizer).__name__, tokenizer.pad_token_id, tower.prompts[role], tower.length_for(role)]
    versions = [version("tokenizers"), version("transformers")]
    rules = json.dumps([_rules(tokenizer), named, versions], sort_keys=True)
    return hashlib.blake2b(rules.encode(), digest_size=16).hexdigest()


def settings_of(encoder: TextEncoder) -> dict[str, object]:
    """Return by name what decides, beside the weights, how a text becomes a vector, prompts too, of each tower."""
    found: dict[str, object] = {}
    for side, tower in zip(("", "documents."), _towers(encoder), strict=False):
        named = _config(tower) | {
            "tokenizer": _rules(tower.tokenizer),
            "pooling": tower.pooling,
            "pool_prompt": tower.pool_prompt,
            "dense": [repr(layer) for layer in tower.dense],
            "layer_mix": repr(tower.layer_mix),
            "truncate_dim": tower.truncate_dim,
            "max_length": tower.max_length,
            "lengths": tower.lengths,
            "prompts": tower.named_prompts,
        }
        found |= {f"{side}{name}": value for name, value in named.items()}
    return found


def _towers(encoder: TextEncoder) -> Iterator[Encoder]:
    if isinstance(encoder, TwoTower):
        yield from (encoder.queries, encoder.documents)
    elif isinstance(encoder, Encoder):
        yield encoder


def _settings(tower: Encoder) -> Iterator[object]:
    """Yield what decides, beside the weights, how a text becomes a vector."""
    yield _config(tower)
    yield _rules(tower.tokenizer)
    yield [tower.pooling, tower.pool_prompt, tower.max_length, [repr(layer) for layer in tower.dense]]
    if tower.adapter is not None:
        yield tower.adapter.scale
    if tower.lengths or tower.layer_mix is not None:
        yield [tower.lengths, repr(tower.layer_mix)]


def _config(tower: Encoder) -> dict[str, object]:
    config = tower.backbone.config.to_diff_dict()
    return {name: value for name, value in config.items() if name not in _CONFIG_NOISE}


def _rules(tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    """Return all that a fast tokenizer goes by."""
    rules = json.loads(tokenizer.backend_tokenizer.to_str())
    return {name: value for name, value in rules.items() if name not in _TOKENIZER_NOISE}
