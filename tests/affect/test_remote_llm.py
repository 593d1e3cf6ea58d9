"""A model behind a server, against a loopback server that misbehaves in every known way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affect.errors import ModelUnavailable, Unreachable
from affect.writers.breaker import FAILURES, FIRST_PAUSE, CircuitBreaker
from affect.writers.chat import Message, Queued, Sampling
from affect.writers.remote_llm import RemoteModel
from affect.writers.server_kinds import CONTEXT
from affect.writers.thoughts import Thoughts
from tests.servers.openai_server import KEY, MODEL, Fault, OpenAIServer, chunk, refusal

SAID = [Message("system", "Be kind."), Message("user", "I had a long day in Qualmstead")]
WHOLE = "That sounds like a long day."


class Time:
    """Seconds that move only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def connect(time: Time) -> Callable[..., RemoteModel]:
    def made(server: OpenAIServer, model: str | None = MODEL) -> RemoteModel:
        return RemoteModel(server.url, model, KEY, clock=time, sleep=time.sleep, draw=lambda: 0.5)

    return made


Connect = Callable[..., RemoteModel]


async def said_by(model: RemoteModel, sampling: Sampling | None = None) -> str:
    return "".join([piece async for piece in model.stream(SAID, sampling or Sampling())])


async def test_an_answer_comes_piece_by_piece_and_whole(connect: Connect) -> None:
    async with OpenAIServer() as server:
        model = connect(server)
        pieces = [piece async for piece in model.stream(SAID, Sampling(tokens=40, temperature=0.4))]
        await model.aclose()
    assert pieces == list(server.words)
    (asked,) = server.requests
    assert asked["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "I had a long day in Qualmstead"},
    ]
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == (MODEL, 40, 0.4)
    assert server.keys == [KEY]


@pytest.mark.parametrize(
    ("kind", "context", "extra"),
    [
        ("vllm", 1024, True),
        ("llama.cpp", 2048, True),
        ("llama-cpp-python", CONTEXT, True),
        ("transformers", CONTEXT, True),
        ("generic", CONTEXT, False),
    ],
)
async def test_each_kind_is_found_and_sent_only_what_it_understands(
    connect: Connect, kind: str, context: int, extra: bool
) -> None:
    async with OpenAIServer(kind) as server:  # type: ignore[arg-type]
        model = connect(server)
        assert kind in await model.ready()
        assert await said_by(model) == WHOLE
        await model.aclose()
    assert model.context == context
    assert ("chat_template_kwargs" in server.requests[-1]) is extra


async def test_without_a_name_the_only_model_is_taken(connect: Connect) -> None:
    async with OpenAIServer() as server:
        model = connect(server, None)
        await model.ready()
        assert model.name == MODEL
        server.models.append("another")
        other = connect(server, None)
        with pytest.raises(ModelUnavailable, match="2 models"):
            await other.ready()
        await model.aclose()
        await other.aclose()


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (refusal(400), ModelUnavailable, "status 400"),
        (refusal(401), ModelUnavailable, "API key"),
        (refusal(403), ModelUnavailable, "API key"),
        (refusal(404), ModelUnavailable, "no model"),
        (refusal(422), ModelUnavailable, "status 422"),
        (Fault(200, "<html>hello</html>"), Unreachable, "."),
        (Fault(200, "{not json"), Unreachable, "."),
        (Fault(stream=True), Unreachable, "broke off"),
        (Fault(stream=True, body=chunk("That ")), Unreachable, "broke off"),
        (Fault(stream=True, body=chunk("That ") + "data: {oh"), Unreachable, "."),
        (Fault(stream=True, body=chunk("That ") + "data: {oh\n\n"), Unreachable, "no sense"),
        (Fault(stream=True, body='data: {"choices": [1]}\n\n'), Unreachable, "no sense"),
        (Fault(stream=True, body='data: {"error": {"message": "x"}}\n\n'), Unreachable, "broke"),
    ],
)
async def test_what_does_not_pass_is_one_sentence_and_asked_once(
    connect: Connect, fault: Fault, error: type[Exception], told: str
) -> None:
    async with OpenAIServer() as server:
        server.faults.append(fault)
        model = connect(server)
        with pytest.raises(error, match=told) as raised:
            await said_by(model)
        assert str(raised.value).count("\n") == 0
        assert "Qualmstead" not in str(raised.value)
        assert raised.value.__cause__ is None
        assert len(server.requests) == 1
        assert await said_by(model) == WHOLE
        await model.aclose()


@pytest.mark.parametrize(
    ("faults", "waits"),
    [
        ([refusal(500)], [0.5]),
        ([refusal(503), refusal(503)], [0.5, 1.5]),
        ([refusal(429, Retry_After="7")], [7.0]),
        ([refusal(429, Retry_After="soon")], [0.5]),
        ([Fault(body=None), refusal(500)], [0.5, 1.5]),
    ],
)
async def test_what_may_pass_is_tried_again(
    connect: Connect, time: Time, faults: list[Fault], waits: list[float]
) -> None:
    async with OpenAIServer() as server:
        server.faults.extend(faults)
        model = connect(server)
        assert await said_by(model) == WHOLE
        await model.aclose()
    assert time.waits == waits


@pytest.mark.parametrize("told", ["31", "inf", "9" * 30])
async def test_nobody_waits_longer_than_the_deadline(
    connect: Connect, time: Time, told: str
) -> None:
    async with OpenAIServer() as server:
        server.faults.append(refusal(429, Retry_After=told))
        model = connect(server)
        with pytest.raises(Unreachable, match="busy"):
            await said_by(model, Sampling(seconds=30))
        await model.aclose()
    assert time.waits == []


async def test_a_server_that_stops_answering_in_the_middle_runs_into_the_deadline() -> None:
    async with OpenAIServer() as server:
        server.hold_after = 2
        model = RemoteModel(server.url, MODEL)
        answer = model.stream(SAID, Sampling(seconds=0.3))
        pieces = [await anext(answer), await anext(answer)]
        with pytest.raises(Unreachable, match="in time"):
            await anext(answer)
        async with asyncio.timeout(5):
            await server.abandoned.wait()
        await model.aclose()
    assert pieces == ["That ", "sounds "]


async def test_a_server_that_gives_one_answer_at_a_time_is_asked_one_by_one(
    connect: Connect,
) -> None:
    places: list[int] = []

    async def said(queued: Queued | None = None) -> str:
        return "".join([piece async for piece in model.stream(SAID, Sampling(), queued)])

    async with OpenAIServer("llama-cpp-python") as server:
        model = connect(server)
        await model.ready()
        answers = await asyncio.gather(said(), said(), said(places.append))
        await model.aclose()
    assert list(answers) == [WHOLE] * 3
    assert server.broken_off == 0
    assert places == [2, 1, 0]


async def test_closing_the_iterator_hangs_up(connect: Connect) -> None:
    async with OpenAIServer() as server:
        server.hold_after = 1
        model = connect(server)
        async with aclosing(model.stream(SAID, Sampling())) as answer:  # type: ignore[type-var]
            assert await anext(answer) == "That "
        async with asyncio.timeout(5):
            await server.abandoned.wait()
        assert server.abandoned.is_set()
        server.hold_after = None
        assert await said_by(model) == WHOLE
        await model.aclose()


async def test_a_server_that_is_away_is_left_alone_and_found_again(
    connect: Connect, time: Time
) -> None:
    async with OpenAIServer() as server:
        model = connect(server)
        server.faults.extend([refusal(500)] * 3 * FAILURES)
        for _ in range(FAILURES):
            with pytest.raises(Unreachable, match="status 500"):
                await said_by(model)
        asked = len(server.requests)
        with pytest.raises(Unreachable, match="left alone"):
            await said_by(model)
        assert len(server.requests) == asked
        time.now += FIRST_PAUSE
        assert await said_by(model) == WHOLE
        await model.aclose()


async def test_nobody_there_is_one_sentence() -> None:
    async with OpenAIServer() as server:
        url = server.url
    model = RemoteModel(url, MODEL, sleep=Time().sleep)
    with pytest.raises(Unreachable, match="cannot be reached"):
        await model.ready()
    await model.aclose()


class TestWeighing:
    async def test_options_are_weighed_by_their_log_probabilities(self, connect: Connect) -> None:
        async with OpenAIServer("vllm") as server:
            server.probabilities = {"Z": 0.6, "B": 0.3, "A": 0.1}
            model = connect(server)
            assert await model.weigh(SAID, ["A", "B"]) == pytest.approx([0.25, 0.75])
            await model.aclose()
        assert server.requests[-1]["allowed_token_ids"] == [ord("A"), ord("B")]

    async def test_elsewhere_without_ids_and_with_blanks_before_a_token(
        self, connect: Connect
    ) -> None:
        async with OpenAIServer("generic") as server:
            server.probabilities = {"Well": 0.4, "A": 0.3, " A": 0.1, "B": 0.1, "x": 0.05}
            model = connect(server)
            weighed = await model.weigh(SAID, ["A", "B", "C"])
            await model.aclose()
        assert weighed == pytest.approx([0.4 / 0.55, 0.1 / 0.55, 0.05 / 0.55])
        assert "allowed_token_ids" not in server.requests[-1]

    @pytest.mark.parametrize("kind", ["transformers", "llama.cpp"])
    async def test_a_server_that_gives_none_cannot_weigh(self, connect: Connect, kind: str) -> None:
        async with OpenAIServer(kind) as server:  # type: ignore[arg-type]
            model = connect(server)
            with pytest.raises(ModelUnavailable, match="probabilities"):
                await model.weigh(SAID, ["A", "B"])
            await model.aclose()


class TestBreaker:
    def test_one_attempt_at_a_time_tries_a_half_open_circuit(self) -> None:
        time = Time()
        breaker = CircuitBreaker(time, failures=1)
        for pause in (FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE):
            with pytest.raises(Unreachable, match="away"), breaker.attempt():
                raise Unreachable("away")
            time.now += pause - 1
            with pytest.raises(Unreachable, match="left alone"), breaker.attempt():
                pytest.fail("nobody is let in")
            time.now += 1
        with (
            breaker.attempt(),
            pytest.raises(Unreachable, match="left alone"),
            breaker.attempt(),
        ):
            pytest.fail("one at a time")
        assert let_in(breaker)

    def test_an_attempt_that_is_called_off_says_nothing(self) -> None:
        time = Time()
        breaker = CircuitBreaker(time, failures=1)
        with pytest.raises(Unreachable), breaker.attempt():
            raise Unreachable("away")
        time.now += FIRST_PAUSE
        with pytest.raises(asyncio.CancelledError), breaker.attempt():
            raise asyncio.CancelledError
        assert let_in(breaker)


def let_in(breaker: CircuitBreaker) -> bool:
    try:
        with breaker.attempt():
            return True
    except Unreachable:
        return False


@given(st.lists(st.text(alphabet="a<>/think \n", max_size=6), max_size=12))
def test_thoughts_are_taken_out_however_an_answer_is_cut(pieces: list[str]) -> None:
    filter_ = Thoughts()
    told = "".join([filter_.feed(piece) for piece in pieces] + [filter_.rest()])
    whole = "".join(pieces)
    start = whole.lstrip()
    if not start.startswith("<think>"):
        assert told == whole
    else:
        assert told == start.partition("</think>")[2].lstrip()


async def test_thoughts_are_not_told(connect: Connect) -> None:
    async with OpenAIServer(
        words=("<thi", "nk>she is", " sad</think>\n\n", "Long ", "day.")
    ) as server:
        model = connect(server)
        assert await said_by(model) == "Long day."
        await model.aclose()


@pytest.mark.parametrize(
    "text",
    [
        "I am so worried about tomorrow!",
        "1234567890",
        "今天又被老板骂了，好累。",
        "",
        "?!...:-)",
        "🎉🎉",
    ],
)
def test_a_guess_of_tokens_is_never_below_the_shortest_split(text: str) -> None:
    model = RemoteModel("http://127.0.0.1:1/v1", MODEL)
    assert model.count(text) >= len(text) / 2.5
    assert model.count(text) <= 4 * len(text)
