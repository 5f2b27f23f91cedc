"""Guard hooks around question and answer, and the guards themselves."""
