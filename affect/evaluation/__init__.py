"""How the figures on the cards are measured: one program a table."""
