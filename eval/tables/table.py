"""The tables of results: objectives, and augmentations. Stop it when you like; it goes on where it was.

Each finished run is kept in eval/results/NAME.json, and eval/results/NAME.md is written anew after each. Hours on two
CPU cores; several of these may run side by side, each with a --work of its own and other runs named by --only.

Run: python eval/tables/table.py --data-dir ../shared/data
     python eval/tables/table.py --data-dir ../shared/data --table augmentations
"""

import argparse
import sys
from pathlib import Path

import augmentations
import objectives

TABLES = {"objectives": objectives.make, "augmentations": augmentations.make}
RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--table", choices=TABLES, default="objectives")
    parser.add_argument("--work", type=Path, help="training files and runs in progress; runs/TABLE")
    parser.add_argument("--only", nargs="+", default=[], help="only runs whose name holds all of these: families/ /18")
    parser.add_argument(
        "--rows", type=int, help="only to try it: so many rows of every training file and task; results go to --work"
    )
    arguments = parser.parse_args()
    work, results = arguments.work or Path("runs") / arguments.table, RESULTS
    if arguments.rows is not None:
        work = results = work / f"rows-{arguments.rows}"
    work.mkdir(parents=True, exist_ok=True)
    failed = TABLES[arguments.table](arguments.data_dir, work, results, arguments.only, arguments.rows)
    if failed:
        sys.exit(f"These runs failed; the same command tries them again: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
