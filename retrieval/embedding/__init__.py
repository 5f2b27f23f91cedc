"""Embedders: texts into unit vectors, each behind ``interfaces.Embedder``.

- ``minilm``: all-MiniLM-L6-v2 on this machine. ``weights`` finds its weights, ``export`` turns them
  into an onnxruntime graph once, in a process of its own, and ``runtime`` runs that graph.
"""
