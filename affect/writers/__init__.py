"""o = G(v): what words a reply, what chooses among wordings, and what may leave."""
