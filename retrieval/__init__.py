"""Documents in, ranked passages out: loading, chunking, embedding, stores, indexing, searching."""
