"""LangChain's pipeline as its documentation shows it, with its defaults.

Document loaders by file type, ``RecursiveCharacterTextSplitter(1000, 200)``,
``HuggingFaceEmbeddings`` and ``Chroma`` in a folder.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers_job import LIMIT, Asked, Job, run


class LangChain:
    """LangChain, its model loaded."""

    def __init__(self, job: Job) -> None:
        """Import and load."""
        from langchain_chroma import Chroma  # type: ignore[import-not-found, unused-ignore] # extra
        from langchain_community.document_loaders import (  # type: ignore[import-not-found, unused-ignore] # extra
            BSHTMLLoader,
            Docx2txtLoader,
            PyPDFLoader,
            TextLoader,
        )
        from langchain_huggingface import HuggingFaceEmbeddings  # type: ignore[import-not-found, unused-ignore] # extra
        from langchain_text_splitters import RecursiveCharacterTextSplitter  # type: ignore[import-not-found, unused-ignore] # extra

        self._chroma = Chroma
        self._loaders = {".pdf": PyPDFLoader, ".docx": Docx2txtLoader, ".html": BSHTMLLoader}
        self._text_loader = TextLoader
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        self._embeddings = HuggingFaceEmbeddings(
            model_name=job.weights, model_kwargs={"device": "cpu"}
        )
        self._embeddings.embed_query("warm")

    def index(self, job: Job) -> None:
        """Load, split, embed and store."""
        documents = []
        for file in job.files:
            loader = self._loaders.get(Path(file.path).suffix.lower(), self._text_loader)
            for document in loader(file.path).load():
                document.metadata["policy"] = file.policy
                documents.append(document)
        self._splits = self._splitter.split_documents(documents)
        self._store = self._chroma.from_documents(
            documents=self._splits, embedding=self._embeddings, persist_directory=job.folder
        )

    def ask(self, asked: Asked) -> int:
        """Similarity search within the policy and what is common."""
        where = {"policy": {"$in": [asked.policy, ""]}}
        return len(self._store.similarity_search(asked.text, k=LIMIT, filter=where))

    def texts(self) -> Sequence[str]:
        """The splits."""
        return [split.page_content for split in self._splits]

    def further(self, questions: Sequence[Asked]) -> dict[str, float]:
        """Nothing else."""
        return {}


if __name__ == "__main__":
    run(LangChain)
