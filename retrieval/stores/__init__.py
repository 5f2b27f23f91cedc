"""Vector stores: memory (exact, the reference), Chroma (embedded or a server), S3 Vectors."""
