"""What the Hub answers to each request, as `huggingface_hub` 2 makes it."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import yaml

from tests.hub.hub_store import File, Refused, Repository, Store, Tree

Answer = tuple[int, bytes, dict[str, str]]
LOCATIONS = (("repo", ""), ("revision", "main"), ("path", ""))  # parts of an address, and what they are without
_LARGE = (".safetensors", ".onnx", ".bin")  # files that are stored apart


@dataclass(frozen=True)
class Request:
    """A request and the parts of its address."""

    store: Store
    endpoint: str
    token: str | None
    query: dict[str, list[str]]
    body: bytes
    repo: str
    revision: str
    path: str

    @property
    def json(self) -> dict:
        return json.loads(self.body)


def _json(content: object) -> Answer:
    return 200, json.dumps(content).encode(), {"Content-Type": "application/json"}


def _who_am_i(request: Request) -> Answer:
    account = request.store.account(request.token)
    if account is None:
        raise Refused(401, "Invalid username or password.")
    return _json({"name": account.name, "type": "user"})


def _create(request: Request) -> Answer:
    asked = request.json
    account = request.store.account(request.token)
    name = f"{asked['organization'] or (account.name if account else '')}/{asked['name']}"
    private = asked["visibility"] == "private" if "visibility" in asked else asked["private"]
    request.store.create(name, private, request.token)
    return _json({"url": f"{request.endpoint}/{name}"})


def _validate(request: Request) -> Answer:
    head = re.match(r"---\n(.*?)\n---", request.json["content"], re.DOTALL)
    try:
        found = yaml.safe_load(head[1]) if head else {}
        errors = [] if isinstance(found, dict) else [{"message": "the metadata is no mapping"}]
    except yaml.YAMLError as error:
        errors = [{"message": str(error)}]
    return 400 if errors else 200, json.dumps({"errors": errors, "warnings": []}).encode(), {}


def _preupload(request: Request) -> Answer:
    opens_pull_request = "create_pr" in request.query
    repository = request.store.writable(request.repo, request.token, as_pull_request=opens_pull_request)
    tree, files = repository.tree(request.revision), []
    for file in request.json["files"]:
        mode = "lfs" if file["path"].endswith(_LARGE) else "regular"
        known = tree.get(file["path"])
        oid = None if known is None else known.sha256 if known.is_large else known.blob
        files.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return _json({"files": files})


def _batch(request: Request) -> Answer:
    request.store.visible(request.repo, request.token)
    objects = []
    for entry in request.json["objects"]:
        actions = {"upload": {"href": f"{request.endpoint}/large/{entry['oid']}"}}
        objects.append(entry if entry["oid"] in request.store.large else {**entry, "actions": actions})
    return _json({"transfer": "basic", "objects": objects})


def _commit(request: Request) -> Answer:
    opens_pull_request = "create_pr" in request.query
    repository = request.store.writable(request.repo, request.token, as_pull_request=opens_pull_request)
    tree, message = dict(repository.tree(request.revision)), ""
    for line in request.body.splitlines():
        entry = json.loads(line)
        if entry["key"] == "header":
            message = entry["value"]["summary"]
        else:
            _change(tree, entry["key"], entry["value"], request.store)
    pulls = sum(branch.startswith("refs/pr/") for branch in repository.branches)
    branch = f"refs/pr/{pulls + 1}" if opens_pull_request else request.revision
    name = repository.commit(branch, tree, message)
    place = f"{request.endpoint}/{request.repo}"
    pull = f"{place}/discussions/{pulls + 1}" if opens_pull_request else None
    return _json({"commitUrl": f"{place}/commit/{name}", "commitOid": name, "pullRequestUrl": pull, "success": True})


def _change(tree: Tree, key: str, value: dict, store: Store) -> None:
    if key == "file":
        tree[value["path"]] = File(base64.b64decode(value["content"]), False)
    elif key == "lfsFile":
        if value["oid"] not in store.large:
            raise Refused(400, f"the large file of {value['path']} has not arrived")
        tree[value["path"]] = File(store.large[value["oid"]], True)
    elif key == "deletedFile":
        del tree[value["path"]]
    else:
        raise Refused(400, f"unknown operation {key}")


def _info(request: Request) -> Answer:
    repository = request.store.visible(request.repo, request.token)
    commit = repository.resolve(request.revision)
    siblings = [{"rfilename": path} for path in repository.commits[commit]]
    known = {"id": request.repo, "modelId": request.repo, "sha": commit, "private": repository.private}
    return _json({**known, "tags": [], "downloads": 0, "siblings": siblings})


def _tree(request: Request) -> Answer:
    entries = []
    for path, file in request.store.visible(request.repo, request.token).tree(request.revision).items():
        large = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
        entry = {"type": "file", "path": path, "size": len(file.content), "oid": file.blob}
        entries.append(entry | ({"lfs": large} if file.is_large else {}))
    return _json(entries)


def _refs(request: Request) -> Answer:
    repository = request.store.visible(request.repo, request.token)
    tags = [_ref(name, "tags", commit) for name, commit in repository.tags.items()]
    branches = [_ref(name, "heads", commit) for name, commit in repository.branches.items() if "/" not in name]
    return _json({"branches": branches, "converts": [], "tags": tags})


def _ref(name: str, kind: str, commit: str) -> dict[str, str]:
    return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}


def _branch(request: Request) -> Answer:
    return _point(request, request.store.writable(request.repo, request.token).branches, request.revision, "main")


def _tag(request: Request) -> Answer:
    repository = request.store.writable(request.repo, request.token)
    return _point(request, repository.tags, request.json["tag"], request.revision)


def _point(request: Request, refs: dict[str, str], name: str, revision: str) -> Answer:
    if name in refs:
        raise Refused(409, f"Reference {name} exists already")
    repository: Repository = request.store.repositories[request.repo]
    refs[name] = repository.resolve(revision)
    return _json({})


def _file(request: Request) -> Answer:
    repository = request.store.visible(request.repo, request.token)
    commit = repository.resolve(request.revision)
    file = repository.commits[commit].get(request.path)
    if file is None:
        raise Refused(404, "Entry not found", "EntryNotFound")
    return 200, file.content, {"ETag": f'"{file.sha256 if file.is_large else file.blob}"', "X-Repo-Commit": commit}


_REPO = r"(?P<repo>[\w.-]+/[\w.-]+)"
_MODEL, _REVISION = rf"/api/models/{_REPO}", r"(?P<revision>[^/]+)"
ROUTES: tuple[tuple[str, str, Callable[[Request], Answer]], ...] = (
    ("GET", "/api/whoami-v2", _who_am_i),
    ("POST", "/api/repos/create", _create),
    ("POST", "/api/validate-yaml", _validate),
    ("POST", rf"{_MODEL}/preupload/{_REVISION}", _preupload),
    ("POST", rf"/{_REPO}\.git/info/lfs/objects/batch", _batch),
    ("POST", rf"{_MODEL}/commit/{_REVISION}", _commit),
    ("POST", rf"{_MODEL}/branch/{_REVISION}", _branch),
    ("POST", rf"{_MODEL}/tag/{_REVISION}", _tag),
    ("GET", rf"{_MODEL}(/revision/{_REVISION})?", _info),
    ("GET", rf"{_MODEL}/tree/{_REVISION}", _tree),
    ("GET", rf"{_MODEL}/refs", _refs),
    ("GET HEAD", rf"/{_REPO}/resolve/{_REVISION}/(?P<path>.+)", _file),
)
