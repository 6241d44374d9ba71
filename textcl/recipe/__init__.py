"""Recipes: what a run is, read, checked, built and run; and what the command line does with a saved model."""

from textcl.recipe.back_translating import BackTranslation, Pairs, back_translate
from textcl.recipe.benchmarking import Asked, Benchmark, bench_search
from textcl.recipe.comparing import Comparison, RunScores, compare_runs
from textcl.recipe.corpus_files import read_corpus
from textcl.recipe.cosines import CosineRange
from textcl.recipe.exporting import ExportTest, export_model
from textcl.recipe.indexing import Corpus, index_corpus
from textcl.recipe.leaking import leaks
from textcl.recipe.load import load_recipe, parse, recipe_text, resolved
from textcl.recipe.mining import MiningReport, mine_file
from textcl.recipe.model_embed import Embedding
from textcl.recipe.origin import Origin, open_origin
from textcl.recipe.outcome import Outcome
from textcl.recipe.pair_files import PairFile
from textcl.recipe.plain_texts import PlainTexts
from textcl.recipe.plan import PartPlan, Plan, plan
from textcl.recipe.publishable import publishable
from textcl.recipe.publishing import Publisher, publisher_of
from textcl.recipe.reproducing import Reproduction, compare_with
from textcl.recipe.run import train_recipe
from textcl.recipe.schema import Recipe
from textcl.recipe.scoring import Scored, ScoreWatcher, score_model, write_evaluation_page
from textcl.recipe.searching import Found, Searcher
from textcl.recipe.vectors import encode_file
from textcl.recipe.watcher import Watcher

__all__ = [
    "Asked",
    "BackTranslation",
    "Benchmark",
    "Comparison",
    "Corpus",
    "CosineRange",
    "Embedding",
    "ExportTest",
    "Found",
    "MiningReport",
    "Origin",
    "Outcome",
    "PairFile",
    "Pairs",
    "PartPlan",
    "PlainTexts",
    "Plan",
    "Publisher",
    "Recipe",
    "Reproduction",
    "RunScores",
    "ScoreWatcher",
    "Scored",
    "Searcher",
    "Watcher",
    "back_translate",
    "bench_search",
    "compare_runs",
    "compare_with",
    "encode_file",
    "export_model",
    "index_corpus",
    "leaks",
    "load_recipe",
    "mine_file",
    "open_origin",
    "parse",
    "plan",
    "publishable",
    "publisher_of",
    "read_corpus",
    "recipe_text",
    "resolved",
    "score_model",
    "train_recipe",
    "write_evaluation_page",
]
