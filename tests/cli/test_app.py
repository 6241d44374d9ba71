"""The verbs together: help, exit codes, and errors in their own words."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import textcl.cli
from tests.cli.running import run
from textcl.cli.app import main
from textcl.errors import RecipeError, TextclError
from textcl.util.cache import cache_folder

# The verbs by the files of `textcl/cli`: each begins with "`textcl my-verb", and is my_verb.py.
FILES = {file.stem.replace("_", "-"): file for file in sorted(Path(textcl.cli.__file__).parent.glob("*.py"))}
VERBS = [verb for verb, file in FILES.items() if file.read_text(encoding="utf-8").startswith(f'"""`textcl {verb}')]
HEAVY = ("torch", "transformers", "numpy", "faiss", "textcl.recipe", "textcl.types")


@pytest.mark.parametrize("verb", [(), *[(verb,) for verb in VERBS]])
def test_help_loads_nothing_heavy(verb: tuple[str, ...]) -> None:
    program = (
        "import sys\n"
        "from textcl.cli import main\n"
        "try:\n"
        f"    main([*{verb!r}, '--help'])\n"
        "except SystemExit as left:\n"
        "    assert not left.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage: textcl" in done.stdout


def test_every_verb_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "--help")
    assert shown.code == 0
    listed = shown.out.partition("Commands:")[2].splitlines()
    assert len(VERBS) >= 18
    assert sorted(line.split()[0] for line in listed if line[2:3].strip()) == sorted(VERBS)


def test_python_m_textcl_is_textcl() -> None:
    done = subprocess.run([sys.executable, "-m", "textcl", "recipes"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert {"quickstart", "simcse"} <= {line.split()[0] for line in done.stdout.splitlines()}


@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 1), ("2>/dev/full", 0)])
def test_streams_that_are_closed_or_full_end_no_verb_in_a_traceback(closed: str, code: int) -> None:
    command = ["sh", "-c", f'"$0" -m textcl recipes {closed}', sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr
    assert not code or "No space left on device" in done.stderr


@pytest.mark.parametrize("arguments", [["train"], ["no-such-verb"], ["train", "simcse", "--no-such-option"]])
def test_wrong_usage_leaves_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(capsys, *arguments).code == 2


def test_an_error_is_one_clear_line_on_stderr_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    finished = run(capsys, "check", "simcs")
    assert finished.code == 1
    assert finished.out == ""
    assert finished.err.startswith("Error: There is no recipe 'simcs'. textcl brings ")
    assert len(finished.err.splitlines()) == 1


def test_several_errors_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    finished = run(capsys, "check", "simcse", "data.batch_size=many")
    assert [line[:7] for line in finished.err.splitlines()] == ["Error: ", "       "]
    assert "data.sources.0.path=PATH" in finished.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["init", "a.txt", "--out", "a.txt/b.yaml"], "a.txt/b.yaml cannot be written: a.txt is a file, not a folder."),
        (["init", "a.txt", "--out", "folder", "--force"], "folder cannot be written: it is a folder."),
        (["clean", "a.txt", "--out", "a.txt/b.txt"], "a.txt/b.txt cannot be written: a.txt is a file, not a folder."),
        (["clean", "a.txt", "--out", "folder.txt"], "folder.txt cannot be written: it is a folder."),
    ],
)
def test_an_output_that_can_not_be_written_is_one_clear_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a text of some words\nanother text of words\n")
    for name in ("folder", "folder.txt"):
        (tmp_path / name).mkdir()
    finished = run(capsys, *arguments)
    assert finished.code == 1
    assert finished.err == f"Error: {reason} Name a location with room where you may write.\n"


def test_a_traceback_is_there_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTCL_DEBUG", "1")
    with pytest.raises(RecipeError):
        main(["check", "simcs"])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "secret/a.txt"),
            "secret/a.txt: Permission denied. Ask for ",
        ),
        (
            OSError(errno.EMFILE, "Too many open files"),
            "Too many open files. Raise how many a process may have: ulimit",
        ),
        (
            RuntimeError("unable to open file <a.safetensors> in read-only mode: Too many open files (24)"),
            "unable to open file <a.safetensors> in read-only mode: Too many open files (24). Raise how many ",
        ),
        (MemoryError(), "There is not enough memory. "),
        (SystemError("error return without exception set"), "Python says 'error return without exception set', as it"),
        (RuntimeError("could not create a primitive"), "There is not enough memory. "),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), "There is not enough memory. "),
    ],
)
def test_what_the_machine_refuses_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("textcl.recipe.load.load_recipe", fail)
    finished = run(capsys, "check", "simcse")
    assert finished.code == 1
    assert finished.err.startswith(f"Error: {said}")


@pytest.mark.parametrize("words", [("search", "ix", "a\udcff"), ("train", "simcse", "--out", "\udce4"), ("\udc80",)])
def test_bytes_that_are_no_utf8_are_refused_on_the_command_line(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    finished = run(capsys, *words)
    assert finished.code == 1
    assert finished.err.startswith(f"Error: {words[-1]!a} on the command line is not UTF-8 at character ")


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (RuntimeError("no such thing"), EOFError("no such thing")):  # click would say "Aborted!" of the other

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("textcl.recipe.load.load_recipe", fail)
        with pytest.raises(RuntimeError, match="no such thing"):
            main(["check", "simcse"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "no-model", "sts-smoke", "--json"),
        ("evaluate", "no-model", "sts-smoke", "--html"),
        ("compare", "no-run", "no-other", "--json"),
        ("leaks", "no-texts.txt", "sts-smoke", "--json"),
        ("encode", "no-model", "no-texts.txt", "--out"),
    ],
)
def test_a_pipe_named_for_a_result_is_refused_before_anything_is_opened(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    finished = run(capsys, *arguments, tmp_path / "pipe")
    assert (finished.code, "pipe cannot be written: it is a device or a pipe" in finished.err) == (1, True)
    assert (tmp_path / "pipe").is_fifo()


def test_scores_never_replace_what_is_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.json").write_text("{}")
    for words in (("evaluate", "m", "sts:mine.json"), ("compare", "mine.json", "b"), ("leaks", "mine.json", "sts")):
        assert "mine.json is what is read" in run(capsys, *words, "--json", "./mine.json").err
    assert Path("mine.json").read_text() == "{}"


def test_names_of_files_have_any_letters_in_any_locale(tmp_path: Path) -> None:
    (tmp_path / "ü.txt").write_text("ö one\ntwo\n", encoding="utf-8")
    locale = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "textcl", "recipes", "--show", "ü.txt"]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=os.environ | locale, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ö one\ntwo\n".encode(), b"")


def test_a_user_without_a_home_is_told_where_a_cache_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", fail)
    with pytest.raises(TextclError, match=r"no home folder ~ here\. Set XDG_CACHE_HOME"):
        cache_folder("unpacked")


@pytest.mark.parametrize("words", [("evaluate", "~nobody_there/m", "sts-smoke"), ("check", "~nobody_there/r")])
def test_a_home_folder_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    done = run(capsys, *words)
    assert done.code == 1
    assert done.err.startswith(f"Error: {words[1]}: found a path that begins with ~")
