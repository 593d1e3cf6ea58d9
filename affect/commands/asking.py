"""Opening the chat model that a command is to measure: in this process, or on a server."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING

from affect.errors import BadInput

if TYPE_CHECKING:
    from affect.writers.chat import ChatModel


class Words(StrEnum):
    """Whose replies are measured."""

    SCRIPTED = "scripted"
    LOCAL = "local"
    OPENAI = "openai"


async def open_model(writer: Words, model: str | None, base_url: str | None) -> ChatModel:
    """The model, ready to answer; raises `BadInput`, `ModelUnavailable` or `Unreachable`.

    The key of a server is read from ATTUNE_LLM_API_KEY.
    """
    if writer is Words.OPENAI:
        from affect.writers.remote_llm import RemoteModel

        url = base_url or os.environ.get("ATTUNE_LLM_BASE_URL")
        if not url:
            raise BadInput("option", "--writer openai needs --base-url or ATTUNE_LLM_BASE_URL.")
        server = RemoteModel(url, model, os.environ.get("ATTUNE_LLM_API_KEY"))
        await server.ready()
        return server
    if not model:
        raise BadInput("option", "--writer local needs --model, a folder or a hub id.")
    from affect.writers import local_llm

    return local_llm.load(model, None, lambda *_: None)
