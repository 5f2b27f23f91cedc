"""Files into Documents, whatever their format.

``find`` lists the documents under some paths without parsing them; each one's ``load`` reads it.
"""

from retrieval.loading.finding import FoundDocument, find

__all__ = ["FoundDocument", "find"]
