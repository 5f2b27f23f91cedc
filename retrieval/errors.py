"""The tree of errors of retrieval.

Every message names the thing that is wrong and the remedy, in one or two lines fit for a user.

RetrievalError
├── InputError                what the caller gave cannot be used
│   ├── SettingsError         a setting
│   ├── FilterError           a metadata filter
│   ├── QuestionError         a question
│   └── UnknownNameError      a policy, year or document that the index does not hold
├── LoadingError              a file that cannot become a document; carries path and reason
├── EmbeddingError            an embedding model that cannot be loaded or run
├── RerankingError            a reranker that cannot be had, loaded or run
├── ContractError             the index was built with another embedding model
└── StoreError                a vector store
    ├── StoreUnavailableError it cannot be reached or opened; trying again may help
    ├── StoreBusyError        another process is writing the index
    └── VectorError           a vector the store refuses: wrong dimension, not finite
"""


class RetrievalError(Exception):
    """Base of every error that retrieval raises on purpose."""


class InputError(RetrievalError):
    """What the caller gave cannot be used; nothing was changed."""


class SettingsError(InputError):
    """A setting has a value that cannot be used."""


class FilterError(InputError):
    """A metadata filter is malformed."""


class QuestionError(InputError):
    """A question is empty, too long or not text."""


class UnknownNameError(InputError):
    """A policy, plan year or document is named that the index does not hold."""


class LoadingError(RetrievalError):
    """A file cannot become a document.

    Attributes:
        path: the file, as the user named it.
        reason: why, as a phrase that can follow a colon.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class EmbeddingError(RetrievalError):
    """An embedding model cannot be loaded or run."""


class RerankingError(RetrievalError):
    """A reranker cannot be had, loaded or run."""


class ContractError(RetrievalError):
    """The index was built with another embedding model than the one in use."""


class StoreError(RetrievalError):
    """A vector store failed."""


class StoreUnavailableError(StoreError):
    """A vector store cannot be reached or opened; trying again may help."""


class StoreBusyError(StoreError):
    """Another process is writing this index."""


class VectorError(StoreError):
    """A vector has the wrong dimension or holds NaN or infinity."""
