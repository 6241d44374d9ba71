"""Files of S3, as moto's server on this machine holds them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError
from textcl.types.text import Source

boto3 = pytest.importorskip("boto3")
pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The address of a server that stands in for S3."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(endpoint: str, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """A client of a bucket that holds three shards; this process reads there by its environment alone."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="corpus")
    for number in range(3):
        client.put_object(Bucket="corpus", Key=f"pairs/part-{number}.jsonl", Body=pairs(f"{number} a", f"{number} b"))
    return client


def pairs(*anchors: str) -> bytes:
    return "".join(json.dumps({"anchor": anchor, "positive": "p"}) + "\n" for anchor in anchors).encode()


def anchors(source: Source) -> list[str]:
    return [source[row].anchor for row in range(len(source))]


def test_a_file_a_folder_and_a_pattern_of_a_bucket_are_read(bucket: object):
    assert anchors(JsonLines("s3://corpus/pairs/part-1.jsonl")) == ["1 a", "1 b"]
    for path in ("s3://corpus/pairs", "s3://corpus/pairs/part-*.jsonl"):
        source = JsonLines(path)
        assert anchors(source) == ["0 a", "0 b", "1 a", "1 b", "2 a", "2 b"]
        assert source.location(4) == "s3://corpus/pairs/part-2.jsonl, line 1"


def test_another_version_of_the_same_size_is_fetched_anew(bucket):
    assert anchors(JsonLines("s3://corpus/pairs/part-0.jsonl")) == ["0 a", "0 b"]
    bucket.put_object(Bucket="corpus", Key="pairs/part-0.jsonl", Body=pairs("0 c", "0 d"))
    assert anchors(JsonLines("s3://corpus/pairs/part-0.jsonl")) == ["0 c", "0 d"]


def test_what_is_not_there_is_named(bucket: object):
    with pytest.raises(DataError, match=r"^s3://corpus/pairs/none\.jsonl: there is no such file"):
        JsonLines("s3://corpus/pairs/none.jsonl")
    with pytest.raises(DataError, match=r"^s3://nobody/a\.jsonl: "):
        JsonLines("s3://nobody/a.jsonl")


def test_a_server_that_is_down_is_one_line_that_names_the_address(bucket: object, monkeypatch: pytest.MonkeyPatch):
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # where nobody listens
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(
        DataError, match=r"^s3://corpus/a\.jsonl: cannot be fetched \(.*\)\. Look at the network"
    ) as caught:
        JsonLines("s3://corpus/a.jsonl")
    assert "\n" not in str(caught.value)
