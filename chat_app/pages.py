"""The chat's HTML page and its response headers: nothing from elsewhere, nothing to elsewhere."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ASSETS = "/assets/"
"""Chainlit's scripts, 4.6 MB: their names change with their content, so they may be kept."""
_FOREIGN = re.compile(
    r"""\s*<(?:link|meta)\b[^>]*\b(?:href|content)="https?://[^"]*"[^>]*>""", re.IGNORECASE
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def without_foreign_links(html: str) -> str:
    """The page without links to fonts, style sheets and images on other hosts."""
    return _FOREIGN.sub("", html)


def content_security_policy(html: str) -> str:
    """The policy under which a browser shows this page and contacts no other host.

    Inline scripts are admitted by their hash alone. ``unsafe-eval`` is what Chainlit's custom
    elements need: they are compiled in the browser, from this server's own files.
    """
    hashes = " ".join(f"'sha256-{_sha256(script)}'" for script in _INLINE_SCRIPT.findall(html))
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'unsafe-eval' {hashes}".strip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class PageHeaders:
    """ASGI middleware that adds security headers to every response, and lets assets be kept."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        """Wrap an application.

        Args:
            app: what answers.
            policy: the content security policy.
        """
        self._app = app
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if scope["path"].startswith(ASSETS):
                    headers["cache-control"] = "public, max-age=31536000, immutable"
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
