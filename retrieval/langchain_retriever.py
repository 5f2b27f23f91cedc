"""The searcher as a langchain-core ``BaseRetriever``, for use in other people's chains."""

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from retrieval.filters import Filter
from retrieval.searching import Query, Searcher


class PassageRetriever(BaseRetriever):
    """Finds passages of the plan documents.

    A document's ``id`` is the chunk's key, its ``page_content`` the chunk's text; its metadata are
    the chunk's fields with ``similarity`` (cosine, -1 to 1) and ``score`` (what they are ordered
    by, higher first).

    Attributes:
        searcher: what finds them.
        where: admits the chunks to search in; None admits all.
        limit: most documents.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    searcher: Searcher
    where: Filter | None = None
    limit: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        del run_manager  # the signature of langchain-core; the search is one step
        return [
            Document(
                id=match.key,
                page_content=match.text,
                metadata=dict(match.metadata)
                | {"similarity": match.similarity, "score": match.score},
            )
            for match in self.searcher.search(Query(query, self.where, self.limit))
        ]
