"""An AWS for tests: what points boto3 at a server, and a server that says one thing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

OF_EVERY_OPERATION = {
    "throttling": "limits the calls",
    "service_unavailable": "try again in a minute",
    "internal": "try again in a minute",
    "model_timeout": "try again in a minute",
    "model_not_ready": "try again in a minute",
    "model_error": "try again in a minute",
    "access_denied": "Give the role the permission",
    "expired_token": "have expired: sign in again",
    "not_found": "AWS_REGION",
    "quota": "Ask AWS for a higher one",
    "validation": "benefits-chat doctor",
    "delay": "did not answer in time: try again",
    "reset": "the connection to AWS broke: try again",
    "bad_gateway": "AWS_ENDPOINT_URL",
}
"""Faults of the Bedrock double before an answer, and what the message says whatever was asked."""


def environment(url: str) -> dict[str, str]:
    """Variables with which boto3 finds Bedrock at this address and nothing else of a user's."""
    return {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def server_that_answers(answer: object, kind: str = "application/json") -> Iterator[str]:
    """The address of a server that gives these bytes, or this value in JSON, to any request."""
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
