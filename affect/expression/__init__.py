"""How the line and the replies are shown and spoken: charts; voice and portrait will live here."""
