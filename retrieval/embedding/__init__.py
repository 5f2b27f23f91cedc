"""Embedders: texts into unit vectors, each behind ``interfaces.Embedder``.

- ``minilm``: all-MiniLM-L6-v2 on this machine. ``weights`` finds its weights, ``export`` turns them
  into onnxruntime graphs once, in a process of its own (``graph`` makes a graph, ``quantised`` its
  products in 8-bit integers), and ``runtime`` runs it.
"""
