"""Which kind of OpenAI-compatible server answers, and what it understands beyond the common ground.

A field that a server does not know is an error to some and silently ignored by others, so each is
sent only where it is understood. What a kind does was tried against the real one (docs/llm.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONTEXT = 4096  # tokens, where a server does not say how many it takes

_NO_THINKING: Mapping[str, object] = {"chat_template_kwargs": {"enable_thinking": False}}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of server.

    `extra` goes with every request. `logprobs` tells whether it gives the probabilities of tokens,
    `allowed` whether an answer can be held to `allowed_token_ids`, `together` whether it answers
    several requests at once: else a new one breaks off the one before.
    """

    name: str
    extra: Mapping[str, object]
    logprobs: bool
    allowed: bool = False
    together: bool = True


VLLM = Kind("vllm", _NO_THINKING, logprobs=True, allowed=True)
TRANSFORMERS = Kind("transformers", _NO_THINKING, logprobs=False)
LLAMA_CPP = Kind("llama.cpp", _NO_THINKING, logprobs=True)
LLAMA_PYTHON = Kind("llama-cpp-python", _NO_THINKING, logprobs=True, together=False)
GENERIC = Kind("generic", {}, logprobs=True)

_OWNERS = {"vllm": VLLM, "llamacpp": LLAMA_CPP, "me": LLAMA_PYTHON}


@dataclass(frozen=True, slots=True)
class Server:
    """What was found at an address; `models` is empty where the server lists none."""

    kind: Kind
    models: tuple[str, ...] = ()
    context: int = CONTEXT


async def probe(client: AsyncOpenAI) -> Server:
    """Look who answers. Raises what the client raises where nobody does or the key is refused."""
    listed = _items(await _get(client, "/models"))
    models = tuple(str(model["id"]) for model in listed if "id" in model)
    kind = next(
        (_OWNERS[one] for model in listed if (one := model.get("owned_by")) in _OWNERS), None
    )
    root = client.with_options(base_url=str(client.base_url).rstrip("/").removesuffix("/v1"))
    if kind is None:
        offered = await _get(root, "/openapi.json")
        serves = isinstance(offered, dict) and "/load_model" in (offered.get("paths") or {})
        kind = TRANSFORMERS if serves else GENERIC
    context: object = next((model.get("max_model_len") for model in listed), None)
    if kind is LLAMA_CPP:
        told = await _get(root, "/props")
        made = told.get("default_generation_settings") if isinstance(told, dict) else None
        context = made.get("n_ctx") if isinstance(made, dict) else None
    return Server(kind, models, context if isinstance(context, int) and context > 0 else CONTEXT)


async def token_ids(client: AsyncOpenAI, model: str, options: tuple[str, ...]) -> list[int] | None:
    """The token of each option in the served tokenizer; None where an option has more than one."""
    root = client.with_options(base_url=str(client.base_url).rstrip("/").removesuffix("/v1"))
    ids = []
    for option in options:
        body = {"model": model, "prompt": option, "add_special_tokens": False}
        told: Any = await root.post("/tokenize", body=body, cast_to=object)
        tokens = told.get("tokens") if isinstance(told, dict) else None
        if not isinstance(tokens, list) or len(tokens) != 1:
            return None
        ids.append(int(tokens[0]))
    return ids


async def _get(client: AsyncOpenAI, path: str) -> Any:
    """JSON from the server, or None where it has nothing there."""
    from openai import APIStatusError, AuthenticationError, PermissionDeniedError

    try:
        # A server that fails closes its connection: the next question must not be sent into it.
        return await client.get(path, cast_to=object, options={"headers": {"Connection": "close"}})
    except (AuthenticationError, PermissionDeniedError):
        raise
    except APIStatusError:
        return None


def _items(told: Any) -> list[dict[str, Any]]:
    data = told.get("data") if isinstance(told, dict) else None
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
