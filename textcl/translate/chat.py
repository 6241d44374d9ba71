"""A language model behind an endpoint of chat completions, as OpenAI's, vLLM, llama.cpp and Ollama have it."""

import hashlib
import http.client
import json
import logging
import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from textcl.errors import ModelError
from textcl.translate.engine import BEST, Decoding, StoppedError, Translation
from textcl.util.visible import one_line

_log = logging.getLogger(__name__)
KEY = "OPENAI_API_KEY"  # the environment variable of the key
DOCUMENT = "{document}"  # where a prompt has the text
NUMBER = "{number}"  # where it has how many questions are wanted
PROMPT = f"""Below is a document. Write {NUMBER} questions that people could type into a search engine and that this \
document answers. Each question must be understood without the document, and must not copy a sentence of it. Write in \
the language of the document. Write one question a line, without numbers, and nothing else.

{DOCUMENT}
"""
_MOST_CHARACTERS = 8000  # of a text; what is longer is cut
_ATTEMPTS = 5
_FIRST_PAUSE = 1.0  # seconds before the second attempt; doubled each time
_LONGEST_PAUSE = 60.0  # seconds, whatever the endpoint asks for
_TIME_OUT = 120.0  # seconds without a byte
_TRIED_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 529}
_OF_ONE_TEXT = {400, 413, 422}  # it is too long, or a filter refuses it; or all requests are wrong
_HOPELESS = 8  # texts that are refused before any other is answered
_MOST_BYTES = 1 << 24  # of an answer
_SHOWN = 160  # characters of an answer in a message
_THOUGHTS = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is, and what it is asked.

    Args:
        address: What `/chat/completions` follows, as in `http://127.0.0.1:8000/v1`.
        model: What the endpoint calls the model.
        prompt: What is sent for a text: `{document}` stands for it, `{number}` for how many questions are wanted.
        number: Questions of a text.
        requests: How many are under way at once.

    Raises:
        ValueError: The address is none, or the prompt has no `{document}`.
    """

    address: str
    model: str
    prompt: str = PROMPT
    number: int = 3
    requests: int = 8

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.address)
            is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
            is_right &= self.address.isascii() and self.address.isprintable() and " " not in self.address
        except ValueError:
            parts, is_right = None, False
        if parts is None or not is_right:
            raise ValueError(f"found {self.address!r}; write an address as http://127.0.0.1:8000/v1.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError(
                f"the address of {parts.hostname} must hold no key, and nothing behind its path: set {KEY} in the "
                "environment."
            )
        if DOCUMENT not in self.prompt:
            raise ValueError(f"the prompt must say where the text goes: {DOCUMENT}.")

    def message(self, text: str) -> str:
        """Return what the model is sent for a text."""
        asked = self.prompt.replace(NUMBER, str(self.number))
        return asked.replace(DOCUMENT, text[:_MOST_CHARACTERS])


class Chat:
    """Asks for all questions of a text at once, and for several texts at once.

    Too many requests (429) and errors of the endpoint are tried again, after a pause that doubles or that the endpoint
    names. The key is read from OPENAI_API_KEY; it is sent to this address alone (redirects are not followed), and
    stands in no cache and no message.

    Args:
        endpoint: Where, and what.
    """

    name = "openai"
    batch = 64
    by_rules = False

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._address = f"{endpoint.address.rstrip('/')}/chat/completions"
        self._key = os.environ.get(KEY, "").strip()
        if not self._key.isascii() or any(character.isspace() for character in self._key):
            raise ModelError(f"{KEY}: the key holds blanks or characters that no key has. Copy it again.")
        self._opener = build_opener(_NoRedirect)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._answered = self._refused = 0  # texts

    def version(self, source: str, target: str) -> str:
        """Name the endpoint, the model, the prompt and how many questions are asked for."""
        prompt = hashlib.blake2b(self._endpoint.prompt.encode(), digest_size=8).hexdigest()
        endpoint = self._endpoint
        return f"{target}: {endpoint.address} {endpoint.model} {prompt} {endpoint.number} {_MOST_CHARACTERS}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation | None]:
        """Ask for each text; None: the endpoint refuses it.

        Raises:
            StoppedError: The endpoint cannot be reached, refuses the key or the model, or answers with something else.
        """
        self._stopped.clear()
        with ThreadPoolExecutor(self._endpoint.requests) as pool:
            asked = [pool.submit(self._ask, text, decoding, seed) for text in texts]
            try:
                return [future.result() for future in asked]
            except BaseException as error:  # Ctrl-C too: what was answered is paid for
                self._stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise StoppedError([_answer_of(future) for future in asked], error) from error

    def _ask(self, text: str, decoding: Decoding, seed: int) -> Translation | None:
        """Ask until there is an answer, or it is clear that there will be none."""
        body = json.dumps(self._request(text, decoding, seed)).encode()
        pause, attempt = _FIRST_PAUSE, 1
        while True:
            try:
                answer = self._answer(body)
            except _RefusedError as refusal:
                self._give_up(text, refusal)
                return None
            except _TroubleError as trouble:
                if attempt == _ATTEMPTS or self._stopped.is_set():
                    raise ModelError(
                        f"{self._address}: {trouble} Tried {attempt} times; the same command goes on."
                    ) from trouble
                self._stopped.wait(min(_LONGEST_PAUSE, max(pause, trouble.pause)))
                pause, attempt = 2 * pause, attempt + 1
            else:
                with self._lock:
                    self._answered += 1
                return Translation(answer)

    def _request(self, text: str, decoding: Decoding, seed: int) -> dict[str, Any]:
        """Return the request as JSON has it."""
        drawn = {"temperature": decoding.temperature or 0.0}
        drawn |= {} if decoding.top_p == BEST.top_p else {"top_p": decoding.top_p}
        message = {"role": "user", "content": self._endpoint.message(text)}
        return {"model": self._endpoint.model, "messages": [message], "seed": seed % (1 << 31), **drawn}

    def _answer(self, body: bytes) -> str:
        """Send a request and return what the model says."""
        headers = {"Content-Type": "application/json", "User-Agent": "textcl"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            request = Request(self._address, body, headers)  # noqa: S310 (http or https, as the endpoint checks)
            with self._opener.open(request, timeout=_TIME_OUT) as response:
                raw = response.read(_MOST_BYTES)
        except HTTPError as error:
            raise self._of_status(error) from error
        except URLError as error:
            reason = error.reason
            if isinstance(reason, TimeoutError | ConnectionResetError | http.client.HTTPException):
                raise _TroubleError(f"{_named(reason)}.") from error
            raise ModelError(
                f"{self._address} cannot be reached ({_named(reason)}). Is the server running, is the address right?"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise _TroubleError(f"the connection broke off ({_named(error)}).") from error
        return _content(raw)

    def _of_status(self, error: HTTPError) -> Exception:
        """Return what an answer with an error means."""
        said = self._said(error)
        if error.code in _TRIED_AGAIN:
            return _TroubleError(f"it answers {error.code}{said}.", _asked_pause(error))
        if error.code in _OF_ONE_TEXT:
            return _RefusedError(f"{error.code}{said}")
        advice = {
            401: f"Set the key in the environment variable {KEY}.",
            403: f"The key in {KEY} may not use this model.",
            404: "Give the address that /chat/completions follows (http://127.0.0.1:8000/v1) and a model there.",
        }.get(error.code, "It must be an endpoint of chat completions.")
        return ModelError(f"{self._address}: it answers {error.code}{said}. {advice}")

    def _said(self, error: HTTPError) -> str:
        """Return what an endpoint says of an error, in brackets, if it says anything; some repeat the key."""
        with suppress(OSError, http.client.HTTPException):
            raw = error.read(1 << 16).decode("utf-8", "replace")
            with suppress(ValueError, LookupError, TypeError):
                raw = str(json.loads(raw)["error"]["message"])
            raw = raw.replace(self._key, "…") if self._key else raw
            return f" ({one_line(raw)[:_SHOWN]})" if raw.strip() else ""
        return ""

    def _give_up(self, text: str, refusal: "_RefusedError") -> None:
        """Count a text that is refused, and stop where all are."""
        with self._lock:
            self._refused += 1
            is_hopeless = not self._answered and self._refused >= _HOPELESS
        if is_hopeless:
            raise ModelError(f"{self._address}: it refuses {_HOPELESS} texts and answers none: {refusal}.")
        _log.warning("%s refuses a text (%s): %s", self._address, refusal, one_line(text)[:60])


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect: the key and the texts are for one address."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> None:
        return None


class _RefusedError(Exception):
    """The endpoint refuses one text."""


class _TroubleError(Exception):
    """What may be over when the request is sent again.

    Args:
        what: What happened.
        pause: Seconds that the endpoint asks for.
    """

    def __init__(self, what: str, pause: float = 0.0) -> None:
        super().__init__(what)
        self.pause = pause


def _answer_of(future: "Future[Translation | None]") -> Translation | None:
    is_there = future.done() and not future.cancelled() and future.exception() is None
    return future.result() if is_there else None


def _content(raw: bytes) -> str:
    """Return what the model says, without what it thought before.

    Raises:
        _TroubleError: This is no chat completion.
    """
    try:
        content = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        content = 0
    if not isinstance(content, str | None):
        found = one_line(raw.decode("utf-8", "replace"))[:_SHOWN] or "nothing"
        raise _TroubleError(f"it answers with something that is no chat completion: {found}.")
    return _THOUGHTS.sub("", content or "").strip()


def _asked_pause(error: HTTPError) -> float:
    """Return the seconds that an endpoint asks to wait."""
    try:
        return max(0.0, float(error.headers.get("Retry-After", 0)))
    except ValueError:  # a date
        return 0.0


def _named(error: object) -> str:
    return one_line(str(error)) or type(error).__name__
