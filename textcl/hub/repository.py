"""The repository that a run goes to: looked at before anything is sent."""

from dataclasses import dataclass

from huggingface_hub import HfApi, get_session
from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # public, though not in its __all__
    build_hf_headers,
    hf_raise_for_status,
    validate_repo_id,
)

from textcl.errors import PublishError
from textcl.hub.contents import CARD, RECIPE, is_as_written, speaks_of_model


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run is to go, and how.

    Args:
        repo: `me/my-model`, or a name alone, which is one's own.
        private: Whether it is made private, and must be.
        revision: The branch; None: the main one.
        tag: What the commit is tagged with; None: nothing.
        as_pull_request: Propose the files instead of changing the branch.
        replaces: Take the place of a model, or of a model card, that is there and that textcl did not write.
    """

    repo: str
    private: bool = True
    revision: str | None = None
    tag: str | None = None
    as_pull_request: bool = False
    replaces: bool = False

    def __post_init__(self) -> None:
        try:
            validate_repo_id(self.repo)
        except HFValidationError as error:
            raise PublishError(f"{self.repo!r} is no name of a repository. Write it as in me/my-model.") from error


@dataclass(frozen=True, slots=True)
class Repository:
    """What is there already."""

    name: str  # with its namespace
    exists: bool = False
    is_private: bool = True
    has_revision: bool = False
    head: str | None = None  # the newest commit of the revision
    files: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    has_other_card: bool = False  # a model card that textcl did not write, or that was edited since


def look_at(api: HfApi, destination: Destination) -> Repository:
    """Ask the Hub who is logged in and what is there.

    Raises:
        HfHubHTTPError: The Hub answers with an error.
    """
    user = str(api.whoami()["name"])
    name = destination.repo if "/" in destination.repo else f"{user}/{destination.repo}"
    try:
        info = api.model_info(name)
    except RepositoryNotFoundError:
        return Repository(name)
    revision, has_revision = destination.revision, True
    if revision is not None:
        try:
            info = api.model_info(name, revision=revision)
        except RevisionNotFoundError:  # it will be made from the main branch, files and all
            revision, has_revision = None, False
    entries = api.list_repo_tree(name, recursive=True, revision=revision)
    files = frozenset(entry.path for entry in entries if isinstance(entry, RepoFile))
    return Repository(
        name,
        exists=True,
        is_private=bool(info.private),
        has_revision=has_revision,
        head=info.sha,
        files=files,
        tags=frozenset(tag.name for tag in api.list_repo_refs(name).tags),
        has_other_card=CARD in files and not is_as_written(_read(api, name, CARD, info.sha)),
    )


def _read(api: HfApi, name: str, path: str, revision: str | None) -> bytes:
    address = f"{api.endpoint}/{name}/resolve/{revision}/{path}"
    response = get_session().get(address, headers=build_hf_headers(), follow_redirects=True)
    hf_raise_for_status(response)
    return bytes(response.content)


def refuse_unfit(repository: Repository, destination: Destination) -> None:
    """Refuse a repository that a push would harm, or that would make public what should be private.

    Raises:
        PublishError: Says what is there and the way out.
    """
    name = repository.name
    if not repository.exists:
        if destination.as_pull_request:
            raise PublishError(f"There is no repository {name} to open a pull request on. Push without --pr.")
        return
    if destination.private and not repository.is_private:
        raise PublishError(
            f"{name} is public, and so would be what is pushed there. If that is meant, say --public (in a recipe: "
            "hub.private=false); else name another repository."
        )
    if destination.tag in repository.tags:
        raise PublishError(f"{name} has a tag {destination.tag} already; nothing was pushed. Choose another.")
    strange = sorted(path for path in repository.files if speaks_of_model(path))
    if strange and RECIPE not in repository.files and not destination.replaces:
        raise PublishError(
            f"{name} holds another model ({', '.join(strange[:3])}{', …' if len(strange) > 3 else ''}) that textcl did "
            "not push. Name another repository, or take its place with --force; the Hub keeps its history."
        )
    if repository.has_other_card and not (destination.replaces or destination.as_pull_request):
        raise PublishError(
            f"The model card of {name} ({CARD}) was edited since textcl wrote it, or is somebody's own; nothing was "
            "pushed. --pr proposes the new one beside it, --force takes its place; the Hub keeps its history."
        )
