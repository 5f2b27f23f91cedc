"""How a parser says that a file cannot be used."""


class Unusable(Exception):
    """A file, or one row of it, cannot become a document.

    The message is the reason and the remedy, as a phrase that can follow the file's name and a
    colon. Only ``reading`` and ``finding`` know the name; they make a LoadingError of it.
    """
