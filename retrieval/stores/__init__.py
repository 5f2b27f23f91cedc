"""Vector stores: memory (exact, the reference behaviour) and Chroma (embedded or a server)."""
