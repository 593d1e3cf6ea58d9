"""How every network of the house is run: one thread, no spinning, so that idle costs nothing."""

from __future__ import annotations

from importlib import resources
from importlib.abc import Traversable

import onnxruntime


def session_of(file: Traversable, *, arena: bool = True) -> onnxruntime.InferenceSession:
    """A session on one core; raises what onnxruntime and the file system raise.

    Without `arena` it gives memory back after each run: for what is large and seldom used.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_cpu_mem_arena = options.enable_mem_pattern = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    with resources.as_file(file) as path:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
