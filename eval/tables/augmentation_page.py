"""The table of augmentations as a page: scores, differences by a stated rule, and domain adaptation."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

from augmentation_rows import COMBINATIONS, PLAIN, VIEWS, best_combination
from cells import WIDTH, cell, header, line
from domain_page import domain_block
from masked_model import BATCH, STEPS, TESTED
from store import Results
from verdicts import BETTER, FEW, UNCLEAR, WORSE, Scored, alike, differences, in_words, verdict

from textcl.util.atomic import new_file

HEAD = """# Augmentations, side by side

Made by `python eval/tables/table.py --data-dir ../shared/data --table augmentations`, which goes on where it was
stopped; all numbers are in [`augmentations.json`](augmentations.json).

**What the encoder is.** The first four of the six layers of all-MiniLM-L6-v2 with mean pooling: the lower part of a
model that was tuned for sentences, the best stand-in for an untuned encoder that was found; what helps here need not
help another.

**What is equal.** The same 20,000 Wikipedia sentences once, cut at 32 tokens, and the bundled recipe `crops` (InfoNCE,
batch 64, learning rate 3e-5, dropout on) for every row: no setting was searched, so a view that wants another learning
rate does not get it. Only the views differ. The anchor is the sentence itself and the positive is changed, by the
settings that textcl has by default; crops, adjacent spans and templates change both. Adjacent spans are made for
documents; here they are spans of a quarter to a half of a sentence. Templates take some ten of the 32 tokens.

**What the numbers are.** Percent: `sts` is the mean Spearman of STS12-16, STS-B and SICK-R, `classic` the mean nDCG@10
of Cranfield, CISI, MEDLINE, NPL and ADI, `banking77` the accuracy of the five nearest neighbours. 128 tokens of a text
are kept. Mean ± standard deviation over seeds. STS-B dev chooses the best combination, nothing else; `changed` is the
share of rows, of 2,000, of which a view has other tokens than its text.
"""
RULE = """A difference is taken seed by seed. Of three seeds it is called better or worse where its mean is more than
two standard deviations (over seeds) from 0, so that all three agree in sign; without a word there is no clear
difference. Of rows that are truly equal 7 in 100 would be called one or the other by chance; there are many rows."""
SCORES = ("sts", "classic", "banking77")


def write_page(results: Results, path: Path) -> None:
    """Write the page of what is done so far."""
    rows = _rows(results)
    start = {name: alike(results["starts"].get("tuned", {}), runs) for name, runs in rows.items()}
    plain: dict[str, Scored] = dict.fromkeys(rows, rows.get(PLAIN, {}))
    parts = [
        HEAD,
        _scores(results, rows),
        _against("dropout alone", rows, plain, RULE),
        _against("the start", rows, start, "By the same rule; the start has one score, so the deviation is the row's."),
        _help(rows, plain, start),
        _left_out(results),
        _translations(results),
        _masked_model(results),
        domain_block(results),
    ]
    with new_file(path) as temporary:
        temporary.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _rows(results: Results) -> dict[str, Scored]:
    """Return the scores by row and seed, rows in the order of the program."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    for key, run in results["runs"].items():
        block, name, _, seed = key.split("/")
        if block != "domains":
            found.setdefault(name, {})[int(seed)] = run["scores"]
    return {name: found[name] for name in (*VIEWS, *COMBINATIONS) if name in found}


def _scores(results: Results, rows: Mapping[str, Scored]) -> str:
    columns = (*SCORES, "stsb-dev")
    best = best_combination(results)
    lines = ["## Scores", "", *header(["views", *columns, "changed", "seeds"])]
    start = results["starts"].get("tuned", {})
    lines.append(line(["*(start)*", *(cell([start[name]] if name in start else []) for name in columns), "-", "-"]))
    for name, runs in rows.items():
        cells = [cell([scores[column] for scores in runs.values() if column in scores]) for column in columns]
        share = results.get("changed", {}).get(name)
        shown = f"{name} (the best combination)" if name == best else name
        lines.append(line([shown, *cells, "-" if share is None else f"{share:.0f} %", str(len(runs))]))
    return "\n".join([*lines, ""])


def _against(what: str, rows: Mapping[str, Scored], others: Mapping[str, Scored], words: str) -> str:
    lines = [f"## Against {what}", "", words, "", *header(["views", *SCORES])]
    for name, runs in rows.items():
        if runs is not others[name]:
            lines.append(line([name, *(in_words(differences(runs, others[name], score)) for score in SCORES)]))
    return "\n".join([*lines, ""])


def _help(rows: Mapping[str, Scored], plain: Mapping[str, Scored], start: Mapping[str, Scored]) -> str:
    """Say by the rule, score by score, which views help and which do not."""
    lines = ["## Where an augmentation does not help", "", "By the rule above, of the rows with three seeds.", ""]
    for score in SCORES:
        for what, others in (("dropout alone", plain), ("the start", start)):
            words = {name: verdict(differences(runs, others[name], score)) for name, runs in rows.items()}
            named = {
                word: [name for name, own in words.items() if own == word and rows[name] is not others[name]]
                for word in (WORSE, UNCLEAR, BETTER)
            }
            parts = [f"{word}: {', '.join(names) or 'none'}" for word, names in named.items()]
            if any(word != FEW for word in words.values()):
                lines.append(f"- `{score}` against {what}: {'; '.join(parts)}.")
    return "\n".join([*lines, ""])


def _left_out(results: Results) -> str:
    reasons = {name: reason for name, reason in results.get("left_out", {}).items() if reason}
    lines = [f"- {name}: {reason}." for name, reason in reasons.items()]
    return "\n".join(["## Left out", "", *lines, ""]) if lines else ""


def _masked_model(results: Results) -> str:
    """Return what the masked language model is, and how well it guesses."""
    if "masked_model" not in results:
        return ""
    words = (
        "No masked language model was at hand, so one was made for *masked substitution*: all six layers of "
        f"all-MiniLM-L6-v2 with BERT's head, trained to predict words for {STEPS} steps of {BATCH} sentences of "
        f"wiki-mixed, none of them of the 20,000. Of {TESTED:,} of these it guesses "
        f"{results['masked_model']['accuracy']:.0f} % of the masked tokens. A model pre-trained on billions of words "
        "should change the meaning less often; how much that helps the row does not say."
    )
    return "\n".join(["## The masked language model", "", fill(words, WIDTH), ""])


def _translations(results: Results) -> str:
    """Return what became of the texts that went through Apertium."""
    lines = []
    for pivot, made in results.get("translations", {}).items():
        share = 100 * made["kept"] / made["texts"]
        refused = "; ".join(f"{count:,} {reason}" for reason, count in made["refused"].items())
        words = (
            f"`textcl augment back-translate wiki.txt --out back-translated.jsonl --pivot {pivot}`, Apertium: of "
            f"{made['texts']:,} sentences {made['kept']:,} ({share:.1f} %) have a translation "
            f"that passes the filters. Refused: {refused}. Kept and refused add up to the sentences: none was lost. A "
            "sentence without a translation stays as it is, so with p = 1, too, a part of the positives is unchanged."
        )
        lines = ["## Back-translation", "", fill(words, WIDTH), ""]
    return "\n".join(lines)
