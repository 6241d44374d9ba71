"""What goes wrong between here and the Hub, in one line that says the way out."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from textcl.errors import PublishError

# The root of the errors of httpx or httpx2, whichever the client is built on.
_TRANSPORT: type[Exception] = HfHubHTTPError.__mro__[1]
# The client raises those of the transport, of files, and, around a failed upload, a RuntimeError.
_FAULTS: tuple[type[Exception], ...] = (_TRANSPORT, OSError, RuntimeError, ValueError)


@contextmanager
def telling_faults(repo: str) -> Iterator[None]:
    """Turn what the Hub's client raises within a block into a `PublishError`.

    Args:
        repo: The repository that it is about.
    """
    try:
        yield
    except _FAULTS as error:
        raise PublishError(_told(error, repo)) from error


def _told(error: BaseException, repo: str) -> str:
    """Say what the first error in a chain of causes that is known means."""
    chain = list(_chain(error))
    answer = next((link for link in chain if isinstance(link, HfHubHTTPError)), None)
    if answer is not None:
        return _of_answer(answer, repo)
    if any(isinstance(link, OfflineModeIsEnabled) for link in chain):
        return "HF_HUB_OFFLINE is set, so nothing can be published. Unset it and push again."
    if any(isinstance(link, LocalTokenNotFoundError) for link in chain):
        return "Nobody is logged in to the Hub. Log in by hf auth login, or set HF_TOKEN to a token that may write."
    broken = next((link for link in chain if isinstance(link, _TRANSPORT)), None)
    if broken is not None:
        return (
            f"The Hub can not be reached, or the connection broke ({_line(broken)}). {repo} is as it was, and so is "
            "the run; the same command goes on with what is missing."
        )
    return f"{repo}: the Hub's client gave up ({_line(chain[-1])}). The run is untouched."


def _of_answer(error: HfHubHTTPError, repo: str) -> str:
    """Say what an answer of the Hub means."""
    status, said = error.response.status_code, _said(error)
    namespace = repo.partition("/")[0]
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no such revision, and none can be made of that name{said}."
    if isinstance(error, RepositoryNotFoundError):
        return f"The Hub knows no repository {repo}, or the token may not see it{said}."
    words = {
        400: f"The Hub refuses what was sent for {repo}{said}.",
        401: f"The Hub does not take the token{said}. Log in again by hf auth login --force, or mend HF_TOKEN.",
        402: f"The Hub wants a paid plan for this{said}.",
        403: f"The token may not write to {repo}{said}. Take one with write permission for {namespace}, or push to a "
        "repository of your own.",
        409: f"{repo}: something stands in the way of it{said}. Try again.",
        412: f"{repo} was changed by somebody else meanwhile{said}. Push again.",
        429: f"The Hub has had too many requests from here{said}. Wait some minutes and push again.",
    }
    if status in words:
        return words[status]
    trouble = f"The Hub is in trouble (HTTP {status})" if status >= 500 else f"The Hub answers with HTTP {status}"
    return f"{trouble}{said}. {repo} is as it was; push again later, what has arrived is not sent twice."


def _said(error: HfHubHTTPError) -> str:
    """Return the Hub's own words, if it had any."""
    words = error.server_message or error.response.headers.get("X-Error-Message")
    return f" ({' '.join(words.split()).rstrip('.')})" if words else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
