"""A question that needs several searches: a language model chooses them, step by step."""
