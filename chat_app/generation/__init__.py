"""Generators: langchain-core chat models that write an answer from numbered passages."""
