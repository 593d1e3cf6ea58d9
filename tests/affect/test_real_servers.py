"""A model behind real servers: `transformers serve`, and vLLM where a Python that has it is named.

Both serve a tiny random model built here, so what is looked at is lengths and kinds, not words.
`make test-vllm` prepares the second and sets ATTUNE_TEST_VLLM to its Python.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path

import pytest

from affect import random_model
from affect.errors import ModelUnavailable, Unreachable
from affect.writers.chat import Message, Sampling
from affect.writers.remote_llm import RemoteModel

SAID = [Message("system", "Answer shortly."), Message("user", "It was a long day. 好累。")]
KEY = "key-of-nobody"
START_SECONDS = 900  # vLLM took 390 s where eight others wanted the same two cores

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("transformers", reason="the extra `llm` is not installed")
    pytest.importorskip("torch", reason="the extra `llm` is not installed")
    return random_model.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def transformers_serve(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("fastapi", reason="transformers[serving] is not installed")
    pytest.importorskip("uvicorn", reason="transformers[serving] is not installed")
    command = [Path(sys.executable).with_name("transformers"), "serve", folder, "--device", "cpu"]
    home = tmp_path_factory.mktemp("home")
    with _running([*map(str, command), "--dtype", "float32"], {"HF_HOME": str(home)}) as root:
        yield f"{root}/v1"


@pytest.fixture(scope="module")
def vllm(folder: Path) -> Iterator[str]:
    python = os.environ.get("ATTUNE_TEST_VLLM")
    if not python:
        pytest.skip("no vLLM: make test-vllm installs it on its own and names its Python")
    command = f"-m vllm.entrypoints.openai.api_server --model {folder} --served-model-name tiny"
    bounds = "--max-model-len 1024 --dtype float32 --enforce-eager --max-num-seqs 16"
    told = f"{command} {bounds} --logprobs-mode processed_logprobs --api-key {KEY}".split()
    environment = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": "2",
    }
    with _running([python, *told], environment) as root:
        yield f"{root}/v1"


class TestTransformersServe:
    async def test_it_is_found_and_streams_an_answer(
        self, transformers_serve: str, folder: Path
    ) -> None:
        model = RemoteModel(transformers_serve, str(folder))
        assert "transformers" in await _once_it_is_up(model)
        pieces = [piece async for piece in model.stream(SAID, Sampling(tokens=12, seconds=60))]
        await model.aclose()
        assert 1 <= len(pieces) <= 12
        assert "".join(pieces)

    async def test_many_are_answered_and_one_hangs_up(
        self, transformers_serve: str, folder: Path
    ) -> None:
        model = RemoteModel(transformers_serve, str(folder))

        async def answer() -> int:
            pieces = [piece async for piece in model.stream(SAID, Sampling(tokens=8, seconds=60))]
            return len("".join(pieces))

        async def hang_up() -> str:
            async with aclosing(model.stream(SAID, Sampling(tokens=400, seconds=60))) as words:  # type: ignore[type-var]
                return str(await anext(words))

        first, *lengths = await asyncio.gather(hang_up(), *(answer() for _ in range(3)))
        await model.aclose()
        assert first
        assert all(lengths)

    async def test_it_cannot_weigh_and_says_so(self, transformers_serve: str, folder: Path) -> None:
        model = RemoteModel(transformers_serve, str(folder))
        with pytest.raises(ModelUnavailable, match="no probabilities"):
            await model.weigh(SAID, ["A", "B"])
        await model.aclose()

    async def test_another_model_is_refused(self, transformers_serve: str) -> None:
        model = RemoteModel(transformers_serve, "somebody-else")
        with pytest.raises(ModelUnavailable):
            await model.ready(seconds=60)
        await model.aclose()


class TestVllm:
    async def test_it_is_found_with_its_context_and_streams(self, vllm: str) -> None:
        model = RemoteModel(vllm, api_key=KEY)
        assert "vllm" in await model.ready(seconds=60)
        assert (model.name, model.context) == ("tiny", 1024)
        answers = await asyncio.gather(*(_answer(model) for _ in range(8)))
        await model.aclose()
        assert all(answers)

    async def test_it_weighs_options_alone(self, vllm: str) -> None:
        model = RemoteModel(vllm, "tiny", KEY)
        await model.ready(seconds=60)
        weighed = await model.weigh(SAID, list("ABCDE"))
        again = await model.weigh(SAID, list("ABCDE"))
        await model.aclose()
        assert sum(weighed) == pytest.approx(1)
        assert min(weighed) > 0
        assert weighed == pytest.approx(again, rel=1e-3)

    async def test_hanging_up_ends_the_work(self, vllm: str) -> None:
        model = RemoteModel(vllm, "tiny", KEY)
        async with aclosing(model.stream(SAID, Sampling(tokens=900, seconds=60))) as words:  # type: ignore[type-var]
            assert await anext(words)
        metrics = await asyncio.to_thread(_until_idle, vllm.removesuffix("/v1"))
        await model.aclose()
        assert metrics

    @pytest.mark.parametrize(
        ("name", "key", "told"), [("tiny", "wrong", "API key"), ("other", KEY, "no model")]
    )
    async def test_a_wrong_key_or_name_is_one_sentence(
        self, vllm: str, name: str, key: str, told: str
    ) -> None:
        model = RemoteModel(vllm, name, key)
        with pytest.raises(ModelUnavailable, match=told):
            await model.ready(seconds=60)
        await model.aclose()

    async def test_what_is_too_long_is_refused_and_others_go_on(self, vllm: str) -> None:
        model = RemoteModel(vllm, "tiny", KEY)
        with pytest.raises(ModelUnavailable, match="status 400"):
            await anext(model.stream([Message("user", "long " * 2000)], Sampling(tokens=8)))
        assert await _answer(model)
        await model.aclose()


async def _once_it_is_up(model: RemoteModel) -> str:
    """What is found; a server that says it is well may still turn the first caller away."""
    for _ in range(10):
        with suppress(Unreachable):
            return await model.ready(seconds=60)
        await asyncio.sleep(2)
    return await model.ready(seconds=60)


async def _answer(model: RemoteModel) -> str:
    said = Sampling(tokens=24, seconds=60)
    return "".join([piece async for piece in model.stream(SAID, said)])


def _until_idle(root: str) -> bool:
    """Whether vLLM comes to run nothing."""
    for _ in range(100):
        with urllib.request.urlopen(f"{root}/metrics", timeout=10) as answer:
            told = answer.read().decode()
        lines = [one for one in told.splitlines() if one.startswith("vllm:num_requests_running")]
        if lines and all(float(line.rsplit(" ", 1)[1]) == 0 for line in lines):
            return True
        time.sleep(0.05)
    return False


@contextmanager
def _running(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """A server's root URL while its process lives; it is ready once /health answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = f"http://127.0.0.1:{port}"
    told = {**os.environ, **environment, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env=told,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait(process, root)
            yield root
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen[bytes], root: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"The server ended with code {process.returncode}.")
        try:
            with urllib.request.urlopen(f"{root}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("The server did not come up.")
