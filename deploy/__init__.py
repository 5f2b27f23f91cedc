"""The AWS resources of Benefits Chat as code, and its container."""
