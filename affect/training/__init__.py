"""How the models are trained: one program a model, needs the extra `train`."""
