"""LlamaIndex's pipeline as its documentation shows it, with its defaults.

``SimpleDirectoryReader``, ``SentenceSplitter`` (1024 tokens, 200 of overlap),
``HuggingFaceEmbedding`` and ``ChromaVectorStore`` in a folder.
"""

from collections.abc import Sequence

from benchmarks.peers_job import LIMIT, Asked, Job, run


class LlamaIndex:
    """LlamaIndex, its model loaded."""

    def __init__(self, job: Job) -> None:
        """Import and load."""
        import chromadb
        from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex  # type: ignore[import-not-found, unused-ignore] # extra
        from llama_index.core.node_parser import SentenceSplitter  # type: ignore[import-not-found, unused-ignore] # extra
        from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # type: ignore[import-not-found, unused-ignore] # extra
        from llama_index.vector_stores.chroma import ChromaVectorStore  # type: ignore[import-not-found, unused-ignore] # extra

        self._chromadb, self._store, self._context = chromadb, ChromaVectorStore, StorageContext
        self._index, self._reader, self._splitter = (
            VectorStoreIndex,
            SimpleDirectoryReader,
            SentenceSplitter(),
        )
        self._model = HuggingFaceEmbedding(model_name=job.weights, device="cpu")
        self._model.get_query_embedding("warm")

    def index(self, job: Job) -> None:
        """Load, split, embed and store."""
        policies = {file.path: file.policy for file in job.files}
        documents = self._reader(
            input_files=list(policies), file_metadata=lambda path: {"policy": policies[path]}
        ).load_data()
        self._nodes = self._splitter.get_nodes_from_documents(documents)
        client = self._chromadb.PersistentClient(path=job.folder)
        store = self._store(chroma_collection=client.get_or_create_collection("plans"))
        self._built = self._index(
            self._nodes,
            storage_context=self._context.from_defaults(vector_store=store),
            embed_model=self._model,
        )

    def ask(self, asked: Asked) -> int:
        """Retrieve within the policy and what is common."""
        from llama_index.core.vector_stores import (  # type: ignore[import-not-found, unused-ignore] # extra
            FilterOperator,
            MetadataFilter,
            MetadataFilters,
        )

        where = MetadataFilters(
            filters=[
                MetadataFilter(key="policy", value=[asked.policy, ""], operator=FilterOperator.IN)
            ]
        )
        retriever = self._built.as_retriever(similarity_top_k=LIMIT, filters=where)
        return len(retriever.retrieve(asked.text))

    def texts(self) -> Sequence[str]:
        """The nodes with the metadata that is embedded with them."""
        return [node.get_content(metadata_mode="embed") for node in self._nodes]

    def further(self, questions: Sequence[Asked]) -> dict[str, float]:
        """Nothing else."""
        return {}


if __name__ == "__main__":
    run(LlamaIndex)
