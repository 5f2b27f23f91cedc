"""The commands of ``benefits-chat``, by what they are about."""
