"""PDF files: words, tables, columns and headings from what pdfium finds on the pages."""

from retrieval.loading.pdf.reader import read_pdf

__all__ = ["read_pdf"]
