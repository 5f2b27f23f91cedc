"""A strict test double of Amazon S3 Vectors, served over HTTP and spoken to by real boto3."""

from tests.doubles.s3_vectors.behaviour import Behaviour
from tests.doubles.s3_vectors.calls import Call
from tests.doubles.s3_vectors.faults import Fault
from tests.doubles.s3_vectors.server import S3VectorsServer

__all__ = ["Behaviour", "Call", "Fault", "S3VectorsServer"]
