"""Measuring the product on labelled questions, and its guards on labelled texts."""
