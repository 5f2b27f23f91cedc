"""A model's files from the Hugging Face hub into a folder: resumed where they were left."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from chat_app.errors import ChatError

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

WEIGHTS = "*.safetensors"
WANTED = (WEIGHTS, "*.json", "*.jinja", "merges.txt", "vocab.txt", "tokenizer.model", "LICENSE*")
"""Weights, tokenizer and configuration, at the top of the repository. Nothing that runs when it is
loaded: no pickles, no code."""
UNWANTED = ("consolidated*.safetensors",)
"""The same weights once more, in the form of the maker's own program."""
MARK = "config.json"
"""Comes last: a folder that holds it holds the whole model."""
SPARE_BYTES = 200_000_000
"""Left free on the disk."""
LIST_SECONDS = 30.0
"""Longest wait for the list of files."""

_BLOCK = 1 << 20
_AGAIN = "run the download again, it goes on where it was"
_GATED = (
    "{model} is given to those alone who accept its terms: do so at "
    "https://huggingface.co/{model}, then sign in with `hf auth login` or set HF_TOKEN"
)
_UNKNOWN = (
    "the hub has no model '{model}' that is open to you: check the name, as Qwen/Qwen3-1.7B, or "
    "for a private one set HF_TOKEN"
)
_FAILED = f"the hub failed to serve {{model}}: wait a minute, and {_AGAIN}"
_BROKE = (
    "the hub cannot be reached, or the connection to it broke: check the network and HF_ENDPOINT, "
    f"and {_AGAIN}"
)


class DownloadError(ChatError):
    """A model could not be downloaded, or not to its end; what came is kept."""


@dataclass(frozen=True, slots=True)
class Download:
    """A finished download.

    Attributes:
        model: name on the hub.
        revision: commit of its repository there.
        folder: where it is.
        files: their number.
        bytes: of all files.
        fetched: bytes that came over the network in this run.
    """

    model: str
    revision: str
    folder: Path
    files: int
    bytes: int
    fetched: int

    def to_json(self) -> dict[str, object]:
        """The download as the command line prints it."""
        return {
            "model": self.model,
            "revision": self.revision,
            "folder": str(self.folder),
            "files": self.files,
            "bytes": self.bytes,
            "fetched": self.fetched,
        }


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the repository: its name, its bytes and the hash that the hub states."""

    name: str
    size: int
    digest: str
    is_git: bool

    def is_whole(self, path: Path) -> bool:
        """Is this the file at the path, to the last bit?"""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        # Git hashes small files with a head of its own; large ones are stored beside it.
        digest = hashlib.sha1(usedforsecurity=False) if self.is_git else hashlib.sha256()
        if self.is_git:
            digest.update(f"blob {self.size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest() == self.digest

    def part(self, folder: Path) -> Path:
        """Where it is kept until it is whole; that of another version is another one."""
        return folder / f"{self.name}.{self.digest[:12]}.part"


def download(
    model: str, folder: Path, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Download:
    """Bring a model's files into a folder; what is there already is not fetched again.

    huggingface_hub throws away what it has of a file when it is stopped, so files are resumed
    here: a part is kept until it is whole and its hash is the hub's.

    Args:
        model: name on the hub, as ``Qwen/Qwen3-1.7B``.
        folder: made where it is not there.
        progress: told the bytes that are there, of how many.

    Raises:
        DownloadError: there is no such model or no access to it, the network or the disk fails,
            or another download is writing this folder. Running it again goes on where it was.
    """
    with _failures(model):
        revision, files = _listed(model)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".download.lock", timeout=0):
            missing = [file for file in files if not file.is_whole(folder / file.name)]
            _check_room(folder, missing)
            whole = sum(file.size for file in files)
            counter = _Counter(whole - sum(file.size for file in missing), whole, progress)
            for file in missing:
                _fetch(model, revision, file, folder, counter)
    return Download(model, revision, folder, len(files), whole, counter.fetched)


class _Counter:
    """Bytes that are there; those that were fetched now by themselves."""

    def __init__(self, done: int, of: int, progress: Callable[[int, int], None]) -> None:
        self.fetched = 0
        self._done, self._of, self._progress = done, of, progress

    def found(self, size: int) -> None:
        self._done += size
        self._progress(self._done, self._of)

    def moved(self, size: int) -> None:
        self.fetched += max(0, size)
        self.found(size)


def _listed(model: str) -> tuple[str, list[_File]]:
    """The newest revision and its files that are wanted, in the order in which they come."""
    from huggingface_hub import HfApi

    info = HfApi(library_name="benefits-chat").model_info(
        model, files_metadata=True, timeout=LIST_SECONDS
    )
    files = [_file(each) for each in info.siblings or () if _is_wanted(each.rfilename)]
    if info.sha is None or not any(fnmatchcase(file.name, WEIGHTS) for file in files):
        raise DownloadError(
            f"{model} has no weights as safetensors, and nothing else is loaded: choose a model "
            "whose files on the hub end in .safetensors"
        )
    return info.sha, sorted(files, key=lambda file: (file.name == MARK, file.size))


def _is_wanted(name: str) -> bool:
    return (
        "/" not in name
        and "\\" not in name
        and any(fnmatchcase(name, pattern) for pattern in WANTED)
        and not any(fnmatchcase(name, pattern) for pattern in UNWANTED)
    )


def _file(listed: "RepoSibling") -> _File:
    digest = listed.lfs.sha256 if listed.lfs else listed.blob_id
    if listed.size is None or not digest:
        raise DownloadError(
            f"the hub does not say how large {listed.rfilename} is: check that HF_ENDPOINT is one"
        )
    return _File(listed.rfilename, listed.size, digest, is_git=listed.lfs is None)


def _check_room(folder: Path, missing: Sequence[_File]) -> None:
    there = sum(p.stat().st_size for f in missing if (p := f.part(folder)).is_file())
    needed = sum(file.size for file in missing) - there + (SPARE_BYTES if missing else 0)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are needed: make "
            "room, or name a folder on another disk with --to"
        )


def _fetch(model: str, revision: str, file: _File, folder: Path, counter: _Counter) -> None:
    from huggingface_hub import get_token, hf_hub_url
    from huggingface_hub.file_download import http_get

    token = get_token()
    part = file.part(folder)
    with part.open("ab") as out:
        there = out.tell()
        counter.found(there)
        if there < file.size:
            http_get(
                hf_hub_url(model, file.name, revision=revision),
                out,
                resume_size=there,
                headers={"authorization": f"Bearer {token}"} if token else {},
                expected_size=file.size,
                tqdm_class=_bar(counter),
            )
    if not file.is_whole(part):
        part.unlink()
        raise DownloadError(f"{file.name} of {model} arrived damaged: run the download again")
    part.replace(folder / file.name)


def _bar(counter: _Counter) -> Any:  # noqa: ANN401 - a class of tqdm's form
    """What huggingface_hub takes for a progress bar, telling the counter."""

    class Bar:
        def __init__(self, *_: object, **__: object) -> None:
            """Begin; what is there already was counted."""

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to draw."""

        def update(self, size: float = 1) -> None:
            counter.moved(int(size))

    return Bar


@contextmanager
def _failures(model: str) -> Iterator[None]:
    """What goes wrong with hub, network and disk, as errors of ours."""
    try:
        yield
    except DownloadError:
        raise
    except Exception as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise DownloadError(meaning.format(model=model)) from error


def _meaning(error: Exception) -> str | None:
    """What a failure means and what to do; None for one that is none of hub, network and disk."""
    import httpx2
    from huggingface_hub import errors

    meanings: Sequence[tuple[type[Exception], str]] = (
        (errors.GatedRepoError, _GATED),
        (errors.RepositoryNotFoundError, _UNKNOWN),
        (errors.HFValidationError, _UNKNOWN),
        (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set: unset it to download"),
        (errors.HfHubHTTPError, _FAILED),
        (httpx2.HTTPError, _BROKE),
        (Timeout, "another download is writing this folder: wait for it to end"),
    )
    known = next((words for kind, words in meanings if isinstance(error, kind)), None)
    if known or not isinstance(error, OSError):
        return known
    if error.errno in {ENOSPC, EDQUOT}:
        return f"the disk is full: make room, and {_AGAIN}"
    return None if error.errno else f"a file did not come to its end: {_AGAIN}"
