"""What a Hub keeps: accounts, repositories with their branches, tags and pull requests, and large files."""

import hashlib
from dataclasses import dataclass, field


class Refused(Exception):  # noqa: N818 (an answer, not an error of ours)
    """An answer with an error, as the Hub words it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class File:
    """A file of a commit; a large one is stored apart, under the sha256 of its content."""

    content: bytes
    is_large: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def blob(self) -> str:
        """Git's name for it: of the content, or of the pointer that stands for it."""
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.content)}\n"
        content = pointer.encode() if self.is_large else self.content
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


Tree = dict[str, File]


@dataclass
class Repository:
    """A model repository."""

    name: str
    private: bool
    commits: dict[str, Tree] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)  # with refs/pr/N
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, tree: Tree, message: str) -> str:
        name = hashlib.sha1(f"{self.name} {len(self.commits)}".encode(), usedforsecurity=False).hexdigest()
        self.commits[name], self.branches[branch] = tree, name
        self.messages.append(message)
        return name

    def resolve(self, revision: str) -> str:
        """The commit of a branch, a tag or a commit."""
        found = self.branches.get(revision) or self.tags.get(revision)
        if found is None and revision in self.commits:
            return revision
        if found is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return found

    def tree(self, revision: str = "main") -> Tree:
        return self.commits[self.resolve(revision)]


@dataclass(frozen=True)
class Account:
    """Whose a token is, and whether it may write."""

    name: str
    writes: bool = True


@dataclass
class Store:
    """All that a Hub keeps."""

    accounts: dict[str, Account]  # token → account
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)  # sha256 → content

    def account(self, token: str | None) -> Account | None:
        if token is None:
            return None
        if token not in self.accounts:
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.accounts[token]

    def create(self, name: str, private: bool, token: str | None) -> Repository:
        account = self.account(token)
        if account is None:
            raise Refused(401, "Invalid username or password.")
        if not account.writes or name.partition("/")[0] != account.name:
            raise Refused(403, f'You don\'t have the rights to create a model under the namespace "{name}"')
        if name in self.repositories:
            raise Refused(409, "You already created this model repo")
        self.repositories[name] = repository = Repository(name, private)
        repository.commit("main", {".gitattributes": File(b"*.safetensors filter=lfs\n", False)}, "initial commit")
        return repository

    def visible(self, name: str, token: str | None) -> Repository:
        account, repository = self.account(token), self.repositories.get(name)
        if repository is None or (repository.private and account is None):
            raise Refused(404 if account else 401, "Repository not found", "RepoNotFound")
        if repository.private and account and name.partition("/")[0] != account.name:
            raise Refused(404, "Repository not found", "RepoNotFound")
        return repository

    def writable(self, name: str, token: str | None, *, as_pull_request: bool = False) -> Repository:
        repository, account = self.visible(name, token), self.account(token)
        if account is None:
            raise Refused(401, "Invalid username or password.")
        if not account.writes or (name.partition("/")[0] != account.name and not as_pull_request):
            raise Refused(403, "Forbidden: you must use a write token to upload to a repository.")
        return repository
