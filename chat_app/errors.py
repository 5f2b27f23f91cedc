"""The tree of errors of the chat application; messages are fit for a user.

ChatError
├── GenerationError     the generator failed; trying again may help
├── GuardError          a guard cannot decide
└── DownloadError       a model could not be downloaded (``chat_app.downloading``)
"""


class ChatError(Exception):
    """Base of every error that the chat application raises on purpose."""


class GenerationError(ChatError):
    """The generator failed before or in the middle of an answer."""


class GuardError(ChatError):
    """A guard cannot decide, as its service failed or answered nonsense."""
