"""The block on domain adaptation."""

from textwrap import fill

from cells import WIDTH, cell, header, line
from domains import ELSEWHERE, MINING, SCORES, STEPS
from store import Results
from verdicts import alike, differences, in_words

WORDS = """## Domain adaptation: all-MiniLM-L6-v2, all six layers

As a user would do it, by textcl's own commands; the recipes' learning rates, nothing searched, three seeds.
*Unsupervised crops*: `crops` (InfoNCE) and `simclr` (with a projector) on 10,000 sentences of SciFact's abstracts,
and on the texts of 5,000 docstrings, unpaired. *Pairs*: `pairs` on SciFact's 919 training pairs (batch 32, three
epochs), and on the 5,000 docstrings' summaries with their prose (one epoch). *Mined*: `triplets` on the same pairs,
each with one of up to five negatives that the untrained model found. Pairs without any mined negative are left out
of both, so that the two differ in the negatives alone. Scored on SciFact's test queries (nDCG@10, 256 tokens of a
text) and on finding the prose of each summary in packages that training never reads (nDCG@10); `stsb-test` shows
what is lost elsewhere. Differences by the rule above."""


def domain_block(results: Results) -> str:
    """Return the block of what is done so far."""
    lines = [WORDS, ""]
    for domain, kept in results.get("mining", {}).items():
        words = (
            f"- Mining {domain} (`textcl mine … {' '.join(MINING)}`): {kept['pairs']:,} pairs with negatives; mean "
            f"cosine with the positives {kept['positive']:.3f}, with the negatives {kept['negative']:.3f}."
        )
        lines.append(fill(words, WIDTH, subsequent_indent="  "))
    lines += ["", *header(["domain", "after", "nDCG@10", "against before", ELSEWHERE, "against before", "seeds"])]
    before = results["starts"].get("whole", {})
    for domain, score in SCORES.items():
        names = (score.partition(":")[0], ELSEWHERE)
        lines.append(line([domain, "*(before)*", *_shown([before], names), "-"]))
        for step in STEPS:
            key = f"domains/{domain}, {step}/whole/"
            runs = {int(name.removeprefix(key)): run["scores"] for name, run in results["runs"].items() if key in name}
            if runs:
                changes = [in_words(differences(runs, alike(before, runs), name)) for name in names]
                shown = _shown(list(runs.values()), names, changes)
                lines.append(line([domain, step, *shown, str(len(runs))]))
    return "\n".join([*lines, ""])


def _shown(runs: list[dict[str, float]], names: tuple[str, str], changes: list[str] | None = None) -> list[str]:
    """Return each score, with its change behind it."""
    own = changes or ["-", "-"]
    cells = [cell([scores[name] for scores in runs if name in scores]) for name in names]
    return [text for pair in zip(cells, own, strict=True) for text in pair]
